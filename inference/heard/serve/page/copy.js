// A button that copies text and says so.

import { el } from "./dom.js";

const SHOWN_MS = 2500;

/** A button that copies what `read()` returns. */
export function copyButton(label, read) {
  const said = el("span", { class: "copy-said", role: "status" });
  let timer = 0;
  const copy = async () => {
    const done = await copyText(read());
    said.textContent = done ? "Copied" : "Copying is not allowed here: select the text instead.";
    clearTimeout(timer);
    timer = setTimeout(() => said.replaceChildren(), SHOWN_MS);
  };
  return el("span", { class: "copy" }, el("button", { type: "button", click: copy }, label), said);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard without HTTPS, except on this machine.
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const before = document.activeElement;
  const area = el("textarea", { class: "sr-only", "aria-hidden": "true", tabindex: "-1" });
  area.value = text;
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  area.remove();
  before?.focus();
  return done;
}
