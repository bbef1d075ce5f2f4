"""Probabilities to decisions: a threshold per output, and the bands in which none is safe."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from datasets import Dataset

from heard.bundle import Thresholds
from heard.labels import EMOTION_NAMES, MAX_LEVEL
from heard_training.config import Config

__all__ = ["Floats", "bands_of_uncertainty", "column", "fit_thresholds"]

Floats = npt.NDArray[np.float64]

#: Fewer positives than this say nothing about where a threshold should lie.
_FEWEST_POSITIVES = 5
_GRID = np.linspace(0.05, 0.95, 91)
#: Where the three thresholds of an ordinal target are looked for, each with each, and how often.
_COARSE = np.linspace(0.2, 0.8, 13)
_MOST_RESAMPLINGS = 50


def column(rows: Dataset, name: str) -> Floats:
    """Return a column as an array."""
    return np.asarray(rows[name][:], dtype=np.float64)


def fit_thresholds(at_least: Floats, chances: Floats, rows: Dataset, config: Config) -> Thresholds:
    """Choose a threshold per output, on ``[rows, targets, 3]`` and ``[rows, signals]``.

    What is given are calibrated probabilities. The thresholds of targets in
    ``calibrate.by_kappa`` are chosen together, where rows reach every level.
    """
    generator = np.random.default_rng(config.fit.seed)
    count = config.calibrate.resamplings
    gold_signals = column(rows, "gold_signals")
    asked = column(rows, "signal_mask") > 0
    levels = np.full(at_least.shape[1:], 0.5)
    for target in range(len(levels)):
        for k in range(MAX_LEVEL):
            known, truth = _reached(rows, target, k)
            levels[target, k] = _best_threshold(at_least[known, target, k], truth, generator, count)
        if config.heads.levels[target] in config.calibrate.by_kappa:
            whole, gold = _graded(rows, target)
            if _grades_suffice(gold):
                levels[target] = _ordinal_thresholds(
                    at_least[whole, target], gold, generator, count
                )
    signals = np.full(chances.shape[1:], 0.5)
    for signal, name in enumerate(config.heads.signals):
        known = (gold_signals[:, signal] >= 0) & asked[:, signal]
        found, truth = chances[known, signal], gold_signals[known, signal] > 0
        if name in config.calibrate.recall_first:
            least = config.calibrate.least_precision
            signals[signal] = _lowest_threshold(found, truth, least, generator, count)
        else:
            signals[signal] = _middle_threshold(found, truth, generator, count)
    return Thresholds(levels.round(3), signals.round(3))


def _reached(
    rows: Dataset, target: int, k: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which rows count for "level > k", and of those, which reach it.

    A row whose label is a mere yes or no knows the first step alone.
    """
    gold = column(rows, "gold_levels")[:, target]
    mask = column(rows, "level_mask")[:, target] > 0
    counted = mask[:, k] & ((gold >= 0) | (k == 0) & ~mask[:, 1])
    said = column(rows, "level_targets")[:, target, k] >= 0.5
    return counted, np.where(gold >= 0, gold > k, said)[counted]


def _graded(rows: Dataset, target: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Tell which rows know a target's level, every step of it, and the levels of those."""
    gold = column(rows, "gold_levels")[:, target].astype(np.int64)
    known = (gold >= 0) & (column(rows, "level_mask")[:, target] > 0).all(axis=1)
    return known, gold[known]


def _grades_suffice(gold: npt.NDArray[np.int64]) -> bool:
    positives = [(gold >= k).sum() for k in range(1, MAX_LEVEL + 1)]
    return min(*positives, (gold == 0).sum()) >= _FEWEST_POSITIVES


def _ordinal_thresholds(
    at_least: Floats, gold: npt.NDArray[np.int64], generator: np.random.Generator, count: int
) -> Floats:
    """Return the thresholds whose levels agree best with ``gold``, averaged over resamplings.

    Agreement is Cohen's kappa with quadratic weights (Cohen 1968): a level that is decided as a
    whole is as wrong as it is far off, which the best F1 of each step by itself does not know.
    ``at_least`` are probabilities, ``[rows, 3]``; thresholds lie between 0.2 and 0.8.
    """
    # Rows between the same places of the grid are decided alike: they are counted together.
    places = np.searchsorted(_COARSE, at_least, side="right")
    cells, cell_of = np.unique(np.column_stack([places, gold]), axis=0, return_inverse=True)
    drawn = generator.multinomial(
        len(gold), np.full(len(gold), 1 / len(gold)), min(count, _MOST_RESAMPLINGS)
    )
    weights = np.stack([np.bincount(cell_of.ravel(), row, len(cells)) for row in drawn])
    choices = np.stack(np.meshgrid(*[np.arange(len(_COARSE))] * MAX_LEVEL, indexing="ij"), axis=-1)
    choices = choices.reshape(-1, MAX_LEVEL)
    # A step counts where those below it are taken, as in heard.decode.
    taken = np.ones((len(choices), len(cells)), dtype=bool)
    levels = np.zeros((len(choices), len(cells)))
    for k in range(MAX_LEVEL):
        taken &= cells[:, k] > choices[:, k, None]
        levels += taken
    grades = np.arange(MAX_LEVEL + 1)
    seen = (levels - cells[:, -1]) ** 2 @ weights.T
    decided = np.stack([(levels == grade).astype(float) @ weights.T for grade in grades])
    truth = np.stack([weights @ (cells[:, -1] == grade) for grade in grades])
    penalty = (grades[:, None] - grades) ** 2
    by_chance = np.einsum("icr,ij,jr->cr", decided, penalty, truth) / len(gold)
    # Where one level is all that there is, and all that is decided, nothing is told.
    weighted = np.divide(seen, by_chance, out=np.full_like(seen, np.inf), where=by_chance > 0)
    best: Floats = _COARSE[choices[weighted.argmin(axis=0)]].mean(axis=0)
    return best


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


def _middle_threshold(
    chances: Floats, truth: npt.NDArray[np.bool_], generator: np.random.Generator, count: int
) -> float:
    """Return the mean of half of the best F1 and of where it was reached, over resamplings.

    Half of it is right where probabilities are; its place needs no such trust, and hangs on fewer
    rows. Signals are rarer than feelings, and their probabilities less sure.
    """
    if truth.sum() < _FEWEST_POSITIVES:
        return 0.5
    hits, decided, positives = _resampled(chances, truth, generator, count)
    scores = 2 * hits / np.maximum(decided + positives, 1)
    return float(scores.max(axis=1).mean() / 2 + _GRID[scores.argmax(axis=1)].mean()) / 2


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


def bands_of_uncertainty(
    at_least: Floats, thresholds: Thresholds, rows: Dataset, precision: float
) -> dict[str, tuple[float, float]]:
    """Find per emotion the band around its first threshold outside which decisions are precise.

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
