// A file of messages: read, guessed at, and written with its results.

import { count, number } from "./dom.js";
import { codePoints } from "./text.js";

export const MOST_ROWS = 10_000;
const MOST_BYTES = 128 * 1024 * 1024;
const NAMES = ["text", "message", "body", "comment"];
const LETTER = /\p{L}/u;
const GUESSED_FROM = 200;
const LOOKED_AT = 4096;
// A message is longer than a name of a column, and its length decides where no name does.
const LONG_NAME = 40;

/** A file that cannot be used; the message is one sentence for the person who chose it. */
export class FileError extends Error {}

/** Read a file into rows of cells; the first row may be a header. */
export async function readRows(file) {
  if (file.size > MOST_BYTES)
    throw new FileError("The file is larger than 128 MB: split it into parts.");
  const text = decoded(await file.arrayBuffer());
  if (!text.trim()) throw new FileError("The file is empty.");
  if (text.slice(0, LOOKED_AT).includes("\0")) {
    throw new FileError("This is not a CSV file: save the table as CSV and choose that file.");
  }
  const rows = parsed(text);
  // One column, and commas that stand in no quotation marks: they belong to the messages.
  const oneColumn = rows[0].length === 1 && rows.some((row) => row.length > 1);
  return oneColumn ? parsed(text, globalThis.Papa.UNIT_SEP) : rows;
}

function parsed(text, delimiter = "") {
  const rows = [];
  let broken = false;
  globalThis.Papa.parse(text, {
    delimiter,
    skipEmptyLines: true,
    step(result, parser) {
      rows.push(result.data);
      broken = result.errors.some((error) => error.type === "Quotes");
      // A header and one row too many are enough to know that there are too many.
      if (broken || rows.length > MOST_ROWS + 1) parser.abort();
    },
  });
  if (broken) {
    throw new FileError(
      `A quotation mark in row ${number(rows.length)} is not closed or not doubled: mend the file.`,
    );
  }
  if (!rows.length) throw new FileError("The file is empty.");
  return rows;
}

// Spreadsheets save in UTF-16 or in the Windows code page when not told otherwise.
function decoded(buffer) {
  const [first, second] = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(buffer);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(buffer);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  } catch {
    return new TextDecoder("windows-1252").decode(buffer);
  }
}

/** Whether the first row looks like names of columns. */
export function guessHeader(rows) {
  const first = rows[0].map((cell) => cell.trim());
  if (first.some((cell) => NAMES.includes(cell.toLowerCase()))) return true;
  if (rows.length < 2 || first.some((cell) => !LETTER.test(cell) || cell.length > LONG_NAME))
    return false;
  return new Set(first).size === first.length && first.every((cell) => !/[.!?]$/.test(cell));
}

/**
 * Name the columns, guess the one with the message, and hold the rows to what can be read.
 * `longer` counts the rows with more cells than the first.
 */
export function table(rows, header) {
  const body = header ? rows.slice(1) : rows;
  if (!body.length) throw new FileError("The file has names of columns but no messages.");
  if (body.length > MOST_ROWS) {
    throw new FileError(
      `The file has more than ${number(MOST_ROWS)} messages: split it into parts.`,
    );
  }
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const names = Array.from(
    { length: width },
    (_, i) => (header && rows[0][i]?.trim()) || `Column ${i + 1}`,
  );
  const longer = body.filter((row) => row.length > rows[0].length).length;
  return { names, rows: body, column: guessColumn(names, body), longer };
}

function guessColumn(names, rows) {
  const sample = rows.slice(0, GUESSED_FROM);
  const lengths = names.map((_, i) => {
    const cells = sample.map((row) => row[i] ?? "");
    if (!cells.some((cell) => LETTER.test(cell))) return 0;
    return cells.reduce((sum, cell) => sum + cell.length, 0) / cells.length;
  });
  if (!lengths.some((length) => length > 0))
    throw new FileError("No column of the file holds text.");
  for (const wanted of NAMES) {
    const place = names.findIndex((name, i) => lengths[i] > 0 && name.toLowerCase() === wanted);
    if (place >= 0) return place;
  }
  return lengths.indexOf(Math.max(...lengths));
}

/** Refuse a column with a message that the service would refuse; rows count as in the file. */
export function checkTexts(texts, limits, header) {
  for (const [i, text] of texts.entries()) {
    // Code points are never more than UTF-16 units, so that few texts need to be counted.
    if (text.length <= limits.max_characters || codePoints(text) <= limits.max_characters) continue;
    throw new FileError(
      `Row ${number(i + (header ? 2 : 1))} has ${count(codePoints(text), "character")} and may have ${number(limits.max_characters)}: shorten it.`,
    );
  }
}

/** The original columns with the results beside them, as CSV that a spreadsheet opens safely. */
export function written(names, rows, records) {
  const emotions = Object.keys(records[0].emotions);
  const added = [
    "primary",
    ...emotions.flatMap((name) => [`${name}_level`, `${name}_probability`]),
    "escalation_level",
    "escalation",
    "risk",
    "signals",
    "language",
  ];
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const prefix = added.some((name) => taken.has(name)) ? "heard_" : "";
  const data = records.map((record, i) => [
    ...names.map((_, column) => rows[i][column] ?? ""),
    record.primary,
    ...emotions.flatMap((name) => [record.emotions[name].level, record.emotions[name].probability]),
    record.level,
    record.escalation,
    record.risk,
    record.signals.join(" "),
    record.language,
  ]);
  const fields = [...names, ...added.map((name) => prefix + name)];
  // Without the mark, spreadsheets take the file for one in the code page of the system.
  return `\ufeff${globalThis.Papa.unparse({ fields, data }, { escapeFormulae: true })}`;
}
