"""What plots are drawn from: confusions, precision-recall curves, the worst errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from heard.labels import MAX_LEVEL, TARGET_NAMES
from heard_training.measure.answers import Answers, Gold
from heard_training.measure.metrics import Bools, Floats, rounded
from heard_training.measure.reliability import outputs

__all__ = ["confusions", "precision_recall", "worst_errors"]

#: Points kept of a curve: more than a plot can show.
_POINTS = 60


def confusions(gold: Gold, answers: Answers) -> dict[str, list[list[int]]]:
    """Count per target the rows of each gold level (outer) that were given each level (inner)."""
    size = MAX_LEVEL + 1
    found = {}
    for place, name in enumerate(TARGET_NAMES):
        known = gold.levels[:, place] >= 0
        cells = np.zeros((size, size), dtype=int)
        np.add.at(cells, (gold.levels[known, place], answers.levels[known, place]), 1)
        found[name] = cells.tolist()
    return found


def precision_recall(gold: Gold, answers: Answers) -> dict[str, dict[str, Any]]:
    """Trace precision against recall over every threshold, for each yes/no question.

    Returns:
        Per question ``curve``, ``[recall, precision]`` with rising recall; ``average_precision``,
        the area under its steps; ``decided``, the point of the model's own decisions (``None``
        where it decides for nothing). Questions without a positive are left out.
    """
    found = {}
    for name, truth, chances, decided, _ in outputs(gold, answers):
        if not truth.any():
            continue
        recall, precision = _curve(truth, chances)
        gained = np.diff(np.concatenate([[0.0], recall]))
        kept = np.unique(np.linspace(0, len(recall) - 1, _POINTS).round().astype(int))
        hits = int((truth & decided).sum())
        found[name] = {
            "positives": int(truth.sum()),
            "average_precision": rounded(float((gained * precision).sum())),
            "curve": [[rounded(recall[i], 3), rounded(precision[i], 3)] for i in kept],
            "decided": [rounded(hits / truth.sum()), rounded(hits / decided.sum())]
            if decided.any()
            else None,
        }
    return found


def _curve(truth: Bools, chances: Floats) -> tuple[Floats, Floats]:
    """Return recall and precision at each distinct probability, from the highest down."""
    order = np.argsort(-chances, kind="stable")
    ordered = chances[order]
    last = np.flatnonzero(np.concatenate([np.diff(ordered) != 0, [True]]))
    hits = np.cumsum(truth[order])[last]
    return hits / truth.sum(), hits / (last + 1)


def worst_errors(
    gold: Gold, answers: Answers, texts: Sequence[str], names: Sequence[str], most: int = 3
) -> list[dict[str, Any]]:
    """List, for each yes/no question, the rows on which the model was most surely wrong.

    Only for texts that may be shown. ``names`` names the rows.
    """
    found = []
    for question, truth, chances, _, rows in outputs(gold, answers):
        wrong = np.abs(truth - chances)
        for place in np.argsort(-wrong, kind="stable")[:most]:
            if wrong[place] < 0.5:
                break
            row = int(rows[place])
            found.append(
                {
                    "question": question,
                    "truth": bool(truth[place]),
                    "probability": rounded(chances[place]),
                    "name": names[row],
                    "text": texts[row],
                }
            )
    return found
