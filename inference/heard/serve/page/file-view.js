// The tab for a file: choose it, read its messages, look at the results, download them.

import { isAbort, model } from "./api.js";
import { assessAll } from "./batches.js";
import { barTable } from "./charts.js";
import { FileError, checkTexts, guessHeader, readRows, table, written } from "./csv.js";
import { alertIn, byId, count, el, number, sentence } from "./dom.js";
import { EMOTIONS, ESCALATION, SIGNALS, shortName } from "./labels.js";
import { resultsTable } from "./results-table.js";

const PREVIEWED = 3;

/** Set the tab up; `open(text)` shows one message by itself. */
export function fileView(open) {
  const input = byId("file-input");
  const alert = byId("file-alert");
  const status = byId("file-status");
  const form = byId("file-form");
  const column = byId("file-column");
  const header = byId("file-header");
  const progress = byId("file-progress");
  const results = byId("file-results");
  let name = "";
  let rows = null;
  let current = null;
  let running = null;

  async function choose(file) {
    if (!file || running) return;
    reset();
    name = file.name;
    try {
      rows = await readRows(file);
      header.checked = guessHeader(rows);
      arrange();
    } catch (error) {
      fail(error);
    }
  }

  function reset() {
    rows = current = null;
    alertIn(alert, "");
    status.textContent = "";
    form.hidden = results.hidden = true;
  }

  function arrange() {
    alertIn(alert, "");
    try {
      current = table(rows, header.checked);
    } catch (error) {
      fail(error);
      return;
    }
    column.replaceChildren(...current.names.map((words, i) => el("option", { value: i }, words)));
    column.value = String(current.column);
    status.textContent = `${name}: ${count(current.rows.length, "message")}, ${count(current.names.length, "column")}.`;
    byId("file-longer").textContent = current.longer
      ? `${count(current.longer, "row has", "rows have")} more cells than the first one: a text with commas must stand in quotation marks.`
      : "";
    byId("file-longer").hidden = !current.longer;
    form.hidden = false;
    preview();
  }

  function preview() {
    const cells = texts().slice(0, PREVIEWED);
    byId("file-preview").replaceChildren(
      ...cells.map((text) =>
        el("li", {}, el("div", { class: "clamp" }, text.trim() ? text : "(blank)")),
      ),
    );
  }

  const texts = () => current.rows.map((row) => row[Number(column.value)] ?? "");

  function fail(error) {
    const words =
      error instanceof FileError ? error.message : "The file cannot be read: choose it again.";
    alertIn(alert, words);
    // Without the header the same file may do; the box stays in reach.
    form.hidden = rows === null || !header.checked;
    status.textContent = "";
    current = null;
  }

  async function read() {
    if (running || !current) return;
    alertIn(alert, "");
    results.hidden = true;
    const { rows: body, names } = current;
    const all = texts();
    const records = [];
    running = new AbortController();
    form.hidden = true;
    progress.hidden = false;
    advance(0, all.length);
    byId("file-cancel").focus();
    try {
      const { limits } = await model();
      checkTexts(all, limits, header.checked);
      await assessAll(all, limits, {
        signal: running.signal,
        taken(found) {
          for (const one of found) records.push(recordOf(one, all[records.length], records.length));
          advance(records.length, all.length);
        },
        waiting(seconds) {
          byId("file-progress-words").textContent =
            `The service is busy; trying again in ${Math.ceil(seconds)} s`;
        },
      });
      status.textContent = `${name}: ${count(all.length, "message")} read.`;
    } catch (error) {
      status.textContent =
        records.length || isAbort(error)
          ? `Stopped after ${number(records.length)} of ${count(all.length, "message")}.`
          : "";
      if (!isAbort(error)) alertIn(alert, error.message);
    }
    running = null;
    progress.hidden = true;
    form.hidden = false;
    if (records.length) show(names, body, records);
    else byId("file-read").focus();
  }

  function advance(n, of) {
    const progressBar = byId("file-bar");
    progressBar.max = of;
    progressBar.value = n;
    byId("file-progress-words").textContent = `${number(n)} of ${count(of, "message")}`;
  }

  function show(names, body, records) {
    const title = el("h2", { id: "file-results-title", tabindex: "-1" }, "What they say");
    const download = el("button", { type: "button", class: "primary" }, "Download results");
    download.addEventListener("click", () => save(resultName(name), written(names, body, records)));
    results.replaceChildren(
      el(
        "section",
        { class: "card", "aria-labelledby": "file-results-title" },
        el("div", { class: "card-head" }, title, el("div", { class: "card-tools" }, download)),
        notes(records),
        el("div", { class: "distributions" }, distributions(records)),
      ),
      el(
        "section",
        { class: "card", "aria-labelledby": "file-table-title" },
        el("h2", { id: "file-table-title" }, "The messages"),
        resultsTable(records, (record) => open(record.text)),
      ),
    );
    results.hidden = false;
    title.focus();
  }

  byId("drop").addEventListener("dragover", () => byId("drop").classList.add("over"));
  byId("drop").addEventListener("dragleave", () => byId("drop").classList.remove("over"));
  // A file that is dropped beside the box would take the page's place.
  for (const kind of ["dragover", "drop"])
    window.addEventListener(kind, (event) => event.preventDefault());
  byId("drop").addEventListener("drop", (event) => {
    byId("drop").classList.remove("over");
    choose(event.dataTransfer.files[0]);
  });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    await choose(file);
    input.value = ""; // so that the same file can be chosen again once it is mended
  });
  header.addEventListener("change", arrange);
  column.addEventListener("change", preview);
  byId("file-cancel").addEventListener("click", () => running?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    read();
  });
}

/** What is kept of an assessment: ten thousand whole ones would fill the memory. */
function recordOf(found, text, i) {
  const emotions = Object.entries(found.emotions).map(([name, { level, probability }]) => [
    name,
    { level, probability },
  ]);
  return {
    row: i + 1,
    text,
    primary: found.primary,
    emotions: Object.fromEntries(emotions),
    level: found.escalation.level,
    escalation: found.escalation.name,
    risk: found.escalation.risk,
    signals: found.signals.map((signal) => signal.name),
    language: found.language,
    truncated: found.truncated,
  };
}

function notes(records) {
  const foreign = records.filter((record) => record.language === "other").length;
  const cut = records.filter((record) => record.truncated).length;
  const said = [];
  if (foreign) {
    said.push(
      `${count(foreign, "message does", "messages do")} not read as English, the only language the model knows: do not rely on those results.`,
    );
  }
  if (cut)
    said.push(`${count(cut, "message was", "messages were")} too long to be read to the end.`);
  return said.map((words) => el("p", { class: "note" }, words));
}

function distributions(records) {
  const many = (test) => records.filter(test).length;
  const feelings = [...Object.keys(EMOTIONS), "none"];
  const rows = [
    ["Primary emotion", feelings.map((one) => [sentence(one), many((r) => r.primary === one)])],
    [
      "Escalation",
      Object.keys(ESCALATION).map((one) => [sentence(one), many((r) => r.escalation === one)]),
    ],
    [
      "Signals",
      Object.keys(SIGNALS)
        .map((one) => [shortName(one), many((r) => r.signals.includes(one))])
        .sort((a, b) => b[1] - a[1]),
    ],
  ];
  return rows.map(([caption, counts]) => barTable(caption, counts, records.length));
}

const resultName = (name) => `${name.replace(/\.[^.]*$/, "") || "messages"}-heard.csv`;

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
