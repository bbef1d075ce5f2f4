"""Draws a result: one picture, a panel per question; a part that was not measured has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["draw"]

_STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
}
_GREY = "#8a8f98"
_OWN = ("#1f5fa8", "#5b9bd5", "#0b2f57")
_OTHERS = ("#b3402e", "#d98032", "#7a5195", "#4d8f5c", _GREY, "#c0a03a")
_COLUMNS = 2

Panel = Callable[[Axes], None]


def draw(result: Mapping[str, Any], target: Path) -> None:
    """Write the picture of a result as PNG."""
    panels: list[Panel] = []
    if "speed" in result:
        panels += [partial(_dots, result, use) for use in ("single", "bulk")]
        panels += [partial(_lines, result, use) for use in ("single", "bulk")]
    if "growth" in result:
        panels.append(partial(_memory, result["growth"]))
    if "limits" in result:
        panels.append(partial(_distance, result["limits"]))
    if not panels:
        return
    rows = -(-len(panels) // _COLUMNS)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(13, 3.7 * rows), layout="constrained")
        axes = figure.subplots(rows, _COLUMNS, squeeze=False).flatten().tolist()
        for axis, panel in zip(axes, panels, strict=False):
            panel(axis)
        for spare in axes[len(panels) :]:
            spare.set_visible(False)
        machine, texts = result["machine"], result["texts"]
        figure.suptitle(
            f"{machine['cpu']}, {machine['cores']} cores; {texts['messages']} {texts['source']}; "
            f"medians of {result['settings']['rounds']} rounds",
            fontsize=9,
        )
        figure.savefig(target, dpi=130, metadata={"Software": None})


def _colors(result: Mapping[str, Any]) -> dict[str, str]:
    owns = [name for name in result["titles"] if name in result["bundles"]]
    others = [name for name in result["titles"] if name not in result["bundles"]]
    return dict(zip(owns, _OWN * len(owns), strict=False)) | dict(
        zip(others, _OTHERS, strict=False)
    )


def _dots(result: Mapping[str, Any], use: str, axes: Axes) -> None:
    """A dot per peer and thread count, hollow from the second on; single messages up to the p99."""
    figure = "p50_ms" if use == "single" else "messages_per_second"
    found, titles, colors = result["speed"], result["titles"], _colors(result)
    names = list(next(iter(found.values()))[use]["messages"]["peers"])
    apart = 0.8 / len(found)
    for place, of in enumerate(found.values()):
        for name, known in of[use]["messages"]["peers"].items():
            at = names.index(name) + (place - (len(found) - 1) / 2) * apart
            middle, most = known[figure]["median"], known[figure]["most"]
            reach = known["p99_ms"]["median"] if use == "single" else most
            axes.plot([middle, max(middle, reach)], [at, at], lw=1, color=colors[name])
            filled = colors[name] if place == 0 else "white"
            axes.plot(middle, at, "o", ms=4.5, color=colors[name], mfc=filled)
            text = f"{middle:.3g}" if middle < 1000 else f"{middle:,.0f}"
            _note(axes, text, (middle, at), (-6, 0), ha="right")
    what = "One message, ms: p50 to p99" if use == "single" else "Bulk, messages a second"
    axes.set(xscale="log", title=f"{what} ({' above '.join(found)} threads)")
    axes.set_yticks(range(len(names)), [titles[name] for name in names])
    axes.xaxis.set_major_formatter(_plain)
    axes.invert_yaxis()
    low, high = axes.get_xlim()
    axes.set_xlim(low / 3, high)  # room for the numbers


def _note(axes: Axes, text: str, at: tuple[float, float], by: tuple[int, int], ha: str) -> None:
    axes.annotate(text, at, by, textcoords="offset points", va="center", ha=ha, fontsize=7)


def _plain(value: float, _: int) -> str:
    """Write a number of a logarithmic axis as people do."""
    return f"{value:,g}"


def _lines(result: Mapping[str, Any], use: str, axes: Axes) -> None:
    """A line per peer over the tokens of a text: with the fewest threads, or in bulk the most.

    The colours are those of the dots, where the names stand.
    """
    figure = "p50_ms" if use == "single" else "tokens_per_second"
    found, colors = result["speed"], _colors(result)
    threads = min(found, key=int) if use == "single" else max(found, key=int)
    sets = found[threads][use]
    lengths = [name for name in sets if name != "messages"]
    for name in sets["messages"]["peers"]:
        known = [(int(n), sets[n]["peers"].get(name)) for n in lengths]
        points = [(n, of[figure]["median"]) for n, of in known if of]
        axes.plot(*zip(*points, strict=True), "o-", ms=3, lw=1.3, color=colors[name])
    what = "One text, ms" if use == "single" else "Bulk, tokens a second"
    axes.set(
        xscale="log", yscale="log", xlabel="tokens of a text", title=f"{what}, {threads} thread(s)"
    )
    axes.set_xticks([int(n) for n in lengths], lengths)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(_plain)
    axes.grid(axis="y", lw=0.4, alpha=0.5)


def _memory(found: Mapping[str, Any], axes: Axes) -> None:
    """What is resident at most beyond an idle process, and how much of it are the results."""
    threads = max(found, key=int)
    numbers = [int(count) for count in next(iter(found[threads].values()))]
    for (name, counts), color in zip(found[threads].items(), _OWN * len(found), strict=False):
        above = [of["peak_mb"] - of["idle_mb"] for of in counts.values()]
        results = [of["results_mb"] for of in counts.values()]
        beyond = [of["beyond_mb"] for of in counts.values()]
        axes.plot(numbers, above, "o-", color=color, label=f"{name}: all above idle")
        axes.plot(numbers, results, "o:", color=color, alpha=0.7, label=f"{name}: the results")
        axes.plot(numbers, beyond, "s--", color=color, alpha=0.7, label=f"{name}: beyond both")
    axes.set(xscale="log", xlabel="messages", title=f"assess_many, peak MB, {threads} thread(s)")
    axes.set_xticks(numbers, [f"{number:,}" for number in numbers])
    axes.minorticks_off()
    axes.legend(fontsize=7, frameon=False)


def _distance(found: Mapping[str, Any], axes: Axes) -> None:
    """Multiply-adds a second: what a matrix product alone reaches, and what a bundle does."""
    rows: list[tuple[str, Mapping[str, float], str]] = []
    for threads, of in found.items():
        rows += [(f"product alone, {k}, {threads}", p, _GREY) for k, p in of["peaks"].items()]
        rows += [
            (f"{name}, {use}, {threads}", one[use]["reached"], color)
            for (name, one), color in zip(of["bundles"].items(), _OWN * len(of), strict=False)
            for use in ("single", "bulk")
        ]
    for place, (_, peak, color) in enumerate(rows):
        middle, least, most = peak["median"], peak["least"], peak["most"]
        axes.barh(place, middle, 0.75, color=color, xerr=[[middle - least], [most - middle]])
        _note(axes, f"{middle:.0f}", (most, place), (3, 0), ha="left")
    axes.set_yticks(range(len(rows)), [title for title, _, _ in rows])
    axes.invert_yaxis()
    axes.set(title="10^9 multiply-adds a second (threads last)")
