"""How honest probabilities are: reliability diagrams, Brier skill, the bands of uncertainty."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from heard.labels import EMOTION_NAMES, MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES
from heard_training.measure import metrics
from heard_training.measure.answers import Answers, Gold
from heard_training.measure.metrics import Bools, Floats, rounded

__all__ = ["BINS", "outputs", "outside_bands", "reliability"]

BINS = 15
#: Draws of outcomes that a perfectly calibrated model of the same probabilities would see.
_DRAWS = 500
_SEED = 20


def outputs(
    gold: Gold, answers: Answers
) -> Iterator[tuple[str, Bools, Floats, Bools, npt.NDArray[np.int64]]]:
    """Give each yes/no question: its name, the truth, the probability, the decision, the rows.

    The questions are ``angry >= 1`` and so on, and the signals; rows that do not know the answer
    are left out.
    """
    for place, name in enumerate(TARGET_NAMES):
        for k in range(1, MAX_LEVEL + 1):
            known, truth = gold.reached(place, k)
            chances, level = answers.at_least[known, place, k - 1], answers.levels[known, place]
            yield f"{name} >= {k}", truth, chances, level >= k, np.flatnonzero(known)
    for place, name in enumerate(SIGNAL_NAMES):
        known = gold.signals[:, place] >= 0
        yield (
            name,
            gold.signals[known, place] == 1,
            answers.chances[known, place],
            answers.signals[known, place],
            np.flatnonzero(known),
        )


def reliability(
    gold: Gold, answers: Answers, names: Collection[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Measure the calibration of every question, or of those that ``names`` names.

    Returns:
        Per question: ``rows``, ``positives``; ``bins``, ``[mean probability, frequency, rows]`` of
        each of the equal-width bins that has rows; ``ece``, the expected calibration error;
        ``ece_of_ideal``, what a perfectly calibrated model with these very probabilities would
        show on so many rows (simulated: no finite sample shows zero); ``brier`` and
        ``brier_skill``, the share by which it is better than always saying the base rate
        (``None`` where all rows are alike).
    """
    generator = np.random.default_rng(_SEED)
    found = {}
    for name, truth, chances, _, _ in outputs(gold, answers):
        if not len(truth) or (names is not None and name not in names):
            continue
        weights = metrics.plain(len(truth))
        rate = float(truth.mean())
        score = float(metrics.brier(truth, chances, weights)[0])
        place = metrics.bin_of(chances, BINS)
        found[name] = {
            "rows": len(truth),
            "positives": int(truth.sum()),
            "bins": [
                [rounded(chances[here].mean()), rounded(truth[here].mean()), int(here.sum())]
                for here in (place == number for number in range(BINS))
                if here.any()
            ],
            "ece": rounded(
                metrics.expected_calibration_error(truth, chances, weights, bins=BINS)[0]
            ),
            "ece_of_ideal": rounded(_ece_of_ideal(chances, place, generator)),
            "brier": rounded(score),
            "brier_skill": rounded(1 - score / (rate * (1 - rate))) if 0 < rate < 1 else None,
        }
    return found


def _ece_of_ideal(
    chances: Floats, place: npt.NDArray[np.int64], generator: np.random.Generator
) -> float:
    """Average the calibration error over outcomes drawn with the probabilities themselves."""
    outcomes = generator.random((_DRAWS, len(chances))) < chances
    gaps = (chances - outcomes) @ np.eye(BINS)[place]
    return float(np.abs(gaps).sum(axis=1).mean() / len(chances))


def outside_bands(
    gold: Gold, answers: Answers, bands: dict[str, tuple[float, float]]
) -> dict[str, dict[str, float | None]]:
    """Tell how precise decisions are outside an emotion's band of uncertainty, and inside it.

    Returns:
        Per emotion: ``share`` of the rows in the band; ``expressed`` and ``not_expressed``, the
        shares of such decisions outside it that are right; ``inside``, of those in it.
    """
    found = {}
    for place, name in enumerate(EMOTION_NAMES):
        known, truth = gold.reached(place, 1)
        decided = answers.levels[known, place] >= 1
        chances = answers.at_least[known, place, 0]
        low, high = bands[name]
        inside = (chances >= low) & (chances < high)
        right = truth == decided
        found[name] = {
            "share": _share(inside),
            "expressed": _share(right[~inside & decided]),
            "not_expressed": _share(right[~inside & ~decided]),
            "inside": _share(right[inside]),
        }
    return found


def _share(those: Bools) -> float | None:
    return rounded(float(those.mean())) if len(those) else None
