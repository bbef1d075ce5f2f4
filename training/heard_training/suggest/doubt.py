"""Finds labels that look wrong, by confident learning (Northcutt et al. 2021) with cleanlab.

The model must not have learned from the messages: of those that it has, it knows the labels.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import numpy as np
from datasets import Dataset

from heard import Analyzer, Assessment
from heard_training.errors import TrainingError
from heard_training.measure.answers import Gold
from heard_training.suggest.outputs import OUTPUTS, chances, given

__all__ = ["Doubt", "Doubted", "find_doubts", "need_cleanlab"]

#: Fewer rows with a label, or without it, say nothing about how often it is wrong.
FEWEST_ROWS = 5


@dataclass(frozen=True)
class Doubt:
    """A label that looks wrong: whether it was ``given``, and the model's chance that it holds.

    ``score`` is cleanlab's label quality, from 0 (certainly wrong) to 1.
    """

    label: str
    given: bool
    chance: float
    score: float


@dataclass(frozen=True)
class Doubted:
    """A row of labelled messages, by its place, with its doubts, the worst first."""

    place: int
    found: Assessment
    doubts: tuple[Doubt, ...]


def need_cleanlab() -> None:
    """Say how to install cleanlab, where it is missing.

    Raises:
        TrainingError: when it is.
    """
    if importlib.util.find_spec("cleanlab") is None:
        raise TrainingError(
            "Finding labels that look wrong needs cleanlab: in a clone, run pip install "
            "-c constraints.txt -e '.[train,label]'."
        )


def find_doubts(analyzer: Analyzer, rows: Dataset) -> tuple[list[Doubted], list[str]]:
    """Find the labels of ``rows`` that look wrong; the worst rows come first.

    Returns:
        The rows in doubt, and the labels that too few rows have, or lack, to be judged.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    found = analyzer.assess_many(rows["text"][:])
    likely = np.array([chances(one) for one in found])
    labels = given(Gold.of(rows))
    doubts: dict[int, list[Doubt]] = {}
    unjudged = []
    for place, name in enumerate(OUTPUTS):
        known = np.flatnonzero(labels[:, place] >= 0)
        own, chance = labels[known, place], likely[known, place]
        if np.bincount(own, minlength=2).min() < FEWEST_ROWS:
            unjudged.append(name)
            continue
        pair = np.column_stack([1 - chance, chance])
        scores = get_label_quality_scores(own, pair)
        for at in np.flatnonzero(find_label_issues(own, pair, n_jobs=1)).tolist():
            doubt = Doubt(name, bool(own[at]), float(chance[at]), float(scores[at]))
            doubts.setdefault(int(known[at]), []).append(doubt)
    doubted = [
        Doubted(row, found[row], tuple(sorted(own, key=lambda doubt: doubt.score)))
        for row, own in doubts.items()
    ]
    return sorted(doubted, key=lambda row: (row.doubts[0].score, row.place)), unjudged
