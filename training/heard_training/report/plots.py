"""Plots of the report, each an SVG that stands by itself in the page."""

from __future__ import annotations

import html
import io
import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heard.labels import SIGNAL_NAMES, TARGET_NAMES

__all__ = [
    "confusions",
    "learning_curve",
    "precision_recall",
    "reliability",
    "robustness",
    "slices",
]

# Text stays text (small, searchable), and the same figures give the same bytes.
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "heard",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_BLUE, _GREY, _RED = "#1f5fa8", "#8a8f98", "#b3402e"
_COLUMNS = 5
_QUESTIONS = [f"{name} >= {k}" for name in TARGET_NAMES for k in (1, 2)]


def _svg(figure: Figure, title: str) -> str:
    """Write a figure so that it can stand in a page with others, and be told without being seen."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # Ids and styles hold for the whole page: every figure needs its own, and none for all.
    own = re.sub(r"\W+", "-", title.lower())
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{own}-", text)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    label = html.escape(title)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _grid(count: int, side: float = 2.1, columns: int = _COLUMNS) -> tuple[Figure, list[Axes]]:
    rows = max(1, -(-count // columns))
    figure = Figure(figsize=(columns * side, rows * (side + 0.35)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for spare in axes[count:]:
        spare.set_visible(False)
    return figure, axes[:count]


def confusions(found: Mapping[str, Sequence[Sequence[int]]], split: str) -> str:
    """Draw gold levels (rows) against decided levels (columns), a matrix per target."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _grid(len(found))
        for axis, (name, cells) in zip(axes, found.items(), strict=True):
            shares = [[cell / max(sum(row), 1) for cell in row] for row in cells]
            axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
            for gold, row in enumerate(cells):
                for decided, cell in enumerate(row):
                    dark = shares[gold][decided] > 0.55
                    axis.text(
                        decided,
                        gold,
                        str(cell),
                        ha="center",
                        va="center",
                        color="white" if dark else "black",
                    )
            axis.set(title=name, xlabel="decided", xticks=range(4), yticks=range(4))
        axes[0].set_ylabel("annotated")
        return _svg(figure, f"Levels annotated and decided, {split}")


def precision_recall(found: Mapping[str, Mapping[str, Any]], split: str) -> str:
    """Draw precision over recall for every question; a dot marks the model's decisions."""
    names = [name for name in (*_QUESTIONS, *SIGNAL_NAMES) if name in found]
    with matplotlib.rc_context(_STYLE):
        figure, axes = _grid(len(names))
        for axis, name in zip(axes, names, strict=True):
            curve = found[name]["curve"]
            axis.plot([r for r, _ in curve], [p for _, p in curve], color=_BLUE, lw=1.4)
            if found[name]["decided"] is not None:
                axis.plot(*found[name]["decided"], "o", color=_RED, ms=5)
            axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05))
            axis.set_title(f"{name}\n{found[name]['positives']} positives", fontsize=8)
        _name_outer(axes, "recall", "precision")
        return _svg(figure, f"Precision and recall, {split}")


def reliability(found: Mapping[str, Mapping[str, Any]], split: str) -> str:
    """Draw frequency over mean probability, a bin a dot as large as its rows."""
    names = [n for n in (*_QUESTIONS, *SIGNAL_NAMES) if n in found and found[n]["positives"]]
    with matplotlib.rc_context(_STYLE):
        figure, axes = _grid(len(names))
        for axis, name in zip(axes, names, strict=True):
            bins = found[name]["bins"]
            axis.plot([0, 1], [0, 1], color=_GREY, lw=0.8, ls="--")
            axis.plot([b[0] for b in bins], [b[1] for b in bins], color=_BLUE, lw=0.8)
            sizes = [4 + 90 * b[2] / found[name]["rows"] for b in bins]
            axis.scatter([b[0] for b in bins], [b[1] for b in bins], s=sizes, color=_BLUE)
            axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
            axis.set_title(
                f"{name}\nECE {found[name]['ece']:.3f} (ideal {found[name]['ece_of_ideal']:.3f})",
                fontsize=8,
            )
        _name_outer(axes, "probability", "frequency")
        return _svg(figure, f"Reliability, {split}")


def slices(found: Mapping[str, Mapping[str, Any]], figures: Mapping[str, str], split: str) -> str:
    """Draw figures of every slice as bars with intervals; ``figures`` maps names to titles."""
    names = list(found)[::-1]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(
            figsize=(2.6 * len(figures) + 2, 0.26 * len(names) + 0.9), layout="constrained"
        )
        axes = figure.subplots(1, len(figures), sharey=True, squeeze=False)[0]
        for axis, (key, title) in zip(axes, figures.items(), strict=True):
            for place, name in enumerate(names):
                value, low, high = found[name]["figures"][key]
                if value is not None:
                    axis.barh(place, value, color=_BLUE, alpha=0.75)
                if low is not None and high is not None:
                    axis.plot([low, high], [place, place], color="black", lw=1)
            axis.set(title=title, xlim=(0, 1))
        axes[0].set_yticks(
            range(len(names)), [f"{name} ({found[name]['rows']})" for name in names], fontsize=8
        )
        return _svg(figure, f"Slices of {split}")


def robustness(found: Mapping[str, Sequence[Mapping[str, Any]]], figures: Mapping[str, str]) -> str:
    """Draw figures over the strength of every disturbance; ``figures`` maps names to titles."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _grid(len(found), side=2.5, columns=4)
        for axis, (how, points) in zip(axes, found.items(), strict=True):
            for (key, title), color in zip(figures.items(), (_BLUE, _RED, _GREY), strict=False):
                known = [(p["strength"], p[key]) for p in points if p[key] is not None]
                if known:
                    places = [place for place, _ in known], [value for _, value in known]
                    axis.plot(*places, "o-", ms=3, lw=1.2, color=color, label=title)
            padded = points[-1]["strength"] > 1
            axis.set(title=how, ylim=(0, 1.02), xlabel="words" if padded else "share of words")
        if axes[0].lines:
            axes[0].legend(fontsize=7, frameon=False, loc="lower left")
        return _svg(figure, "Robustness")


def learning_curve(
    points: Sequence[Mapping[str, Any]], split: str, figures: Mapping[str, str]
) -> str:
    """Draw figures of a split over the training rows, a dot per run, a line through the means."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _grid(len(figures), side=2.6, columns=4)
        for axis, (key, title) in zip(axes, figures.items(), strict=True):
            runs = [(p["rows"], p["figures"][split][key]) for p in points]
            runs = [(rows, value) for rows, value in runs if value is not None]
            axis.plot([rows for rows, _ in runs], [v for _, v in runs], "o", color=_BLUE)
            sizes = sorted({rows for rows, _ in runs})
            means = [statistics.fmean(v for rows, v in runs if rows == size) for size in sizes]
            axis.plot(sizes, means, color=_BLUE, lw=1)
            axis.set(title=title, xscale="log")
            axis.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=7)
            axis.minorticks_off()
        axes[0].set_xlabel("training rows")
        return _svg(figure, "Learning curve")


def _name_outer(axes: Sequence[Axes], across: str, up: str) -> None:
    for place, axis in enumerate(axes):
        if place % _COLUMNS == 0:
            axis.set_ylabel(up)
        if place >= len(axes) - _COLUMNS:
            axis.set_xlabel(across)
