"""Measures a bundle through ``heard``'s own interface, so that what is measured is what ships."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset

from heard import Analyzer, Assessment
from heard.labels import EMOTION_NAMES, MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training import metrics

__all__ = ["Judged", "figures", "judge"]

#: Signals with fewer positives are left out of the mean over signals.
FEWEST_FOR_MEAN = 8


class Judged:
    """Assessments of rows as arrays, ready for figures.

    ``levels`` and ``gold_levels`` are ``[rows, 5]``, ``at_least`` ``[rows, 5, 3]``, ``signals``,
    ``gold_signals`` and ``chances`` ``[rows, 10]``; gold is -1 where it is not known.
    """

    def __init__(self, rows: Dataset, assessments: Sequence[Assessment]) -> None:
        self.rows = rows
        self.assessments = assessments
        chains = [
            [*(a.emotions[name].at_least for name in EMOTION_NAMES), a.escalation.at_least]
            for a in assessments
        ]
        self.at_least: npt.NDArray[np.float64] = np.array(chains)
        self.levels = np.array(
            [
                [*(a.emotions[name].level for name in EMOTION_NAMES), a.escalation.level]
                for a in assessments
            ]
        )
        self.chances = np.array(
            [[a.signal_probabilities[name] for name in SIGNAL_NAMES] for a in assessments]
        )
        present = [{signal.name for signal in a.signals} for a in assessments]
        self.signals = np.array([[name in found for name in SIGNAL_NAMES] for found in present])
        self.gold_levels = np.array(rows["gold_levels"][:])
        self.gold_signals = np.array(rows["gold_signals"][:])

    def known(self, gold: npt.NDArray[Any], column: int) -> npt.NDArray[np.bool_]:
        """Tell which rows know this output."""
        known: npt.NDArray[np.bool_] = gold[:, column] >= 0
        return known


def judge(analyzer: Analyzer, rows: Dataset) -> Judged:
    """Assess every row."""
    return Judged(rows, analyzer.assess_many(rows["text"][:]))


def figures(judged: Judged) -> dict[str, Any]:
    """Compute every figure of a split, rounded to four digits."""
    targets = {name: _target(judged, place) for place, name in enumerate(TARGET_NAMES)}
    signals = {name: _signal(judged, place) for place, name in enumerate(SIGNAL_NAMES)}
    emotions = [targets[name] for name in EMOTION_NAMES]
    counted = [s["f1"] for s in signals.values() if s["count"] >= FEWEST_FOR_MEAN]
    rows = judged.rows
    return _rounded(
        {
            "rows": len(rows),
            "mean_emotions": {
                key: metrics.mean_known([emotion[key] for emotion in emotions])
                for key in (
                    "f1_1",
                    "f1_2",
                    "qwk",
                    "auroc_1",
                    "auroc_2",
                    "brier_1",
                    "brier_2",
                    "ece_1",
                )
            },
            "targets": targets,
            "mean_signals_f1": metrics.mean_known(counted),
            "signals": signals,
            "spans": {kind: _spans(judged, place) for place, kind in enumerate(SPAN_NAMES)},
            "uncertain_share": float(
                np.mean([len(a.uncertain) / len(EMOTION_NAMES) for a in judged.assessments])
            ),
        }
    )


def _target(judged: Judged, place: int) -> dict[str, Any]:
    known = judged.known(judged.gold_levels, place)
    gold, decided = judged.gold_levels[known, place], judged.levels[known, place]
    figures: dict[str, Any] = {
        "rows": int(known.sum()),
        "gold": [int((gold == level).sum()) for level in range(MAX_LEVEL + 1)],
        "qwk": metrics.quadratic_kappa(gold, decided),
    }
    for k in range(1, MAX_LEVEL + 1):
        truth, chances = gold >= k, judged.at_least[known, place, k - 1]
        figures |= {
            f"f1_{k}": metrics.f1(truth, decided >= k),
            f"auroc_{k}": metrics.auroc(truth, chances),
            f"brier_{k}": metrics.brier(truth, chances),
            f"ece_{k}": metrics.expected_calibration_error(truth, chances),
        }
    return figures


def _signal(judged: Judged, place: int) -> dict[str, Any]:
    known = judged.known(judged.gold_signals, place)
    truth, decided = judged.gold_signals[known, place] == 1, judged.signals[known, place]
    chances = judged.chances[known, place]
    return {
        "count": int(truth.sum()),
        "f1": metrics.f1(truth, decided),
        "precision": float(truth[decided].mean()) if decided.any() else None,
        "recall": float(decided[truth].mean()) if truth.any() else None,
        "auroc": metrics.auroc(truth, chances),
        "brier": metrics.brier(truth, chances),
    }


def _spans(judged: Judged, place: int) -> dict[str, float | None]:
    """Overlap with each annotation, averaged, and the annotations' overlap with each other."""
    kind = SPAN_NAMES[place]
    rows = [views for views in judged.rows["annotated_spans"]]
    found = [[(s.start, s.end) for s in a.spans[kind]] for a in judged.assessments]
    most = max((len(views) for views in rows), default=0)
    scores: list[float | None] = []
    for view in range(most):
        having = [i for i, views in enumerate(rows) if len(views) > view]
        truth = [rows[i][view][place] for i in having]
        scores.append(metrics.overlap_f1(truth, [found[i] for i in having]))
    twice = [views for views in rows if len(views) > 1]
    return {
        "f1": metrics.mean_known(scores),
        "annotators_f1": metrics.overlap_f1(
            [views[0][place] for views in twice], [views[1][place] for views in twice]
        ),
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value
