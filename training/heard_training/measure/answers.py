"""What some model says about rows, and what their annotators said: arrays to measure with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from datasets import Dataset

from heard import Analyzer
from heard.bundle import Thresholds
from heard.decode import decide_levels, decide_signals
from heard.labels import EMOTION_NAMES, SIGNAL_NAMES, SPAN_NAMES
from heard_training.measure.metrics import Bools, Floats

__all__ = ["Answers", "Gold", "ask", "decided"]

Spans = Sequence[Sequence[Sequence[int]]]


@dataclass(frozen=True)
class Gold:
    """What rows are known to say; -1 stands for what is not known.

    ``levels`` is ``[rows, 5]``, ``signals`` ``[rows, 10]``; ``spans`` holds per row its
    annotations, per annotation the kinds, per kind ``[start, end)`` pairs. ``merely`` is
    "level >= 1" of the rows that know no more than that, ``[rows, 5]``; ``None`` where none does.
    """

    levels: npt.NDArray[np.int64]
    signals: npt.NDArray[np.int64]
    spans: Sequence[Sequence[Spans]]
    merely: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.levels)

    @classmethod
    def of(cls, rows: Dataset) -> Gold:
        """Read the gold columns of a split."""
        levels = np.array(rows["gold_levels"][:], dtype=np.int64)
        mask = np.array(rows["level_mask"][:]) > 0
        said = np.array(rows["level_targets"][:])[..., 0] >= 0.5
        alone = mask[..., 0] & ~mask[..., 1]
        return cls(
            levels,
            np.array(rows["gold_signals"][:], dtype=np.int64),
            rows["annotated_spans"][:],
            np.where(alone, said, -1),
        )

    def at(self, places: npt.NDArray[np.int64]) -> Gold:
        """Keep some rows."""
        return Gold(
            self.levels[places],
            self.signals[places],
            [self.spans[place] for place in places],
            None if self.merely is None else self.merely[places],
        )

    @property
    def expressed(self) -> npt.NDArray[np.int64]:
        """Whether a level is 1 or more, -1 where not even that is known: ``[rows, 5]``."""
        merely = -1 if self.merely is None else self.merely
        return np.where(self.levels >= 0, self.levels >= 1, merely)

    def reached(self, target: int, k: int) -> tuple[Bools, Bools]:
        """Tell which rows know whether a level is ``k`` or more, and of those, which are."""
        if k == 1:
            known = self.expressed[:, target] >= 0
            return known, self.expressed[known, target] == 1
        known = self.levels[:, target] >= 0
        return known, self.levels[known, target] >= k


@dataclass(frozen=True)
class Answers:
    """What a model says: calibrated probabilities and the decisions made of them.

    ``at_least`` is ``[rows, 5, 3]``, ``levels`` ``[rows, 5]``, ``chances`` and ``signals``
    ``[rows, 10]``. ``spans`` holds per row the kinds' pairs, or is ``None`` for a model that finds
    none; ``unsure`` is each row's share of emotions reported as uncertain.
    """

    at_least: Floats
    levels: npt.NDArray[np.int64]
    chances: Floats
    signals: Bools
    spans: Sequence[Spans] | None = None
    unsure: Floats | None = None

    def at(self, places: npt.NDArray[np.int64]) -> Answers:
        """Keep some rows."""
        return Answers(
            self.at_least[places],
            self.levels[places],
            self.chances[places],
            self.signals[places],
            None if self.spans is None else [self.spans[place] for place in places],
            None if self.unsure is None else self.unsure[places],
        )


def ask(analyzer: Analyzer, texts: Sequence[str]) -> Answers:
    """Assess texts as any caller of ``heard`` would, so that what is measured is what ships."""
    found = analyzer.assess_many(texts)
    chains = [
        [*(a.emotions[name].at_least for name in EMOTION_NAMES), a.escalation.at_least]
        for a in found
    ]
    levels = [
        [*(a.emotions[name].level for name in EMOTION_NAMES), a.escalation.level] for a in found
    ]
    present = [{signal.name for signal in a.signals} for a in found]
    return Answers(
        at_least=np.array(chains),
        levels=np.array(levels),
        chances=np.array([[a.signal_probabilities[name] for name in SIGNAL_NAMES] for a in found]),
        signals=np.array([[name in names for name in SIGNAL_NAMES] for names in present]),
        spans=[[[(s.start, s.end) for s in a.spans[kind]] for kind in SPAN_NAMES] for a in found],
        unsure=np.array([len(a.uncertain) / len(EMOTION_NAMES) for a in found]),
    )


def decided(at_least: Floats, chances: Floats, by: Thresholds) -> Answers:
    """Decide on calibrated probabilities just as ``heard`` would."""
    return Answers(
        at_least, decide_levels(at_least, by.levels), chances, decide_signals(chances, by)
    )
