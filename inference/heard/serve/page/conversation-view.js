// The tab for a conversation: its turns, how it is going, and what to say next.
// The service keeps nothing: its answer is the state, which goes back with the next turns.

import { converse } from "./api.js";
import { riskMeter } from "./assess-view.js";
import { riskChart } from "./charts.js";
import { draftChecker } from "./check-view.js";
import { contextForm } from "./context-form.js";
import { alertIn, byId, debounce, el, percent, sendOnCtrlEnter, sentence, working } from "./dom.js";
import { trendWords } from "./labels.js";
import { recommendationView } from "./reply-view.js";

const CONTEXT_WAIT_MS = 300;
const ALARMS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const EXAMPLE = [
  { who: "customer", text: "Hello, my parcel AX-5512 was due on Monday. Where is it?" },
  { who: "agent", text: "I'll check with the courier and call you today." },
  {
    who: "customer",
    text: "Nobody called. I stayed at home twice for nothing, this is the third time I ask. I want your manager.",
  },
];

/** Set the tab up. */
export function conversationView() {
  const draft = byId("conversation-draft");
  const text = byId("turn-text");
  const alert = byId("turn-alert");
  const alarm = byId("alarm");
  let state = null;
  let cleared = null;
  let queue = Promise.resolve();

  alarm.append(...ALARMS.map((risk) => el("option", { value: risk }, percent(risk))));
  alarm.value = "0.5";
  const again = debounce(() => state && change(() => state?.turns ?? []), CONTEXT_WAIT_MS);
  const context = contextForm(byId("conversation-context"), "conversation", again);
  const checker = draftChecker(draft, byId("conversation-findings"), async (words, signal) => {
    const answer = await converse({ ...bodyOf(state.turns), draft: words }, { signal });
    return answer.findings ?? [];
  });

  function bodyOf(turns) {
    return {
      ...(state ?? {}),
      turns,
      context: context.read(),
      alarm: Number(alarm.value),
      draft: null,
    };
  }

  /**
   * Ask for the state with other turns. One change waits for the one before it, so that a turn
   * that is still being read is not lost to a change of the context.
   */
  function change(turnsNow) {
    const step = queue.then(async () => {
      const turns = turnsNow();
      alertIn(alert, "");
      try {
        state = turns.length ? await converse(bodyOf(turns)) : null;
      } catch (error) {
        alertIn(alert, error.message);
        return false;
      }
      if (state) cleared = null;
      show();
      return true;
    });
    queue = step;
    return step;
  }

  const add = (...turns) => change(() => [...(state?.turns ?? []), ...turns]);

  function show() {
    const turns = state?.turns ?? [];
    byId("turns").replaceChildren(...turns.map((turn, i) => turnItem(turn, i + 1, state.alarm)));
    byId("turns-empty").hidden = turns.length > 0 || cleared !== null;
    byId("turn-remove").hidden = byId("turn-clear").hidden = !turns.length;
    byId("turns-undo").hidden = cleared === null;
    const read = turns.some((turn) => turn.who === "customer");
    byId("conversation-empty").hidden = read;
    for (const id of ["course", "conversation-reply", "conversation-draft-card"])
      byId(id).hidden = !read;
    if (!read) {
      byId("turns-status").textContent = turns.length ? "Message added." : "";
      checker.clear();
      return;
    }
    byId("course-body").replaceChildren(...course(state));
    byId("conversation-recommendation").replaceChildren(
      ...recommendationView(state.recommendation, (words) => {
        draft.value = words;
        draft.focus();
        checker.recheck();
      }),
    );
    const last = turns.findLast((turn) => turn.assessment).assessment.escalation;
    byId("turns-status").textContent =
      `${turns.length} messages. Last risk ${percent(last.risk)}, ${last.name}. ${trendWords(state.trend)}`;
    checker.recheck();
  }

  function clear() {
    cleared = state;
    state = null;
    show();
    byId("turns-undo-button").focus();
  }

  byId("turn-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = byId("turn-add");
    if (button.hasAttribute("aria-disabled")) return;
    if (!text.value.trim()) {
      alertIn(alert, "Write or paste a message first.");
      text.focus();
      return;
    }
    const form = event.currentTarget;
    const { who } = Object.fromEntries(new FormData(form));
    const done = working(button, "Adding…");
    const added = text.value;
    const taken = await add({ who, text: added });
    done();
    if (!taken) return;
    if (text.value === added) text.value = "";
    // The other side usually writes next.
    form.elements.who.value = who === "customer" ? "agent" : "customer";
    text.focus();
  });
  byId("draft-add").addEventListener("click", async (event) => {
    const said = draft.value;
    if (!said.trim()) return draft.focus();
    const button = event.currentTarget;
    if (button.hasAttribute("aria-disabled")) return undefined;
    const done = working(button, "Adding…");
    draft.value = "";
    checker.clear();
    const taken = await add({ who: "agent", text: said });
    done();
    if (!taken) draft.value = said;
    byId("turn-form").elements.who.value = "customer";
    return text.focus();
  });
  byId("turn-remove").addEventListener("click", async () => {
    await change(() => (state?.turns ?? []).slice(0, -1));
    if (!state) text.focus();
  });
  byId("turn-clear").addEventListener("click", () => {
    queue = queue.then(clear);
  });
  byId("turns-undo-button").addEventListener("click", () => {
    state = cleared;
    cleared = null;
    show();
    text.focus();
  });
  text.addEventListener("input", () => alertIn(alert, ""));
  alarm.addEventListener("change", again);
  byId("conversation-example").addEventListener("click", () => add(...EXAMPLE));
  sendOnCtrlEnter(text);
}

function turnItem(turn, place, alarm) {
  const found = turn.assessment?.escalation;
  const who = turn.who === "customer" ? "Customer" : "Agent";
  return el(
    "li",
    { class: `turn turn-${turn.who}` },
    el(
      "div",
      { class: "turn-head" },
      el("span", { class: "turn-place" }, `${place}`),
      el("strong", {}, who),
      found && el("span", { class: `level-name level-${found.level}` }, sentence(found.name)),
      found && riskMeter(found.risk),
      found && found.risk >= alarm && el("span", { class: "tag tag-alarm" }, "alarm"),
    ),
    el("p", { class: "turn-text", dir: "auto" }, turn.text),
  );
}

function course(state) {
  const read = state.turns
    .map((turn, i) => ({ turn: i + 1, risk: turn.assessment?.escalation.risk }))
    .filter((point) => point.risk !== undefined);
  const alarmed = state.first_alarm === null ? null : read[state.first_alarm];
  const facts = [
    [
      "Trend",
      read.length < 2 ? "One message says nothing of the trend yet." : trendWords(state.trend),
    ],
    [
      "First alarm",
      alarmed ? `Turn ${alarmed.turn}, at a risk of ${percent(alarmed.risk)}.` : "None so far.",
    ],
  ];
  if (alarmed) {
    facts.push([
      "Recovered",
      state.recovered
        ? "Yes: the last message is below the alarm."
        : "Not yet: the last message is at the alarm or above.",
    ]);
  }
  facts.push(["Known", listOf(state.known, "No order number, amount or date so far.")]);
  facts.push(["Promised", listOf(state.promised, "Nothing so far.")]);
  return [
    el(
      "figure",
      {},
      el("figcaption", {}, "Risk of escalation, by turn of the conversation"),
      riskChart(read, state.alarm),
    ),
    el(
      "dl",
      { class: "facts" },
      facts.map(([name, words]) => [el("dt", {}, name), el("dd", {}, words)]),
    ),
  ];
}

function listOf(values, none) {
  if (!values.length) return el("span", { class: "muted" }, none);
  return el(
    "ul",
    {},
    values.map((value) => el("li", {}, value)),
  );
}
