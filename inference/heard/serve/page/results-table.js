// The table of a file's results: sorted by any column, shown in parts.

import { bar, el, number, percent, sentence } from "./dom.js";
import { shortName } from "./labels.js";

const SHOWN = 200;
// The most pressing first, where that is what a column says.
const COLUMNS = [
  { name: "Row", of: (r) => r.row },
  { name: "Message", of: (r) => r.text, text: true },
  { name: "Primary", of: (r) => r.primary, text: true },
  { name: "Escalation", of: (r) => r.level, falling: true },
  { name: "Risk", of: (r) => r.risk, falling: true },
  { name: "Signals", of: (r) => r.signals.length, falling: true },
];

/** Render the records; `open(record)` shows one by itself. */
export function resultsTable(records, open) {
  const body = el("tbody", { role: "rowgroup" });
  const caption = el("caption", {});
  const more = el("button", { type: "button", click: () => show(shown + SHOWN) }, "Show more");
  const heads = COLUMNS.map((column, i) =>
    el(
      "th",
      { scope: "col", role: "columnheader", class: i === 1 ? "col-text" : null },
      el("button", { type: "button", class: "sort", click: () => sort(column) }, column.name),
    ),
  );
  let order = [];
  let by = null;
  let falling = false;
  let shown = 0;

  function sort(column) {
    falling = by === column ? !falling : Boolean(column.falling);
    by = column;
    const sign = falling ? -1 : 1;
    const compare = column.text
      ? new Intl.Collator("en", { numeric: true }).compare
      : (a, b) => a - b;
    order = [...records].sort(
      (a, b) => sign * compare(column.of(a), column.of(b)) || a.row - b.row,
    );
    for (const [i, head] of heads.entries()) {
      const on = COLUMNS[i] === column;
      if (on) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    body.replaceChildren();
    shown = 0;
    show(SHOWN);
  }

  function show(most) {
    const before = shown;
    shown = Math.min(most, order.length);
    body.append(...order.slice(before, shown).map((record) => line(record, open)));
    more.hidden = shown === order.length;
    const way = falling ? "falling" : "rising";
    caption.textContent = `${number(shown)} of ${number(order.length)} messages, sorted by ${by.name.toLowerCase()}, ${way}`;
    // The button goes when all is shown; the keyboard's place stays in the table.
    if (before > 0 && more.hidden) body.rows[before].querySelector("button").focus();
  }

  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads));
  const table = el("table", { class: "results-table", role: "table" }, caption, head, body);
  sort(COLUMNS[4]);
  return [
    el(
      "div",
      { class: "scroll", role: "region", "aria-label": "Results by message", tabindex: "0" },
      table,
    ),
    el("div", { class: "actions" }, more),
  ];
}

// The roles stand for a small screen, where each row is laid out anew: see assess-view.js.
function line(record, open) {
  const label = `Open message ${record.row}`;
  const number = {
    type: "button",
    class: "quiet",
    "aria-label": label,
    title: label,
    click: () => open(record),
  };
  const none = el("span", { class: "muted" }, "none");
  const cells = [
    ["row", el("button", number, `${record.row}`)],
    ["text", el("div", { class: "clamp" }, record.text)],
    ["primary", record.primary === "none" ? none : sentence(record.primary)],
    [
      "level",
      el("span", { class: `level-name level-${record.level}` }, sentence(record.escalation)),
    ],
    ["risk", [el("span", { class: "figure" }, percent(record.risk)), bar(record.risk, "bar-risk")]],
    ["signals", record.signals.map(shortName).join(", ") || none.cloneNode(true)],
  ];
  return el(
    "tr",
    { role: "row" },
    cells.map(([name, inside]) => el("td", { class: `cell-${name}`, role: "cell" }, inside)),
  );
}
