"""Figures of merit on arrays; each undefined figure is ``None``, never a made-up number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from heard.labels import MAX_LEVEL

__all__ = [
    "auroc",
    "brier",
    "expected_calibration_error",
    "f1",
    "mean_known",
    "overlap_f1",
    "quadratic_kappa",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Spans = Sequence[Sequence[int]]


def f1(truth: Bools, decided: Bools) -> float | None:
    """F1 of the positive class; ``None`` where there is no positive at all, true or decided."""
    if not (truth.any() or decided.any()):
        return None
    return float(f1_score(truth, decided, zero_division=0))


def auroc(truth: Bools, scores: Floats) -> float | None:
    """Area under the ROC curve; ``None`` where only one class is present."""
    return float(roc_auc_score(truth, scores)) if truth.any() and not truth.all() else None


def quadratic_kappa(truth: npt.NDArray[np.int64], decided: npt.NDArray[np.int64]) -> float | None:
    """Cohen's kappa with quadratic weights over the levels (Cohen 1968)."""
    if len(set(truth.tolist()) | set(decided.tolist())) < 2:
        return None
    labels = list(range(MAX_LEVEL + 1))
    return float(cohen_kappa_score(truth, decided, labels=labels, weights="quadratic"))


def brier(truth: Bools, chances: Floats) -> float | None:
    """Mean squared difference of probability and outcome (Brier 1950)."""
    if not len(truth):
        return None
    return float(np.mean((chances - truth) ** 2))


def expected_calibration_error(truth: Bools, chances: Floats, bins: int = 15) -> float | None:
    """Mean gap between probability and frequency over equal-width bins (Naeini et al. 2015)."""
    if not len(truth):
        return None
    place = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        abs(chances[place == b].mean() - truth[place == b].mean()) * (place == b).mean()
        for b in np.unique(place)
    ]
    return float(sum(gaps))


def overlap_f1(truth: Sequence[Spans], found: Sequence[Spans]) -> float | None:
    """F1 over characters that lie in spans, all messages taken together."""
    both = in_truth = in_found = 0
    for wanted, got in zip(truth, found, strict=True):
        a, b = _characters(wanted), _characters(got)
        both += len(a & b)
        in_truth += len(a)
        in_found += len(b)
    total = in_truth + in_found
    return 2 * both / total if total else None


def _characters(spans: Spans) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}


def mean_known(values: Sequence[float | None]) -> float | None:
    """Mean of the figures that are defined."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
