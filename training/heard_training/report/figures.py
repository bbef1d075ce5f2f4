"""The card's tables of figures, with intervals, and of calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heard.labels import EMOTION_NAMES, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.markdown import ranged, table, three
from heard_training.measure.compare import KEY_FIGURES
from heard_training.measure.evaluate import FEWEST_FOR_MEAN

__all__ = ["LEVEL_TITLES", "SIGNAL_TITLES", "calibration", "split_figures"]

_SPLITS = {
    "dev": "Dev: real messages (tweets to airlines and companies, airline reviews, complaints)",
    "test": "Test: authored messages kept aside by blocks (`split: test`)",
}
#: What is told of every target, and of every signal, and how tables head it.
LEVEL_TITLES = {
    "f1_1": "F1 >= 1",
    "f1_2": "F1 >= 2",
    "qwk": "kappa",
    "auroc_1": "AUROC >= 1",
    "auroc_2": "AUROC >= 2",
}
SIGNAL_TITLES = {"f1": "F1", "precision": "precision", "recall": "recall", "auroc": "AUROC"}
_SLICED = (
    "mean_emotions.f1_1",
    "mean_emotions.auroc_1",
    "targets.escalation.f1_2",
    "targets.escalation.auroc_2",
)

Split = Mapping[str, Any]


def split_figures(splits: Mapping[str, Split]) -> str:
    """Lay out each split's figures: levels, signals, spans and slices."""
    return "\n\n".join(
        part for name, split in splits.items() for part in _parts(_SPLITS[name], split)
    )


def _parts(title: str, split: Split) -> Iterator[str]:
    found, counts = split["figures"], split["counts"]
    yield f"### {title}, {counts['rows']} rows"
    rows = [
        (
            name,
            " / ".join(str(count) for count in counts["targets"][name]["gold"]),
            *(ranged(found[f"targets.{name}.{key}"]) for key in LEVEL_TITLES),
        )
        for name in TARGET_NAMES
    ]
    means = (ranged(found[f"mean_emotions.{key}"]) for key in LEVEL_TITLES)
    rows.append((f"mean of the {len(EMOTION_NAMES)} emotions", "", *means))
    yield table(("target", "gold 0 / 1 / 2 / 3", *LEVEL_TITLES.values()), rows)
    yield table(
        ("signal", "positives", *SIGNAL_TITLES.values()),
        [
            (
                name,
                counts["signals"][name]["count"],
                *(ranged(found[f"signals.{name}.{key}"]) for key in SIGNAL_TITLES),
            )
            for name in SIGNAL_NAMES
        ],
    )
    mean = ranged(found["mean_signals_f1"])
    yield f"Mean F1 over signals with at least {FEWEST_FOR_MEAN} positives: {mean}."
    yield table(
        ("span kind", "overlap F1", "annotators with each other"),
        [
            (
                kind,
                ranged(found[f"spans.{kind}.f1"]),
                three(found[f"spans.{kind}.annotators_f1"][0]),
            )
            for kind in SPAN_NAMES
        ],
    )
    yield table(
        ("slice", "rows", *(KEY_FIGURES[key] for key in _SLICED), "ECE", "of an ideal model"),
        [
            (
                name,
                part["rows"],
                *(ranged(part["figures"][key]) for key in _SLICED),
                three(part["reliability"]["ece"]),
                three(part["reliability"]["ece_of_ideal"]),
            )
            for name, part in split["slices"].items()
        ],
    )


def calibration(splits: Mapping[str, Split]) -> str:
    """Lay out calibration per question, and what decisions outside the bands are worth."""
    questions = next(iter(splits.values()))["reliability"]
    heads = [
        head
        for name in splits
        for head in (f"{name}: ECE", "of an ideal model", "Brier", "Brier skill")
    ]
    rows = [
        (
            question,
            *(
                three(split["reliability"][question][key])
                for split in splits.values()
                for key in ("ece", "ece_of_ideal", "brier", "brier_skill")
            ),
        )
        for question in questions
    ]
    sure = [
        (
            f"{emotion}, {name}",
            *(
                _percent(split["outside_bands"][emotion][key])
                for key in ("share", "inside", "expressed", "not_expressed")
            ),
        )
        for name, split in splits.items()
        for emotion in EMOTION_NAMES
    ]
    return "\n\n".join(
        (
            table(("question", *heads), rows),
            "Decisions on emotions, inside and outside the bands of uncertainty:",
            table(
                (
                    "emotion, rows",
                    "in the band",
                    "right inside",
                    '"expressed" right outside',
                    '"not expressed" right outside',
                ),
                sure,
            ),
        )
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
