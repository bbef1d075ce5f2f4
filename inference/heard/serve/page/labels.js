// The service's names in plain words. A name that is not known here is shown as it is.

const plain = (name) => name.replaceAll("_", " ");
const words = (table) => (name) => table[name] ?? plain(name);

export const EMOTIONS = {
  angry: "hostility or blame aimed at the company, its staff or its product",
  frustrated: "a goal is blocked: waiting, repeated effort, nothing works",
  surprised: "an expectation is broken and the writer says so; pleasantly, too",
  humiliated: "the writer's dignity is hurt: made to look or feel small",
};

export const STRENGTHS = {
  none: "not expressed",
  slight: "a hint, a mild word, polite wording with an edge",
  clear: "any reader would name it",
  strong: "it dominates the message",
};

export const ESCALATION = {
  routine: "a question, thanks, information, or a calm report",
  watch: "unhappy, but still cooperating",
  high: "a clear sign that the writer is about to go further",
  critical: "a supervisor is needed now",
};

export const SIGNALS = {
  asks_for_manager: "Asks for somebody in charge",
  threatens_to_leave: "Says that they leave, cancel or switch",
  legal_or_regulator: "Names a lawyer, a court, a regulator or the law",
  goes_public: "Goes public, or threatens to",
  abusive: "Insults or swears at staff or the company",
  threat_of_harm: "Threatens harm, or speaks of self-harm",
  repeat_contact: "Has been in touch about this before",
  urgent_harm: "Suffers pressing harm now: rent, medicine, safety or a deadline",
  disputed_charge: "Disputes a charge, or is owed money",
  unfair_treatment: "Tells of unfair or disrespectful treatment",
};

export const SPANS = {
  problem: "what went wrong",
  need: "what they ask for",
  feeling: "words of emotion",
};

export const CHANNELS = { chat: "Chat", email: "Email", phone: "Phone", public: "Public" };

export const STAGES = {
  opening: "First message",
  follow_up: "Follow-up",
  after_silence: "After a silence",
  feedback: "Feedback",
};

export const REMEDIES = {
  redo: "Redo",
  express_replacement: "Express replacement",
  refund: "Refund",
  upgrade: "Upgrade",
  credit: "Credit",
};

export const SEVERITIES = { error: "Error", warning: "Warning", hint: "Hint" };

export const signalWords = words(SIGNALS);

export const actionWords = words({
  reply: "Reply.",
  priority_reply: "Reply to this one before the others.",
  supervisor: "Hand over to a supervisor.",
  boundary_then_supervisor: "Set one calm boundary, then hand over to a supervisor.",
  safety: "Follow your safety procedure now.",
});

export const moveWords = words({
  listen: "Listen",
  thank: "Thank",
  reflect: "Reflect",
  confirm: "Confirm",
  validate: "Validate",
  apologise: "Apologise",
  cooperate: "Cooperate",
  clarify: "Clarify",
  resolve: "Resolve",
  invite_private: "Invite to a private channel",
  set_boundary: "Set a boundary",
  hand_over: "Hand over",
  safety: "Keep safe",
});

export const ruleWords = words({
  cliche: "Stock phrase",
  policy_shield: "Hides behind a policy",
  blame: "Blames the customer",
  arguing: "Argues",
  command_to_calm: "Tells them to calm down",
  wrong_feeling: "Names a feeling that they did not express",
  asks_again: "Asks for what they have already said",
  fix_before_feelings: "The fix comes before the feelings",
  over_promise: "Promises too much",
  we_for_i: "“We” instead of “I”",
  vague: "Vague",
  no_own_words: "None of the customer's own words",
  too_long_public: "Too long for a public reply",
  private_public: "Private details in public",
  bad_opening: "Opens with an attack",
  repeats: "Repeats an earlier sentence",
  no_thanks_after_silence: "No thanks after the silence",
});

export const trendWords = words({
  rising: "The risk is rising.",
  steady: "The risk is steady.",
  falling: "The risk is falling.",
});

/** A signal or another name as a short label. */
export const shortName = (name) => plain(name).replace(/^./u, (letter) => letter.toUpperCase());
