// Text with places in it. The service counts Unicode code points, the browser UTF-16 units: an
// emoji is one of the former and two of the latter.

import { el } from "./dom.js";

/** How many code points a text has. */
export function codePoints(text) {
  let n = 0;
  for (const _ of text) n += 1;
  return n;
}

/** For each code point of a text, and for its end, where it begins in UTF-16 units. */
export function unitOffsets(text) {
  const offsets = [];
  let unit = 0;
  for (const point of text) {
    offsets.push(unit);
    unit += point.length;
  }
  offsets.push(unit);
  return offsets;
}

/** A range in code points as one in UTF-16 units, held within the text. */
export function toUnits(offsets, start, end) {
  const held = (place) => Math.min(Math.max(0, place), offsets.length - 1);
  return [offsets[held(start)], offsets[Math.max(held(start), held(end))]];
}

/**
 * Cut a text where any range begins or ends, each piece with the kinds of the ranges over it.
 * Ranges are `{start, end, kind}` in code points and may overlap.
 */
export function pieces(text, ranges) {
  const offsets = unitOffsets(text);
  const placed = ranges
    .map(({ start, end, kind }) => [...toUnits(offsets, start, end), kind])
    .filter(([start, end]) => start < end);
  const cuts = new Set([0, text.length]);
  for (const [start, end] of placed) cuts.add(start).add(end);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => {
    const over = placed.filter(([first, last]) => first <= places[i] && end <= last);
    return { text: text.slice(places[i], end), kinds: new Set(over.map(([, , kind]) => kind)) };
  });
}

/**
 * The text as nodes with its ranges marked. Where ranges of several kinds overlap, marks are
 * nested, so that each kind's own underline is drawn.
 */
export function marked(text, ranges, order) {
  const nodes = pieces(text, ranges).map((piece) =>
    order
      .filter((kind) => piece.kinds.has(kind))
      .reduceRight((inner, kind) => el("mark", { class: `mark-${kind}` }, inner), piece.text),
  );
  const whole = document.createDocumentFragment();
  whole.append(...nodes);
  return whole;
}
