"""The card's sections about measurements that are saved beside the training code."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heard_training.errors import TrainingError
from heard_training.markdown import between, table, three
from heard_training.measure.behaviour import behaviour_page
from heard_training.measure.compare import KEY_FIGURES

__all__ = [
    "ACCEPTED",
    "BASELINES",
    "BEHAVIOUR",
    "GOEMOTIONS",
    "against_baselines",
    "behaviour",
    "goemotions_training",
    "on_goemotions",
]

_FOLDER = Path("training/results")
ACCEPTED, BASELINES, GOEMOTIONS = (
    _FOLDER / f"{name}.json" for name in ("accepted", "baselines", "goemotions")
)
BEHAVIOUR = Path("tests/known_failures/behaviour.json")
_BENCHMARK = "benchmark --config training/configs/goemotions.toml --out RUN --json"
_PUBLISHED = Path("training/published.toml")

#: How the card's tables head the key figures.
_TITLES = (
    "emotions, F1 >= 1",
    "F1 >= 2",
    "AUROC >= 1",
    "AUROC >= 2",
    "escalation, F1 >= 2",
    "AUROC >= 2",
    "kappa",
    "signals, F1",
)
_HEADS = dict(zip(KEY_FIGURES, _TITLES, strict=True))
_TOLD = (
    "mean_emotions.f1_1",
    "mean_emotions.f1_2",
    "targets.escalation.f1_2",
    "targets.escalation.auroc_2",
)


def against_baselines(sha256: str) -> str:
    """Tell how the shipped bundle stands against simpler models.

    Raises:
        TrainingError: when what is saved was measured with another bundle.
    """
    report = _read(BASELINES, "baselines --texts FOLDER --json", sha256)
    parts = []
    for split, opponents in report["splits"].items():
        full = {title: found for title, found in opponents.items() if _TOLD[0] in found}
        first = next(iter(full.values()))
        rows = [("heard", *(three(first[name]["other"]) for name in _HEADS))]
        rows += [(t, *(three(found[name]["one"]) for name in _HEADS)) for t, found in full.items()]
        ahead = [(t, *(between(found[name]) for name in _TOLD)) for t, found in full.items()]
        calm = opponents["VADER"]
        parts += [
            f"On `{split}`, {report['rows'][split]} rows:",
            table(("model", *_HEADS.values()), rows),
            "How far `heard` is ahead, with 95 % intervals:",
            table(
                (
                    "less",
                    "emotions, F1 >= 1",
                    "emotions, F1 >= 2",
                    "escalation, F1 >= 2",
                    "escalation, AUROC >= 2",
                ),
                ahead,
            ),
            "VADER knows good and bad alone. Asked whether some emotion is expressed, it has F1 "
            f"{three(calm['not_calm.f1']['one'])} and AUROC "
            f"{three(calm['not_calm.auroc']['one'])}, `heard` "
            f"{three(calm['not_calm.f1']['other'])} and "
            f"{three(calm['not_calm.auroc']['other'])}; the difference of the AUROC is "
            f"{between(calm['not_calm.auroc'])}.",
        ]
    return "\n\n".join(parts)


def behaviour(sha256: str) -> str:
    """Tell where the shipped bundle fails what any good model must do.

    Raises:
        TrainingError: when what is saved was measured with another bundle.
    """
    return behaviour_page(_read(BEHAVIOUR, "behaviour --json", sha256))


def on_goemotions() -> str:
    """Tell how the same code does on GoEmotions, beside published figures."""
    found = _read(GOEMOTIONS, _BENCHMARK)
    published = tomllib.loads(_PUBLISHED.read_text(encoding="utf-8"))["goemotions"]
    rows: list[tuple[object, ...]] = [
        ("**this code**, MiniLM-L6", 23, three(found["tuned"]["macro_f1"]), "dev split", ""),
        ("the same, uncalibrated", 23, three(found["at_0.5"]["macro_f1"]), "0.5", ""),
    ]
    rows += [
        (p["model"], p["parameters"], three(p["macro_f1"]), p["thresholds"], p["source"])
        for p in published
    ]
    return table(("model", "million parameters", "macro-F1", "thresholds", "source"), rows)


def goemotions_training() -> Mapping[str, Any]:
    """Return the record of the benchmark's training."""
    record: Mapping[str, Any] = _read(GOEMOTIONS, _BENCHMARK)["training"]
    return record


def _read(path: Path, command: str, sha256: str | None = None) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path} cannot be read: run `heard-train {command} {path}` at the root of a clone."
        ) from error
    if sha256 is not None and found["sha256"] != sha256:
        raise TrainingError(
            f"{path} was measured with another bundle: run `heard-train {command} {path}`."
        )
    return found
