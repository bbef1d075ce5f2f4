"""The model's yes/no decisions, in one order: every level that may be reached, then the signals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heard import Assessment
from heard.bundle import Thresholds
from heard.labels import EMOTION_NAMES, MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES
from heard_training.measure.answers import Gold
from heard_training.measure.metrics import Floats

__all__ = ["OUTPUTS", "chances", "given", "said", "thresholds"]

OUTPUTS: tuple[str, ...] = (
    *(f"{name} >= {level}" for name in TARGET_NAMES for level in range(1, MAX_LEVEL + 1)),
    *SIGNAL_NAMES,
)


def chances(found: Assessment) -> Floats:
    """Give an assessment's calibrated probability of each of the :data:`OUTPUTS`, ``[25]``."""
    chains = [found.emotions[name].at_least for name in EMOTION_NAMES]
    levels = [chance for chain in (*chains, found.escalation.at_least) for chance in chain]
    return np.array([*levels, *(found.signal_probabilities[name] for name in SIGNAL_NAMES)])


def thresholds(by: Thresholds) -> Floats:
    """Give the threshold of each of the :data:`OUTPUTS`, ``[25]``."""
    return np.concatenate([by.levels.ravel(), by.signals])


def given(gold: Gold) -> npt.NDArray[np.int64]:
    """Give what rows say of each of the :data:`OUTPUTS`, ``[rows, 25]``: 0, 1, -1 if not known."""
    levels = gold.levels[:, :, None]
    reached = np.where(levels < 0, -1, levels >= np.arange(1, MAX_LEVEL + 1))
    return np.hstack([reached.reshape(len(gold), -1), gold.signals])


def said(found: Assessment) -> str:
    """Sum up what the model decided in a few words, as in ``angry 2, escalation 1, abusive``."""
    levels = {name: found.emotions[name].level for name in EMOTION_NAMES}
    levels["escalation"] = found.escalation.level
    words = [f"{name} {level}" for name, level in levels.items() if level]
    return ", ".join([*words, *(signal.name for signal in found.signals)]) or "nothing"
