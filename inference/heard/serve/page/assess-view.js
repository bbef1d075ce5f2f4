// What was found in one message: emotions, escalation with its reasons, and the words that show it.

import { bar, el, number, percent, sentence } from "./dom.js";
import { ESCALATION, SPANS, signalWords } from "./labels.js";
import { marked } from "./text.js";

const MOST_STRENGTH = 3;
const LONG = 600;
const KINDS = Object.keys(SPANS);

/** Render an assessment of `text`; `limits` are the service's. */
export function assessmentView(text, found, limits) {
  return [
    notes(text, found, limits),
    emotions(found),
    escalation(found),
    words(text, found),
  ].flat();
}

/** The whole in one sentence, for those who hear the page. */
export function assessmentSentence(found) {
  const shown = Object.entries(found.emotions)
    .filter(([, emotion]) => emotion.level > 0)
    .map(([name, emotion]) => `${name} (${emotion.strength})`);
  const feelings = shown.length ? shown.join(", ") : "no emotion expressed";
  const { name, risk } = found.escalation;
  return `Message read: ${feelings}. Escalation: ${name}, risk ${percent(risk)}.`;
}

function notes(text, found, limits) {
  const said = [];
  if (found.language === "other") {
    said.push(
      "This does not read as English, the only language the model knows: do not rely on what follows.",
    );
  } else if (found.language === "unknown" && text.trim()) {
    said.push("The language cannot be told from so few words: take what follows with care.");
  }
  if (found.truncated) {
    const read = limits?.read_characters;
    said.push(
      read
        ? `The message is very long: only its first ${number(read)} characters were read.`
        : "The message is very long: its end was not read.",
    );
  }
  return said.map((words) => el("p", { class: "note" }, words));
}

function emotions(found) {
  const rows = Object.entries(found.emotions).map(([name, emotion]) => {
    const primary = name === found.primary;
    const tags = [];
    if (primary) tags.push(el("span", { class: "tag tag-main" }, "main"));
    if (found.uncertain.includes(name)) tags.push(el("span", { class: "tag" }, "not certain"));
    return el(
      "tr",
      { class: primary ? "primary-row" : emotion.level ? null : "quiet-row", role: "row" },
      el(
        "th",
        { scope: "row", role: "rowheader" },
        sentence(name),
        tags.map((tag) => [" ", tag]),
      ),
      el(
        "td",
        { role: "cell" },
        el("span", { class: "strength" }, dots(emotion.level), emotion.strength),
      ),
      el(
        "td",
        { class: "measure", role: "cell" },
        el(
          "span",
          { class: "measured" },
          bar(emotion.probability),
          figure(percent(emotion.probability)),
        ),
      ),
    );
  });
  const none = found.primary === "none";
  const heads = ["Emotion", "Strength", "Probability"].map((words) =>
    el("th", { scope: "col", role: "columnheader" }, words),
  );
  // On a small screen the rows are laid out anew, and a browser then forgets that this is a table
  // unless the roles say so.
  return [
    el(
      "table",
      { class: "emotions", role: "table" },
      el("caption", {}, none ? "No emotion is expressed." : "Emotions"),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)),
      el("tbody", { role: "rowgroup" }, rows),
    ),
  ];
}

function dots(level) {
  const all = Array.from({ length: MOST_STRENGTH }, (_, i) =>
    el("span", { class: i < level ? "dot on" : "dot" }),
  );
  return el("span", { class: "dots", "aria-hidden": "true" }, all);
}

const figure = (words) => el("span", { class: "figure" }, words);

function escalation(found) {
  const { level, name, risk } = found.escalation;
  const reasons = found.signals.map((signal) =>
    el("li", {}, el("span", {}, signalWords(signal.name)), figure(percent(signal.probability))),
  );
  return [
    el("h3", {}, "Escalation"),
    el(
      "div",
      { class: "escalation" },
      el(
        "p",
        { class: "level" },
        el("strong", { class: `level-name level-${level}` }, sentence(name)),
        el("span", { class: "level-words" }, ESCALATION[name] ?? ""),
      ),
      riskMeter(risk),
    ),
    el("h4", {}, "Reasons"),
    reasons.length
      ? el("ul", { class: "reasons" }, reasons)
      : el("p", { class: "muted" }, "No reason for concern was found in the words."),
  ];
}

/** The risk as a figure and a meter. */
export function riskMeter(risk) {
  const whole = Math.round(risk * 100);
  const meter = el(
    "span",
    {
      role: "meter",
      class: "meter",
      "aria-label": "Risk of escalation",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": whole,
      "aria-valuetext": percent(risk),
    },
    bar(risk, "bar-risk"),
  );
  return el(
    "p",
    { class: "risk" },
    meter,
    el("span", { class: "risk-words" }, el("strong", {}, percent(risk)), " risk"),
  );
}

function words(text, found) {
  if (!text.trim()) return [];
  const ranges = KINDS.flatMap((kind) =>
    (found.spans[kind] ?? []).map(({ start, end }) => ({ start, end, kind })),
  );
  const shown = KINDS.filter((kind) => ranges.some((range) => range.kind === kind));
  const legend = shown.map((kind) =>
    el("li", {}, el("mark", { class: `mark-${kind}` }, sentence(kind)), ` ${SPANS[kind]}`),
  );
  // Marks are not told apart by ear, so the words of each kind are listed as well.
  const heard = shown.map((kind) =>
    el(
      "li",
      {},
      `${sentence(kind)}: ${found.spans[kind].map((span) => `“${span.text}”`).join(", ")}`,
    ),
  );
  const quoted = { class: "quoted", dir: "auto" };
  // A long message scrolls in its box, which the keyboard must be able to reach.
  if (text.length > LONG)
    Object.assign(quoted, { tabindex: 0, role: "region", "aria-label": "The message" });
  return [
    el("h3", {}, "In their own words"),
    el("p", quoted, marked(text, ranges, KINDS)),
    shown.length
      ? el("ul", { class: "legend", "aria-hidden": "true" }, legend)
      : el("p", { class: "muted" }, "No words stand out."),
    el("ul", { class: "sr-only" }, heard),
  ];
}
