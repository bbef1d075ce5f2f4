"""Logits to probabilities and decisions, fitted on rows kept aside from training.

Per target one positive scale and ordered shifts, per signal a scale and a shift (Platt scaling,
Platt 1999, with the shifts in order so that cumulative probabilities cannot cross); then one
decision threshold each. Fitted after window pooling, and applied by ``heard.decode``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset
from scipy.optimize import minimize

from heard.bundle import POOLINGS, Calibration, Thresholds
from heard.decode import probabilities
from heard.labels import EMOTION_NAMES, MAX_LEVEL
from heard.reader import MessageLogits, read
from heard.session import Session
from heard.tokens import MessageTokenizer
from heard_training.config import Config

__all__ = ["Fitted", "calibrate", "fit_calibration", "fit_decisions", "fit_thresholds"]

Floats = npt.NDArray[np.float64]

#: Fewer positives than this say nothing about where a threshold should lie.
_FEWEST_POSITIVES = 5
_GRID = np.linspace(0.05, 0.95, 91)


@dataclass(frozen=True)
class Fitted:
    """What a bundle's manifest takes over, and how it came about."""

    pooling: str
    calibration: Calibration
    thresholds: Thresholds
    uncertain: dict[str, tuple[float, float]]
    record: dict[str, Any]


def fit_calibration(
    rows: Dataset, session: Session, tokenizer: MessageTokenizer, config: Config
) -> Fitted:
    """Fit pooling, calibration, thresholds and bands of uncertainty on ``rows``."""
    encoded = [tokenizer.encode(text) for text in rows["text"]]
    kept = [place for place, message in enumerate(encoded) if message.windows]
    rows, encoded = rows.select(kept), [encoded[place] for place in kept]
    long = np.array([len(message.windows) > 1 for message in encoded])
    tries = {}
    for how in POOLINGS if config.calibrate.pooling == "best" else (config.calibrate.pooling,):
        found = read(session, encoded, how)
        calibration = calibrate(found.levels, found.signals, rows, config.calibrate.prior_rows)
        tries[how] = (_loss(found, rows, calibration, long), found, calibration)
    pooling = min(tries, key=lambda how: tries[how][0])
    _, found, calibration = tries[pooling]
    at_least, chances = probabilities(found.levels, found.signals, calibration)
    thresholds = fit_thresholds(at_least, chances, rows, config)
    return Fitted(
        pooling=pooling,
        calibration=calibration,
        thresholds=thresholds,
        uncertain=_bands(at_least, thresholds, rows, config.calibrate.sure_precision),
        record={
            "rows": len(rows),
            "rows_longer_than_window": int(long.sum()),
            "loss_on_long_rows": {how: round(tries[how][0], 4) for how in tries},
        },
    )


def _column(rows: Dataset, name: str) -> Floats:
    return np.asarray(rows[name][:], dtype=np.float64)


def calibrate(levels: Floats, signals: Floats, rows: Dataset, prior: float) -> Calibration:
    """Fit a scale and shifts per output, on logits ``[rows, targets, 3]`` and ``[rows, signals]``.

    ``prior`` is the strength of the pull towards no change, in rows.
    """
    signals = signals[..., None]
    level_fits = [
        _platt(levels[:, i], target, mask, prior)
        for i, (target, mask) in enumerate(_pairs(rows, "level"))
    ]
    signal_fits = [
        _platt(signals[:, i], target[:, None], mask[:, None], prior)
        for i, (target, mask) in enumerate(_pairs(rows, "signal"))
    ]
    return Calibration(
        np.array([scale for scale, _ in level_fits]),
        np.array([shifts for _, shifts in level_fits]).reshape(-1, MAX_LEVEL),
        np.array([scale for scale, _ in signal_fits]),
        np.array([shifts[0] for _, shifts in signal_fits]),
    )


def _pairs(rows: Dataset, group: str) -> list[tuple[Floats, Floats]]:
    targets, mask = _column(rows, f"{group}_targets"), _column(rows, f"{group}_mask")
    return [(targets[:, i], mask[:, i]) for i in range(targets.shape[1])]


def _platt(logits: Floats, targets: Floats, mask: Floats, prior: float) -> tuple[float, Floats]:
    """Fit ``scale * logits + shifts`` for one output, ``[rows, k]``, shifts never increasing."""
    # The optimiser takes gradients by tiny differences, which single precision would swallow.
    logits = logits.astype(np.float64)

    def unpack(free: Floats) -> tuple[float, Floats]:
        # exp keeps the scale positive, squares keep the steps down from the first shift.
        return float(np.exp(free[0])), free[1] - np.concatenate([[0.0], np.cumsum(free[2:] ** 2)])

    def loss(free: Floats) -> float:
        scale, shifts = unpack(free)
        moved = scale * logits + shifts
        entropy = np.logaddexp(0.0, moved) - targets * moved
        return float((entropy * mask).sum() + prior * (free[0] ** 2 + (shifts**2).mean()))

    start = np.concatenate([[0.0, 0.0], np.full(logits.shape[1] - 1, 0.1)])
    return unpack(minimize(loss, start, method="L-BFGS-B").x)


def _loss(
    found: MessageLogits, rows: Dataset, by: Calibration, where: npt.NDArray[np.bool_]
) -> float:
    """Mean cross-entropy over the long rows, or over all where none is long."""
    at_least, chances = probabilities(found.levels, found.signals, by)
    where = where if where.any() else np.ones_like(where)
    total = weight = 0.0
    for group, guess in (("level", at_least), ("signal", chances)):
        targets = _column(rows, f"{group}_targets")[where]
        mask = _column(rows, f"{group}_mask")[where]
        guess = np.clip(guess[where], 1e-6, 1 - 1e-6)
        entropy = -(targets * np.log(guess) + (1 - targets) * np.log(1 - guess))
        total += float((entropy * mask).sum())
        weight += float(mask.sum())
    return total / max(weight, 1.0)


def fit_decisions(
    levels: Floats, signals: Floats, rows: Dataset, config: Config
) -> tuple[Calibration, Thresholds]:
    """Fit calibration, then thresholds, on logits as :func:`calibrate` takes them."""
    by = calibrate(levels, signals, rows, config.calibrate.prior_rows)
    return by, fit_thresholds(*probabilities(levels, signals, by), rows, config)


def fit_thresholds(at_least: Floats, chances: Floats, rows: Dataset, config: Config) -> Thresholds:
    """Choose a threshold per output, on ``[rows, targets, 3]`` and ``[rows, signals]``.

    What is given are calibrated probabilities.
    """
    generator = np.random.default_rng(config.fit.seed)
    count = config.calibrate.resamplings
    gold_signals = _column(rows, "gold_signals")
    asked = _column(rows, "signal_mask") > 0
    levels = np.full(at_least.shape[1:], 0.5)
    for target in range(len(levels)):
        for k in range(MAX_LEVEL):
            known, truth = _reached(rows, target, k)
            levels[target, k] = _best_threshold(at_least[known, target, k], truth, generator, count)
    signals = np.full(chances.shape[1:], 0.5)
    for signal, name in enumerate(config.heads.signals):
        known = (gold_signals[:, signal] >= 0) & asked[:, signal]
        found, truth = chances[known, signal], gold_signals[known, signal] > 0
        if name in config.calibrate.recall_first:
            least = config.calibrate.least_precision
            signals[signal] = _lowest_threshold(found, truth, least, generator, count)
        else:
            signals[signal] = _best_threshold(found, truth, generator, count)
    return Thresholds(levels.round(3), signals.round(3))


def _reached(
    rows: Dataset, target: int, k: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which rows count for "level > k", and of those, which reach it.

    A row whose label is a mere yes or no knows the first step alone.
    """
    gold = _column(rows, "gold_levels")[:, target]
    mask = _column(rows, "level_mask")[:, target] > 0
    counted = mask[:, k] & ((gold >= 0) | (k == 0) & ~mask[:, 1])
    said = _column(rows, "level_targets")[:, target, k] >= 0.5
    return counted, np.where(gold >= 0, gold > k, said)[counted]


def _best_threshold(
    chances: Floats, truth: npt.NDArray[np.bool_], generator: np.random.Generator, count: int
) -> float:
    """Return half of the best F1 that any threshold reaches, averaged over resamplings.

    For calibrated probabilities that is the threshold of the best F1 (Lipton, Elkan and
    Narayanaswamy 2014), and it is far steadier than the place of the maximum itself, which hangs
    on a few rows.
    """
    if truth.sum() < _FEWEST_POSITIVES:
        return 0.5
    hits, decided, positives = _resampled(chances, truth, generator, count)
    best = (2 * hits / np.maximum(decided + positives, 1)).max(axis=1)
    return float(best.mean()) / 2


def _lowest_threshold(
    chances: Floats,
    truth: npt.NDArray[np.bool_],
    precision: float,
    generator: np.random.Generator,
    count: int,
) -> float:
    """Return the lowest threshold that still has this precision, averaged over resamplings."""
    if truth.sum() < _FEWEST_POSITIVES:
        return 0.5
    hits, decided, _ = _resampled(chances, truth, generator, count)
    precise = hits >= precision * np.maximum(decided, 1)
    lowest = np.where(precise.any(axis=1), precise.argmax(axis=1), len(_GRID) - 1)
    return float(_GRID[lowest].mean())


def _resampled(
    chances: Floats, truth: npt.NDArray[np.bool_], generator: np.random.Generator, count: int
) -> tuple[Floats, Floats, Floats]:
    """Count hits and decisions, ``[count, thresholds]``, and positives, ``[count, 1]``."""
    rows = len(truth)
    weights = generator.multinomial(rows, np.full(rows, 1 / rows), count).astype(float)
    decided = (chances[:, None] >= _GRID).astype(float)
    return weights @ (decided * truth[:, None]), weights @ decided, weights @ truth[:, None]


def _bands(
    at_least: Floats, thresholds: Thresholds, rows: Dataset, precision: float
) -> dict[str, tuple[float, float]]:
    """Per emotion the band around its first threshold outside which decisions are precise.

    Above the band, "expressed" is right in at least ``precision`` of the rows; below it, "not
    expressed" is.
    """
    bands = {}
    for target, name in enumerate(EMOTION_NAMES):
        known, truth = _reached(rows, target, 0)
        chances = at_least[known, target, 0]
        threshold = float(thresholds.levels[target, 0])
        above = (float(t) for t in np.arange(threshold, 1.0, 0.01) if (chances >= t).any())
        below = (float(t) for t in np.arange(threshold, 0.0, -0.01) if (chances < t).any())
        # Where no decision is that precise, every one of that side is uncertain.
        high = next((t for t in above if truth[chances >= t].mean() >= precision), 1.0)
        low = next((t for t in below if 1 - truth[chances < t].mean() >= precision), 0.0)
        bands[name] = (round(low, 3), round(high, 3))
    return bands
