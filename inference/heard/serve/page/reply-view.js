// What to say next: the reply with its moves, what to avoid, and what happens to the contact.

import { copyButton } from "./copy.js";
import { el } from "./dom.js";
import { actionWords, moveWords } from "./labels.js";

/** Render a recommendation; `useAsDraft(text)` puts the reply where the agent writes. */
export function recommendationView(advice, useAsDraft) {
  const parts = [];
  if (advice.action !== "reply") {
    parts.push(el("p", { class: "action-line" }, el("strong", {}, actionWords(advice.action))));
  }
  if (advice.pause) parts.push(el("p", { class: "note" }, advice.pause));
  parts.push(
    el("blockquote", { class: "reply" }, advice.reply),
    el(
      "div",
      { class: "actions" },
      copyButton("Copy reply", () => advice.reply),
      el("button", { type: "button", click: () => useAsDraft(advice.reply) }, "Use as draft"),
    ),
  );
  parts.push(moves(advice.moves), avoid(advice.avoid), handover(advice.handover));
  return parts.flat();
}

function moves(all) {
  if (!all.length) return [];
  const items = all.map((move) => {
    const name = moveWords(move.name);
    const principle = move.principle.toLowerCase() === name.toLowerCase() ? null : move.principle;
    return el(
      "li",
      {},
      el(
        "p",
        { class: "move-name" },
        el("strong", {}, name),
        principle && el("span", { class: "muted" }, ` ${principle}`),
      ),
      el("p", {}, move.text),
    );
  });
  return [el("h3", {}, "Its moves"), el("ol", { class: "moves" }, items)];
}

function avoid(all) {
  if (!all.length) return [];
  const items = all.map((entry) =>
    el("li", {}, el("strong", {}, entry.what), el("p", { class: "muted" }, entry.reason)),
  );
  return [el("h3", {}, "What to avoid"), el("ul", { class: "avoid" }, items)];
}

function handover(summary) {
  if (!summary) return [];
  return [
    el("h3", {}, "Summary for the supervisor"),
    el("p", { class: "summary" }, summary),
    el(
      "div",
      { class: "actions" },
      copyButton("Copy summary", () => summary),
    ),
  ];
}
