"""Figures of a model's answers against what the annotators said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heard.labels import EMOTION_NAMES, MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.measure import metrics
from heard_training.measure.answers import Answers, Gold
from heard_training.measure.metrics import Floats

__all__ = ["FEWEST_FOR_MEAN", "Figures", "counts", "figures", "nested"]

#: Signals with fewer positives are left out of the mean over signals.
FEWEST_FOR_MEAN = 8

#: Dotted names to one number per resampling, as ``targets.angry.f1_1`` or ``spans.need.f1``.
Figures = dict[str, Floats]

_MEANS = ("f1_1", "f1_2", "qwk", "auroc_1", "auroc_2", "brier_1", "brier_2", "ece_1")


def figures(gold: Gold, answers: Answers, weights: Floats | None = None) -> Figures:
    """Compute every figure.

    Args:
        gold: what the annotators said.
        answers: what the model says about the same rows.
        weights: ``[resamplings, rows]``; by default every row counts once.
    """
    weights = metrics.plain(len(gold)) if weights is None else weights
    found: Figures = {}
    for place, name in enumerate(TARGET_NAMES):
        found |= _prefixed(f"targets.{name}", _target(gold, answers, weights, place))
    for figure in _MEANS:
        # Chosen by what the annotators said, so that any two models are averaged over the same.
        level = int(figure[-1]) if figure.startswith(("f1", "auroc")) else 0
        shown = [n for i, n in enumerate(EMOTION_NAMES) if _shows(gold, i, level)]
        values = [found[f"targets.{name}.{figure}"] for name in shown]
        found[f"mean_emotions.{figure}"] = metrics.mean_known(values, len(weights))
    for place, name in enumerate(SIGNAL_NAMES):
        found |= _prefixed(f"signals.{name}", _signal(gold, answers, weights, place))
    positives = (gold.signals == 1).sum(axis=0)
    counted = [
        name for name, n in zip(SIGNAL_NAMES, positives, strict=True) if n >= FEWEST_FOR_MEAN
    ]
    found["mean_signals_f1"] = metrics.mean_known(
        [found[f"signals.{name}.f1"] for name in counted], len(weights)
    )
    for place, kind in enumerate(SPAN_NAMES):
        found |= _prefixed(f"spans.{kind}", _spans(gold, answers, weights, place))
    if answers.unsure is not None:
        found["uncertain_share"] = weights @ answers.unsure / weights.sum(axis=1)
    return found


def counts(gold: Gold) -> dict[str, Any]:
    """Count rows, each target's gold levels, and each signal's positives."""
    return {
        "rows": len(gold),
        "targets": {
            name: {
                "rows": int((gold.expressed[:, i] >= 0).sum()),
                "gold": [int((gold.levels[:, i] == k).sum()) for k in range(MAX_LEVEL + 1)],
            }
            for i, name in enumerate(TARGET_NAMES)
        },
        "signals": {
            name: {"count": int((gold.signals[:, i] == 1).sum())}
            for i, name in enumerate(SIGNAL_NAMES)
        },
    }


def nested(found: Mapping[str, Floats], gold: Gold) -> dict[str, Any]:
    """Turn figures into plain values by their dots, rounded to four digits, beside the counts."""
    values = counts(gold)
    for name, figure in found.items():
        *path, last = name.split(".")
        inner = values
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = metrics.rounded(figure[0])
    return values


def _prefixed(prefix: str, found: Figures) -> Figures:
    return {f"{prefix}.{name}": figure for name, figure in found.items()}


def _shows(gold: Gold, place: int, level: int) -> bool:
    """Tell whether some row is known to reach ``level``; for 0, whether any level is known."""
    if level == 0:
        return bool((gold.expressed[:, place] >= 0).any())
    return bool(gold.reached(place, level)[1].any())


def _target(gold: Gold, answers: Answers, weights: Floats, place: int) -> Figures:
    known = gold.levels[:, place] >= 0
    truth, level = gold.levels[known, place], answers.levels[known, place]
    found = {"qwk": metrics.quadratic_kappa(truth, level, weights[:, known])}
    for k in range(1, MAX_LEVEL + 1):
        known, passed = gold.reached(place, k)
        chances, level = answers.at_least[known, place, k - 1], answers.levels[known, place]
        counted = weights[:, known]
        found |= {
            f"f1_{k}": metrics.f1(passed, level >= k, counted),
            f"auroc_{k}": metrics.auroc(passed, chances, counted),
            f"brier_{k}": metrics.brier(passed, chances, counted),
            f"ece_{k}": metrics.expected_calibration_error(passed, chances, counted),
        }
    return found


def _signal(gold: Gold, answers: Answers, weights: Floats, place: int) -> Figures:
    known = gold.signals[:, place] >= 0
    truth, present = gold.signals[known, place] == 1, answers.signals[known, place]
    chances, weights = answers.chances[known, place], weights[:, known]
    return {
        "f1": metrics.f1(truth, present, weights),
        "precision": metrics.precision(truth, present, weights),
        "recall": metrics.recall(truth, present, weights),
        "auroc": metrics.auroc(truth, chances, weights),
        "brier": metrics.brier(truth, chances, weights),
    }


def _spans(gold: Gold, answers: Answers, weights: Floats, place: int) -> Figures:
    """Overlap with each annotation, averaged, and the annotations' overlap with each other."""
    found: Figures = {}
    most = max((len(views) for views in gold.spans), default=0)
    if answers.spans is not None:
        scores = []
        for view in range(most):
            having = [row for row, views in enumerate(gold.spans) if _knows(views, view, place)]
            truth = [gold.spans[row][view][place] for row in having]
            guess = [answers.spans[row][place] for row in having]
            scores.append(metrics.overlap_f1(truth, guess, weights[:, having]))
        found["f1"] = metrics.mean_known(scores, len(weights))
    twice = [
        row
        for row, views in enumerate(gold.spans)
        if _knows(views, 0, place) and _knows(views, 1, place)
    ]
    found["annotators_f1"] = metrics.overlap_f1(
        [gold.spans[row][0][place] for row in twice],
        [gold.spans[row][1][place] for row in twice],
        weights[:, twice],
    )
    return found


def _knows(views: Sequence[Any], view: int, place: int) -> bool:
    """Tell whether a row has this annotation, and the annotation spans of this kind."""
    return len(views) > view and views[view][place] is not None
