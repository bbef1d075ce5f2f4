"""Charts as inline SVG; the table beside each says the same in figures.

Places along a chart go from 0 (left) to 1 (right), heights from 0 (below) to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from heard.batch.report.drawing.markup import Html, element, join

__all__ = ["Series", "bars", "histogram", "lines", "spread"]

_WIDTH, _HEIGHT = 560, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 556, 22, 216
#: As many names as fit side by side below a chart.
_MOST_NAMES = 4
#: Columns are no wider, however few there are.
_WIDEST = 48
#: Lines of no more points show each.
_MOST_DOTS = 31

Marks = Iterable[tuple[float, str]]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Series:
    """A line of shares, ``None`` where nothing is known; ``kind`` is its class in the style."""

    kind: str
    places: Sequence[float]
    shares: Sequence[float | None]
    intervals: Sequence[tuple[float, float]] | None = None


def spread(names: Sequence[str]) -> list[tuple[float, str]]:
    """Put names below the middle of equal parts, as many as fit."""
    every = ceil(len(names) / _MOST_NAMES)
    return [((i + 0.5) / len(names), name) for i, name in enumerate(names) if i % every == 0]


def histogram(title: str, counts: Sequence[int], threshold: float) -> Html:
    """Draw counts of equal parts of 0 to 1, on a logarithmic scale, and a threshold."""
    decades = max(1, ceil(log10(max(*counts, 1))))
    # The axis begins below 1, so that a single message shows.
    heights = [(log10(n) + 0.25) / (decades + 0.25) if n else 0.0 for n in counts]
    every = ceil(decades / 4)
    marks = [((k + 0.25) / (decades + 0.25), _short(10**k)) for k in range(0, decades + 1, every)]
    names = [(step / 5, f"{step / 5:.1f}") for step in range(6)]
    return _chart(title, marks, names, [*_columns(heights), _upright(threshold)])


def bars(title: str, counts: Sequence[int], names: Marks) -> Html:
    """Draw a count for each of equal parts."""
    most = max(*counts, 1)
    step = 10 ** floor(log10(most))
    top = next(step * k for k in (1, 2, 4, 6, 8, 10) if step * k >= most)
    marks = [(part, _short(int(top * part))) for part in (0, 0.5, 1) if top * part % 1 == 0]
    return _chart(title, marks, names, _columns([n / top for n in counts]))


def lines(
    title: str, series: Sequence[Series], names: Marks, *, threshold: float | None = None
) -> Html:
    """Draw shares as lines that break where nothing is known, and intervals as bands."""
    most = max((share for one in series for share in one.shares if share is not None), default=0)
    top = next(t for t in (0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1) if t >= min(1, most * 1.1))
    marks = [(part, f"{top * part:.0%}") for part in (0, 0.5, 1)]
    bands, drawn = [], []
    for one in series:
        for run in _runs(one.shares):
            line = [(one.places[i], (one.shares[i] or 0.0) / top) for i in run]
            drawn.append(_shape("polyline", f"line {one.kind}", line))
            if len(one.shares) <= _MOST_DOTS or len(run) == 1:
                drawn += [_dot(one.kind, point) for point in line]
            if one.intervals:
                low, high = (
                    [(one.places[i], min(one.intervals[i][end] / top, 1)) for i in run]
                    for end in (0, 1)
                )
                bands.append(_shape("polygon", f"band {one.kind}", [*low, *reversed(high)]))
    if threshold is not None:
        drawn.append(_upright(threshold))
    return _chart(title, marks, names, [*bands, *drawn])


def _runs(shares: Sequence[float | None]) -> list[list[int]]:
    """Cut the indices of what is known into unbroken runs."""
    indexed = groupby(range(len(shares)), lambda i: shares[i] is not None)
    return [list(run) for known, run in indexed if known]


def _chart(title: str, marks: Marks, names: Marks, drawn: Iterable[Html]) -> Html:
    grid, words = [], []
    for height, name in marks:
        at = _y(height)
        grid.append(
            element("line", class_="grid", x1=_LEFT, x2=_RIGHT, y1=f"{at:.1f}", y2=f"{at:.1f}")
        )
        words.append(element("text", name, x=_LEFT - 8, y=f"{at + 4:.1f}", text_anchor="end"))
    for place, name in names:
        anchor = "start" if place < 0.02 else "end" if place > 0.98 else "middle"
        words.append(
            element("text", name, x=f"{_x(place):.1f}", y=_BOTTOM + 24, text_anchor=anchor)
        )
    return element(
        "svg",
        element("title", title),
        *grid,
        *drawn,
        *words,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        class_="chart",
    )


def _short(count: int) -> str:
    """Write a round count in little room."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= unit:
            return f"{count / unit:g}{name}"
    return str(count)


def _columns(heights: Sequence[float]) -> list[Html]:
    part = (_RIGHT - _LEFT) / len(heights)
    width = min(part - min(2.0, part / 5), _WIDEST)
    return [
        element(
            "rect",
            class_="column",
            x=f"{_x((i + 0.5) / len(heights)) - width / 2:.1f}",
            y=f"{_y(height):.1f}",
            width=f"{width:.1f}",
            height=f"{_BOTTOM - _y(height):.1f}",
        )
        for i, height in enumerate(heights)
        if height
    ]


def _upright(threshold: float) -> Html:
    """Draw the model's own threshold, its name on the side where there is room."""
    at = _x(threshold)
    side, shift = ("end", -6) if threshold > 0.5 else ("start", 6)
    return join(
        [
            element("line", class_="own", x1=f"{at:.1f}", x2=f"{at:.1f}", y1=_TOP - 14, y2=_BOTTOM),
            element(
                "text",
                f"model's own {threshold:g}",
                class_="own-words",
                x=f"{at + shift:.1f}",
                y=_TOP - 8,
                text_anchor=side,
            ),
        ]
    )


def _shape(tag: str, kind: str, points: Points) -> Html:
    places = " ".join(f"{_x(place):.1f},{_y(height):.1f}" for place, height in points)
    return element(tag, class_=kind, points=places)


def _dot(kind: str, point: tuple[float, float]) -> Html:
    return element(
        "circle", class_=f"dot {kind}", cx=f"{_x(point[0]):.1f}", cy=f"{_y(point[1]):.1f}", r=3
    )


def _x(place: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * place


def _y(height: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * height
