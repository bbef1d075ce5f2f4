// The tab about the service: its model, its labels, and what happens to messages.

import { forgetKey, hasKey, model, onModel } from "./api.js";
import { byId, el, number, sentence } from "./dom.js";
import { EMOTIONS, ESCALATION, SIGNALS, SPANS, STRENGTHS, signalWords } from "./labels.js";

/** Fill the tab; `failed(words)` is told when the service does not answer, and "" when it does. */
export function aboutView(failed) {
  const facts = el("div", {});
  const key = keyNote();
  byId("about").replaceChildren(
    card("The model", facts),
    card("What happens to messages", ...privacy(), key),
    card("What the labels mean", ...meanings()),
  );
  onModel((answer) => {
    failed("");
    facts.replaceChildren(...described(answer));
    key.hidden = !hasKey();
  });
  const ask = async () => {
    facts.replaceChildren(el("p", { class: "muted" }, "Asking the service…"));
    try {
      await model();
    } catch (error) {
      failed(error.message);
      const again = el("button", { type: "button", click: ask }, "Try again");
      facts.replaceChildren(el("p", {}, "The service has not told its model yet."), again);
    }
  };
  return ask();
}

function described({ model: which, limits }) {
  return [
    el(
      "dl",
      { class: "facts" },
      fact("Name", which.name),
      fact("Version", which.version),
      fact("Hash", el("code", { class: "hash" }, which.sha256)),
      fact(
        "Longest message",
        `${number(limits.max_characters)} characters are taken, ${number(limits.read_characters ?? limits.max_characters)} are read.`,
      ),
    ),
    el("p", {}, el("a", { href: "docs" }, "Documentation of the interface"), " for programs."),
  ];
}

function privacy() {
  return [
    el(
      "p",
      {},
      "Messages go to this service only. It does not log their text, and this page keeps nothing when it is closed.",
    ),
    el(
      "p",
      {},
      "What you see is an estimate, and it can be wrong: a person reads the message and decides what is sent.",
    ),
  ];
}

function keyNote() {
  const forget = el("button", { type: "button" }, "Forget the key");
  const note = el(
    "p",
    { hidden: true, role: "status" },
    "A key is kept until this browser tab is closed. ",
    forget,
  );
  forget.addEventListener("click", () => {
    forgetKey();
    note.replaceChildren("The key is forgotten.");
  });
  return note;
}

function meanings() {
  return [
    el("h3", {}, "Emotions"),
    glossary(EMOTIONS),
    el("h3", {}, "Strength"),
    glossary(STRENGTHS),
    el("h3", {}, "Escalation"),
    el(
      "p",
      {},
      "How likely the contact is to end with a supervisor, a lost customer or a complaint elsewhere. The risk is the probability of high or critical.",
    ),
    glossary(ESCALATION),
    el("h3", {}, "Signals"),
    el("p", {}, "The reasons for an escalation that the message gives."),
    el(
      "ul",
      { class: "plain" },
      Object.keys(SIGNALS).map((name) => el("li", {}, signalWords(name))),
    ),
    el("h3", {}, "The customer's words"),
    glossary(SPANS),
  ];
}

const card = (title, ...inside) => el("section", { class: "card" }, el("h2", {}, title), inside);

const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];

const glossary = (table) =>
  el(
    "dl",
    { class: "facts" },
    Object.entries(table).map(([name, meaning]) => fact(sentence(name), sentence(meaning))),
  );
