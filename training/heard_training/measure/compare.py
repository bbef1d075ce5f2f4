"""Sets two models side by side on the same rows: figures, flipped decisions, slices, speed, size.

Differences are paired: both models are resampled on the same rows at once, so that what is hard
for both does not widen the interval.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset

from heard import Analyzer, load
from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard_training.markdown import between, table, three
from heard_training.measure.answers import Answers, Gold, ask
from heard_training.measure.evaluate import Figures, figures
from heard_training.measure.metrics import Bools, capped, interval, resamplings, rounded

__all__ = ["KEY_FIGURES", "compare_bundles", "comparison_page", "differences", "slices"]

#: The figures that slices, baselines and curves are told by, and how tables head them.
KEY_FIGURES = {
    "mean_emotions.f1_1": "emotions, F1 >= 1",
    "mean_emotions.f1_2": "emotions, F1 >= 2",
    "mean_emotions.auroc_1": "emotions, AUROC >= 1",
    "mean_emotions.auroc_2": "emotions, AUROC >= 2",
    "targets.escalation.f1_2": "escalation, F1 >= 2",
    "targets.escalation.auroc_2": "escalation, AUROC >= 2",
    "targets.escalation.qwk": "escalation, kappa",
    "mean_signals_f1": "signals, F1",
}

RESAMPLINGS = 1000
#: Slices of fewer rows say nothing.
FEWEST_ROWS = 30
#: Upper ends of the slices by length, in characters.
_LENGTHS = (80, 160, 400)
_TIMED_TEXTS, _TIMED_ROUNDS = 100, 5


def compare_bundles(
    one: Path | None, other: Path | None, rows: Dataset, count: int = RESAMPLINGS
) -> dict[str, Any]:
    """Compare two bundles (``None``: the shipped one) on labelled rows.

    Returns:
        Plain values: both models' names, figures and slices with paired differences
        (``other`` less ``one``), flipped decisions, speed and size.
    """
    first, second = load(one, threads=1), load(other, threads=1)
    texts = rows["text"][:]
    count = capped(count, len(texts))
    gold, a, b = Gold.of(rows), ask(first, texts), ask(second, texts)
    weights = resamplings(len(gold), count)
    return {
        "rows": len(gold),
        "resamplings": count,
        "models": [_described(analyzer) for analyzer in (first, second)],
        "figures": differences(figures(gold, a, weights), figures(gold, b, weights)),
        "flipped": _flipped(gold, a, b),
        "slices": {
            name: {"rows": len(places), **_slice(gold, a, b, places, count)}
            for name, places in slices(rows)
        },
        "seconds": _timed(first, second, texts[:_TIMED_TEXTS]),
    }


def differences(
    one: Figures, other: Figures, names: Iterable[str] | None = None
) -> dict[str, dict[str, float | None]]:
    """Set two models' resampled figures side by side, with the interval of their difference."""
    found = {}
    for name in names or [name for name in one if name in other]:
        change = other[name] - one[name]
        low, high = interval(change)
        found[name] = {
            "one": rounded(one[name][0]),
            "other": rounded(other[name][0]),
            "difference": rounded(change[0]),
            "low": rounded(low),
            "high": rounded(high),
        }
    return found


def slices(rows: Dataset) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """Give the rows of each source, channel and range of lengths that has enough of them."""
    lengths = np.digitize([len(text) for text in rows["text"]], _LENGTHS, right=True)
    ends = [f"up to {end}" for end in _LENGTHS] + [f"over {_LENGTHS[-1]}"]
    kinds: dict[str, npt.NDArray[Any]] = {
        "source": np.array(rows["source"][:]),
        "channel": np.array(rows["channel"][:]),
        "characters": np.array(ends)[lengths],
    }
    for kind, values in kinds.items():
        for value in sorted(set(values.tolist())):
            places = np.flatnonzero(values == value)
            if value and len(places) >= FEWEST_ROWS:
                yield f"{kind}: {value}", places


def _slice(
    gold: Gold, a: Answers, b: Answers, places: npt.NDArray[np.int64], count: int
) -> dict[str, Any]:
    weights = resamplings(len(places), count)
    one, other = (figures(gold.at(places), found.at(places), weights) for found in (a, b))
    return {"figures": differences(one, other, KEY_FIGURES)}


def _flipped(gold: Gold, a: Answers, b: Answers) -> dict[str, dict[str, int]]:
    """Count decisions on which the two differ, and which of them is then right."""
    found = {}
    for i, name in enumerate(TARGET_NAMES):
        found[name] = _turned(a.levels[:, i], b.levels[:, i], gold.levels[:, i])
    for i, name in enumerate(SIGNAL_NAMES):
        found[name] = _turned(a.signals[:, i], b.signals[:, i], gold.signals[:, i])
    return found


def _turned(
    a: npt.NDArray[Any], b: npt.NDArray[Any], truth: npt.NDArray[np.int64]
) -> dict[str, int]:
    known: Bools = truth >= 0
    return {
        "flipped": int((a != b).sum()),
        "mended": int((known & (a != truth) & (b == truth)).sum()),
        "broken": int((known & (a == truth) & (b != truth)).sum()),
    }


def _described(analyzer: Analyzer) -> dict[str, Any]:
    model = analyzer.model
    return {
        "name": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "megabytes": round(analyzer.bundle.model_path.stat().st_size / 1e6, 1),
    }


def _timed(first: Analyzer, second: Analyzer, texts: Sequence[str]) -> list[float]:
    """Median seconds a message, one at a time on one thread; the two take turns."""
    taken: list[list[float]] = [[], []]
    for _ in range(_TIMED_ROUNDS):
        for place, analyzer in enumerate((first, second)):
            started = time.perf_counter()
            for text in texts:
                analyzer.assess(text)
            taken[place].append((time.perf_counter() - started) / max(len(texts), 1))
    return [round(statistics.median(seconds), 6) for seconds in taken]


def comparison_page(compared: Mapping[str, Any]) -> str:
    """Lay a comparison out as Markdown."""
    one, other = (f"{m['name']} {m['version']} ({m['sha256'][:8]})" for m in compared["models"])
    sizes = [model["megabytes"] for model in compared["models"]]
    seconds = compared["seconds"]
    rows = [
        (name, three(f["one"]), three(f["other"]), between(f))
        for name, f in compared["figures"].items()
    ]
    head = ("figure", "one", "other", "difference, 95 % interval")
    parts = [
        f"{one} against {other}, {compared['rows']} rows, {compared['resamplings']} resamplings",
        table(head, rows),
        table(
            ("decisions", "flipped", "mended", "broken"),
            [(name, *turned.values()) for name, turned in compared["flipped"].items()],
        ),
        *(
            f"{name}, {part['rows']} rows\n\n"
            + table(
                head,
                [
                    (figure, three(f["one"]), three(f["other"]), between(f))
                    for figure, f in part["figures"].items()
                ],
            )
            for name, part in compared["slices"].items()
        ),
        f"Size: {sizes[0]} and {sizes[1]} MB. One message at a time on one thread: "
        f"{1000 * seconds[0]:.1f} and {1000 * seconds[1]:.1f} ms, a ratio of "
        f"{seconds[1] / seconds[0]:.2f}.",
    ]
    return "\n\n".join(parts)
