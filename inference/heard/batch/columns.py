"""An assessment as flat columns, for tables: no nesting, the same columns for every row."""

from __future__ import annotations

from heard.labels import EMOTION_NAMES, ESCALATION
from heard.types import Assessment

__all__ = ["COLUMNS", "Value", "flat"]

Value = str | int | float | bool

#: Name and type of every column, in the order in which :func:`flat` gives them.
COLUMNS: tuple[tuple[str, type], ...] = (
    ("primary", str),
    *(
        column
        for name in EMOTION_NAMES
        for column in ((f"{name}_level", int), (f"{name}_probability", float))
    ),
    (f"{ESCALATION.name}_level", int),
    (ESCALATION.name, str),
    ("risk", float),
    ("signals", str),
    ("uncertain", str),
    ("language", str),
    ("unknown_share", float),
    ("tokens", int),
    ("truncated", bool),
)


def flat(assessment: Assessment) -> dict[str, Value]:
    """Give the columns of one assessment, named and ordered as :data:`COLUMNS`.

    Probabilities are written as ``to_dict`` writes them. ``signals`` are the names of those decided
    present, most probable first, and ``uncertain`` those of emotions, joined by one space.
    """
    whole = assessment.to_dict()
    columns: dict[str, Value] = {"primary": whole["primary"]}
    for name in EMOTION_NAMES:
        columns[f"{name}_level"] = whole["emotions"][name]["level"]
        columns[f"{name}_probability"] = whole["emotions"][name]["probability"]
    escalation = whole["escalation"]
    return columns | {
        f"{ESCALATION.name}_level": escalation["level"],
        ESCALATION.name: escalation["name"],
        "risk": escalation["risk"],
        "signals": " ".join(signal["name"] for signal in whole["signals"]),
        "uncertain": " ".join(whole["uncertain"]),
        **{name: whole[name] for name in ("language", "unknown_share", "tokens", "truncated")},
    }
