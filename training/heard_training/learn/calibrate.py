"""Logits to probabilities and decisions, fitted on rows kept aside from training.

Per target one positive scale and ordered shifts, per signal a scale and a shift (Platt scaling,
Platt 1999, with the shifts in order so that cumulative probabilities cannot cross); then one
decision threshold each (``thresholds``). Fitted after window pooling, and applied by
``heard.decode``.
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
from heard.labels import MAX_LEVEL
from heard.reader import MessageLogits, read
from heard.session import Session
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.learn.thresholds import Floats, bands_of_uncertainty, column, fit_thresholds

__all__ = ["Fitted", "calibrate", "fit_calibration", "fit_decisions"]


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
        uncertain=bands_of_uncertainty(at_least, thresholds, rows, config.calibrate.sure_precision),
        record={
            "rows": len(rows),
            "rows_longer_than_window": int(long.sum()),
            "loss_on_long_rows": {how: round(tries[how][0], 4) for how in tries},
        },
    )


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
    targets, mask = column(rows, f"{group}_targets"), column(rows, f"{group}_mask")
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
        targets = column(rows, f"{group}_targets")[where]
        mask = column(rows, f"{group}_mask")[where]
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
