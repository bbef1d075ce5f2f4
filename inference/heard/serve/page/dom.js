// Small helpers to build the page. Whatever comes from outside becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  // What is left out by a condition (`wanted && node`) is no text of the page.
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

/** Make an element; a function among the attributes listens to the event of that name. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** A bar that is filled to `share` (0 to 1); the figure beside it says the same in words. */
export function bar(share, extra = "") {
  const inner = el("span", { class: "bar-fill" });
  // Through the CSSOM, because the content security policy forbids style attributes.
  inner.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
  return el("span", { class: `bar ${extra}`.trim(), "aria-hidden": "true" }, inner);
}

/** Whole percents; the ends stay open, since the model is never quite sure. */
export function percent(probability) {
  const whole = Math.round(probability * 100);
  if (whole === 0) return "<1%";
  return whole === 100 ? ">99%" : `${whole}%`;
}

export const number = (value) => value.toLocaleString("en");

export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** Run `action` once nothing more was asked for during `wait` milliseconds. */
export function debounce(action, wait) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Show one sentence in an alert box, or hide the box when there is nothing to say. */
export function alertIn(box, words) {
  box.textContent = words ?? "";
  box.hidden = !words;
}

/** Ctrl+Enter or Cmd+Enter in a text area sends its form. */
export function sendOnCtrlEnter(area) {
  if (/Mac|iP(hone|ad)/.test(navigator.platform)) area.form.querySelector("kbd").textContent = "⌘";
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    area.form.requestSubmit();
  });
}

/** Show that a button is at work; it stays focusable, so that the keyboard's place is kept. */
export function working(button, words) {
  const before = button.textContent;
  button.textContent = words;
  button.setAttribute("aria-disabled", "true");
  return () => {
    button.textContent = before;
    button.removeAttribute("aria-disabled");
  };
}
