// Charts: the course of the risk as a line, and counts as labelled bars.

import { bar, el, number, percent, svg } from "./dom.js";

const HEIGHT = 190;
const PAD = { left: 44, right: 16, top: 14, bottom: 30 };
const USUAL_WIDTH = 520;

/**
 * Draw the risk of a conversation; points are `{turn, risk}`, `alarm` is a risk. It is drawn anew
 * when its width changes, so that its letters keep their size on a small screen.
 */
export function riskChart(points, alarm) {
  const place = el("div", { class: "chart" });
  const draw = () => place.replaceChildren(drawn(points, alarm, place.clientWidth || USUAL_WIDTH));
  draw();
  new ResizeObserver(draw).observe(place);
  return place;
}

function drawn(points, alarm, width) {
  const right = width - PAD.right;
  const bottom = HEIGHT - PAD.bottom;
  const steps = Math.max(1, points.length - 1);
  const x = (i) =>
    points.length === 1
      ? (PAD.left + right) / 2
      : PAD.left + 14 + ((right - PAD.left - 28) * i) / steps;
  const y = (risk) => bottom - (bottom - PAD.top) * risk;
  const parts = [0, 0.5, 1].flatMap((risk) => [
    svg("line", { class: "grid", x1: PAD.left, x2: right, y1: y(risk), y2: y(risk) }),
    svg(
      "text",
      { class: "axis", x: PAD.left - 8, y: y(risk) + 4, "text-anchor": "end" },
      `${risk * 100}%`,
    ),
  ]);
  parts.push(
    svg("line", { class: "alarm-line", x1: PAD.left, x2: right, y1: y(alarm), y2: y(alarm) }),
    svg(
      "text",
      { class: "alarm-words", x: right, y: y(alarm) - 6, "text-anchor": "end" },
      `Alarm ${percent(alarm)}`,
    ),
    svg("polyline", {
      class: "line",
      points: points.map((point, i) => `${x(i)},${y(point.risk)}`).join(" "),
    }),
  );
  // Not every turn's number fits under a long line.
  const every = Math.ceil(points.length / Math.max(1, Math.floor((right - PAD.left) / 34)));
  for (const [i, point] of points.entries()) {
    parts.push(spot(x(i), y(point.risk), point.risk >= alarm));
    if (i % every === 0) {
      parts.push(
        svg(
          "text",
          { class: "axis", x: x(i), y: HEIGHT - 10, "text-anchor": "middle" },
          `${point.turn}`,
        ),
      );
    }
  }
  const told = points.map((point) => `turn ${point.turn} ${percent(point.risk)}`).join(", ");
  const attributes = { role: "img", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` };
  return svg(
    "svg",
    { ...attributes, "aria-label": `Risk by turn: ${told}. Alarm at ${percent(alarm)}.` },
    parts,
  );
}

/** At the alarm or above, a point is a square: the shape says it without the colour. */
function spot(x, y, alarmed) {
  return alarmed
    ? svg("rect", { class: "spot alarmed", x: x - 5, y: y - 5, width: 10, height: 10 })
    : svg("circle", { class: "spot", cx: x, cy: y, r: 4.5 });
}

/** Counts as a table with bars; rows are `[words, n]`, shares are of `total`. */
export function barTable(caption, rows, total) {
  const most = Math.max(1, ...rows.map(([, n]) => n));
  return el(
    "table",
    { class: "bars" },
    el("caption", {}, caption),
    el(
      "tbody",
      {},
      rows.map(([words, n]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, words),
          el(
            "td",
            { class: "measure" },
            el(
              "span",
              { class: "measured" },
              bar(n / most),
              el("span", { class: "figure" }, number(n)),
            ),
          ),
          el("td", { class: "share" }, n === 0 ? "0%" : n === total ? "100%" : percent(n / total)),
        ),
      ),
    ),
  );
}
