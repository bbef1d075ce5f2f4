"""Figures of merit on arrays, for many weightings of the rows at once.

Every function takes ``weights`` ``[resamplings, rows]`` and returns one figure per resampling:
with the weights of :func:`resamplings` the first is the figure itself and the others are its
bootstrap. An undefined figure is NaN, never a made-up number.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heard.labels import MAX_LEVEL

__all__ = [
    "auroc",
    "bin_of",
    "brier",
    "capped",
    "expected_calibration_error",
    "f1",
    "interval",
    "mean_known",
    "overlap_f1",
    "plain",
    "precision",
    "quadratic_kappa",
    "recall",
    "resamplings",
    "rounded",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Spans = Sequence[Sequence[int]]

_MOST_DRAWS, _FEWEST_RESAMPLINGS = 20_000_000, 100


def plain(rows: int) -> Floats:
    """Weigh every row once: ``[1, rows]``."""
    return np.ones((1, rows))


def resamplings(rows: int, count: int, seed: int = 20) -> Floats:
    """Weigh rows as drawn with replacement, ``[1 + count, rows]``; the first row is all ones.

    (The bootstrap, Efron 1979. The same weights for two models make their difference paired.)
    """
    drawn = np.random.default_rng(seed).multinomial(rows, np.full(rows, 1 / max(rows, 1)), count)
    return np.concatenate([plain(rows), drawn])


def capped(count: int, rows: int) -> int:
    """Lower a number of resamplings on many rows: intervals are narrow, but weights take memory."""
    return max(_FEWEST_RESAMPLINGS, min(count, _MOST_DRAWS // max(rows, 1)))


def interval(values: Floats, share: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of a bootstrapped figure; NaN where it is undefined."""
    if values.size < 2 or np.isnan(values[1:]).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values[1:], [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def f1(truth: Bools, decided: Bools, weights: Floats) -> Floats:
    """F1 of the positive class; undefined where there is no positive at all, true or decided."""
    return _ratio(2 * (weights @ (truth & decided)), weights @ truth + weights @ decided)


def precision(truth: Bools, decided: Bools, weights: Floats) -> Floats:
    """Share of the decided that are true."""
    return _ratio(weights @ (truth & decided), weights @ decided)


def recall(truth: Bools, decided: Bools, weights: Floats) -> Floats:
    """Share of the true that are decided."""
    return _ratio(weights @ (truth & decided), weights @ truth)


def auroc(truth: Bools, scores: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve, ties counted half (Hanley and McNeil 1982)."""
    if not len(truth):
        return np.full(len(weights), np.nan)
    order = np.argsort(scores, kind="stable")
    ordered, drawn = scores[order], weights[:, order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(ordered) > 0]))
    positive = np.add.reduceat(drawn * truth[order], starts, axis=1)
    negative = np.add.reduceat(drawn * ~truth[order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    won = (positive * (below + negative / 2)).sum(axis=1)
    return _ratio(won, positive.sum(axis=1) * negative.sum(axis=1))


def quadratic_kappa(
    truth: npt.NDArray[np.int64], decided: npt.NDArray[np.int64], weights: Floats
) -> Floats:
    """Cohen's kappa with quadratic weights over the levels (Cohen 1968)."""
    size = MAX_LEVEL + 1
    cells = np.eye(size * size)[truth * size + decided]
    seen = (weights @ cells).reshape(-1, size, size)
    by_chance = seen.sum(axis=2)[:, :, None] * seen.sum(axis=1)[:, None, :]
    by_chance /= np.maximum(seen.sum(axis=(1, 2)), 1)[:, None, None]
    steps = np.arange(size)
    penalty = (steps[:, None] - steps) ** 2
    return 1 - _ratio((seen * penalty).sum(axis=(1, 2)), (by_chance * penalty).sum(axis=(1, 2)))


def brier(truth: Bools, chances: Floats, weights: Floats) -> Floats:
    """Mean squared difference of probability and outcome (Brier 1950)."""
    return _ratio(weights @ (chances - truth) ** 2, weights.sum(axis=1))


def bin_of(chances: Floats, bins: int) -> npt.NDArray[np.int64]:
    """Number the equal-width bin of each probability, from 0."""
    return np.minimum((chances * bins).astype(np.int64), bins - 1)


def expected_calibration_error(
    truth: Bools, chances: Floats, weights: Floats, bins: int = 15
) -> Floats:
    """Mean gap between probability and frequency over equal-width bins (Naeini et al. 2015)."""
    place = bin_of(chances, bins)
    gaps = weights @ (np.eye(bins)[place] * (chances - truth)[:, None])
    return _ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1))


def overlap_f1(truth: Sequence[Spans], found: Sequence[Spans], weights: Floats) -> Floats:
    """F1 over characters that lie in spans, all messages taken together."""
    counts = np.zeros((2, len(truth)))
    for place, (wanted, got) in enumerate(zip(truth, found, strict=True)):
        a, b = _characters(wanted), _characters(got)
        counts[:, place] = len(a & b), len(a) + len(b)
    return _ratio(2 * (weights @ counts[0]), weights @ counts[1])


def _characters(spans: Spans) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}


def mean_known(values: Sequence[Floats], count: int = 1) -> Floats:
    """Mean of several figures, resampling by resampling, over those that are defined.

    ``count`` is the number of resamplings, for a mean of nothing at all.
    """
    if not values:
        return np.full(count, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN, as it should be
        return np.asarray(np.nanmean(np.stack(values), axis=0))


def rounded(value: float, digits: int = 4) -> float | None:
    """Round a figure to be saved; ``None`` for one that is not defined."""
    return None if math.isnan(value) else round(float(value), digits)


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)
