// A draft that is checked as it is typed: findings as a list, and marked in a copy of the draft.

import { isAbort } from "./api.js";
import { count, debounce, el } from "./dom.js";
import { SEVERITIES, ruleWords } from "./labels.js";
import { marked, toUnits, unitOffsets } from "./text.js";

const WAIT_MS = 400;
const ORDER = Object.keys(SEVERITIES);

/**
 * Check what is typed into `area` and show it in `output`; `check(draft, signal)` asks the
 * service. Returns `recheck()`, for when what the draft answers has changed, and `clear()`.
 */
export function draftChecker(area, output, check) {
  const status = el("p", { class: "check-status", role: "status" });
  const alert = el("div", { class: "alert", role: "alert", hidden: true });
  const copy = el("div", { class: "draft-copy" });
  const list = el("ol", { class: "findings" });
  output.append(status, alert, copy, list);
  let running = new AbortController();

  function show(words, ...findings) {
    status.textContent = words;
    alert.hidden = true;
    copy.replaceChildren(...(findings.length ? findings[0] : []));
    list.replaceChildren(...(findings.length ? findings[1] : []));
  }

  async function run() {
    running.abort();
    const draft = area.value;
    if (!draft.trim()) return show("");
    running = new AbortController();
    const { signal } = running;
    try {
      const found = await check(draft, signal);
      if (signal.aborted || area.value !== draft) return undefined;
      return show(summary(found), copyOf(draft, found), items(area, draft, found));
    } catch (error) {
      if (isAbort(error) || signal.aborted) return undefined;
      show("");
      alert.textContent = error.message;
      alert.hidden = false;
      return undefined;
    }
  }

  const later = debounce(run, WAIT_MS);
  area.addEventListener("input", () => {
    // An answer to an older draft would mark the wrong words.
    running.abort();
    status.textContent = area.value.trim() ? "Checking…" : "";
    if (area.value.trim()) later();
    else {
      later.cancel();
      show("");
    }
  });
  return {
    recheck: run,
    clear() {
      later.cancel();
      running.abort();
      show("");
    },
  };
}

function summary(found) {
  if (!found.length) return "Nothing was found to change.";
  const parts = ORDER.map((severity) => [
    severity,
    found.filter((one) => one.severity === severity),
  ])
    .filter(([, some]) => some.length)
    .map(([severity, some]) => count(some.length, severity));
  return `Found: ${parts.join(", ")}.`;
}

function copyOf(draft, found) {
  const ranges = found
    .filter((one) => one.start < one.end)
    .map(({ start, end, severity }) => ({ start, end, kind: severity }));
  if (!ranges.length) return [];
  const legend = ORDER.filter((kind) => ranges.some((range) => range.kind === kind)).map((kind) =>
    el("li", {}, el("mark", { class: `mark-${kind}` }, SEVERITIES[kind])),
  );
  // The list below says the same in words, with a way to each place.
  return [
    el("p", { class: "quoted", "aria-hidden": "true" }, marked(draft, ranges, ORDER)),
    el("ul", { class: "legend", "aria-hidden": "true" }, legend),
  ];
}

function items(area, draft, found) {
  const offsets = unitOffsets(draft);
  const rank = (one) => ORDER.indexOf(one.severity);
  const sorted = [...found].sort((a, b) => rank(a) - rank(b) || a.start - b.start);
  return sorted.map((one) => {
    const [start, end] = toUnits(offsets, one.start, one.end);
    const go = () => {
      area.focus();
      if (area.value === draft) area.setSelectionRange(start, end);
    };
    const place = draft.slice(start, end);
    return el(
      "li",
      { class: `finding finding-${one.severity}` },
      el(
        "button",
        { type: "button", class: "finding-go", click: go },
        el("span", { class: "severity" }, SEVERITIES[one.severity] ?? one.severity),
        el("span", { class: "rule" }, ruleWords(one.rule)),
        place && el("q", { class: "place" }, place),
      ),
      el("p", {}, one.reason),
      one.better &&
        el("p", { class: "better" }, el("span", { class: "muted" }, "Better: "), one.better),
    );
  });
}
