"""Holds a bundle to a reference: no figure may fall further than a tolerance file allows.

The reference is another bundle, or figures that were accepted and saved before. A tolerance file
is TOML with three tables, each from figures (dotted names; ``*`` stands for any part of one) to
numbers: ``[fall]``, how far a figure may lie below the reference; ``[rise]``, how far above it,
for errors; ``[at_least]``, the least that it may be, whatever the reference says. Where several
patterns fit a name, the last one counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from datasets import Dataset

from heard import load
from heard_training.errors import TrainingError
from heard_training.files import read_toml
from heard_training.measure.answers import Gold, ask
from heard_training.measure.evaluate import figures
from heard_training.measure.metrics import rounded

__all__ = ["Tolerances", "failures", "measured", "read_reference", "read_tolerances"]

_TABLES = ("fall", "rise", "at_least")

#: Dotted names to figures; ``None`` where the rows do not define one.
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Tolerances:
    """Patterns of figures with what is allowed for each, in the file's order."""

    fall: Mapping[str, float]
    rise: Mapping[str, float]
    at_least: Mapping[str, float]


def read_tolerances(path: Path) -> Tolerances:
    """Read a tolerance file.

    Raises:
        TrainingError: when it is missing, broken, or holds anything but numbers from 0 to 1.
    """
    tables = read_toml(path)
    for name, values in tables.items():
        if name not in _TABLES or not isinstance(values, dict):
            raise TrainingError(f"{path}: [{name}] is no table: choose {', '.join(_TABLES)}.")
        for figure, allowed in values.items():
            if type(allowed) not in (int, float) or not 0 <= allowed <= 1:
                raise TrainingError(
                    f'{path}: "{figure}" in [{name}] is {allowed!r}, not a number from 0 to 1 '
                    "(names with dots stand in quotes)."
                )
    if not any(tables.values()):
        raise TrainingError(f"{path} allows anything: give tolerances in {', '.join(_TABLES)}.")
    return Tolerances(**{name: tables.get(name, {}) for name in _TABLES})


def measured(bundle: Path | None, rows: Dataset) -> dict[str, Any]:
    """Measure a bundle (``None``: the shipped one) on rows, as a reference to be saved."""
    analyzer = load(bundle)
    found = figures(Gold.of(rows), ask(analyzer, rows["text"][:]))
    digest = hashlib.sha256()
    for row in rows.select_columns(["text", "gold_levels", "gold_signals", "annotated_spans"]):
        digest.update(json.dumps(row, sort_keys=True).encode())
    return {
        "model": {"name": analyzer.model.name, "version": analyzer.model.version},
        "sha256": analyzer.model.sha256,
        "rows": len(rows),
        "rows_sha256": digest.hexdigest(),
        "figures": {name: rounded(figure[0], digits=6) for name, figure in sorted(found.items())},
    }


def read_reference(path: Path, rows_sha256: str) -> dict[str, Any]:
    """Read figures that were accepted before.

    Raises:
        TrainingError: when there are none, or they were measured on other rows.
    """
    try:
        reference = json.loads(path.read_text(encoding="utf-8"))
        same = reference["rows_sha256"] == rows_sha256 and isinstance(reference["figures"], dict)
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} holds no figures that `gate --accept` wrote.") from error
    if not same:
        raise TrainingError(
            f"The figures of {path} were measured on other rows: measure on those, or accept anew "
            "with --accept."
        )
    found: dict[str, Any] = reference
    return found


def failures(candidate: Figures, reference: Figures, allowed: Tolerances) -> list[str]:
    """Name each figure of ``candidate`` that is worse than it may be, a sentence each.

    A figure that the candidate's or the reference's rows do not define can neither fall nor rise.

    Raises:
        TrainingError: for a pattern that fits no figure at all.
    """
    for table in _TABLES:
        for pattern in getattr(allowed, table):
            if not any(fnmatchcase(name, pattern) for name in candidate):
                raise TrainingError(f'No figure fits "{pattern}" in [{table}]: mend its name.')
    found = []
    for name, value in candidate.items():
        fall, rise, least = (_last(getattr(allowed, table), name) for table in _TABLES)
        before = reference.get(name)
        if value is None:
            continue
        if fall is not None and before is not None and value < before - fall:
            found.append(f"{name} fell from {before:.4f} to {value:.4f}, by more than {fall:g}")
        if rise is not None and before is not None and value > before + rise:
            found.append(f"{name} rose from {before:.4f} to {value:.4f}, by more than {rise:g}")
        if least is not None and value < least:
            found.append(f"{name} is {value:.4f}, less than {least:g}")
    return found


def _last(table: Mapping[str, float], name: str) -> float | None:
    fitting = [allowed for pattern, allowed in table.items() if fnmatchcase(name, pattern)]
    return fitting[-1] if fitting else None
