"""The card's sections about slower measurements, as the report takes them over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heard_training.files import read_toml
from heard_training.markdown import between, table, three
from heard_training.measure.compare import KEY_FIGURES

__all__ = ["ACCEPTED", "against_baselines", "on_goemotions", "robustness"]

ACCEPTED = Path("training/results/accepted.json")
_PUBLISHED = Path("training/published.toml")

_TOLD = (
    "mean_emotions.f1_1",
    "mean_emotions.f1_2",
    "targets.escalation.f1_2",
    "targets.escalation.auroc_2",
)
_ROBUST = {
    "unchanged_levels": "levels decided as before",
    **{
        name: KEY_FIGURES[name]
        for name in ("mean_emotions.auroc_1", "targets.escalation.auroc_2", "mean_signals_f1")
    },
}


def against_baselines(report: Mapping[str, Any]) -> str:
    """Tell how the bundle stands against simpler models."""
    parts = []
    for split, opponents in report["splits"].items():
        full = {title: found for title, found in opponents.items() if _TOLD[0] in found}
        first = next(iter(full.values()))
        rows = [("heard", *(three(first[name]["other"]) for name in KEY_FIGURES))]
        rows += [
            (t, *(three(found[name]["one"]) for name in KEY_FIGURES)) for t, found in full.items()
        ]
        ahead = [(t, *(between(found[name]) for name in _TOLD)) for t, found in full.items()]
        calm = opponents["VADER"]
        parts += [
            f"On `{split}`, {report['rows'][split]} rows:",
            table(("model", *KEY_FIGURES.values()), rows),
            "How far `heard` is ahead, with 95 % intervals:",
            table(("less", *(KEY_FIGURES[name] for name in _TOLD)), ahead),
            "VADER knows good and bad alone. Asked whether some emotion is expressed, it has F1 "
            f"{three(calm['not_calm.f1']['one'])} and AUROC "
            f"{three(calm['not_calm.auroc']['one'])}, `heard` "
            f"{three(calm['not_calm.f1']['other'])} and "
            f"{three(calm['not_calm.auroc']['other'])}; the difference of the AUROC is "
            f"{between(calm['not_calm.auroc'])}.",
        ]
    return "\n\n".join(parts)


def on_goemotions(found: Mapping[str, Any]) -> str:
    """Tell how the same code does on GoEmotions, beside published figures."""
    published = read_toml(_PUBLISHED)["goemotions"]
    rows: list[tuple[object, ...]] = [
        ("**this code**, MiniLM-L6", 23, three(found["tuned"]["macro_f1"]), "dev split", ""),
        ("the same, uncalibrated", 23, three(found["at_0.5"]["macro_f1"]), "0.5", ""),
    ]
    rows += [
        (p["model"], p["parameters"], three(p["macro_f1"]), p["thresholds"], p["source"])
        for p in published
    ]
    return table(("model", "million parameters", "macro-F1", "thresholds", "source"), rows)


def robustness(found: Mapping[str, Any]) -> str:
    """Tell how figures fall with the strength of each disturbance."""
    rows = [
        (
            how,
            f"{point['strength']:g} words"
            if points[-1]["strength"] > 1
            else f"{point['strength']:.0%}",
            *(three(point[name]) for name in _ROBUST),
        )
        for how, points in found.items()
        for point in (points if points[-1]["strength"] > 1 else points[1:])
    ]
    plain = next(iter(found.values()))[0]
    first = ("none", "", *(three(plain[name]) for name in _ROBUST))
    return table(("disturbance", "of the words", *_ROBUST.values()), [first, *rows])
