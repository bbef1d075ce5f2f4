// What the agent knows of the contact: channel, stage, name and what may be offered.

import { el } from "./dom.js";
import { CHANNELS, REMEDIES, STAGES } from "./labels.js";

const LONGEST_NAME = 80;

/** Put the fields into `place`; `changed()` is called after each change. `read()` gives them. */
export function contextForm(place, prefix, changed) {
  const channel = choice(`${prefix}-channel`, CHANNELS);
  const stage = choice(`${prefix}-stage`, STAGES);
  const name = el("input", {
    type: "text",
    id: `${prefix}-name`,
    maxlength: LONGEST_NAME,
    autocomplete: "off",
    spellcheck: "false",
  });
  const boxes = Object.entries(REMEDIES).map(([value, words]) => {
    const box = el("input", { type: "checkbox", value });
    return [box, el("label", { class: "check" }, box, ` ${words}`)];
  });
  place.append(
    el("div", { class: "fields" }, field("Channel", channel), field("Stage", stage)),
    field("Customer's name", name, "Optional"),
    el(
      "fieldset",
      { class: "remedies" },
      el("legend", {}, "You may offer"),
      el(
        "div",
        { class: "checks" },
        boxes.map(([, label]) => label),
      ),
    ),
  );
  place.addEventListener("input", changed);
  return {
    read: () => ({
      channel: channel.value,
      stage: stage.value,
      customer_name: name.value.trim() || null,
      remedies: boxes.filter(([box]) => box.checked).map(([box]) => box.value),
    }),
  };
}

function choice(id, options) {
  const entries = Object.entries(options);
  return el(
    "select",
    { id },
    entries.map(([value, words]) => el("option", { value }, words)),
  );
}

function field(words, control, extra = "") {
  const label = el("label", { for: control.id }, words);
  if (extra) label.append(" ", el("span", { class: "optional" }, extra));
  return el("div", { class: "field" }, label, control);
}
