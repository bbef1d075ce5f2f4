"""On which rows an output is calibrated: the nearest to what it will meet, where there are enough.

Nearest are one's own. Of the others, real messages and slices that were written as a sample of
what companies receive are nearer than slices written to show a label or to hold two wordings beside
each other: how often a feeling stands in those, and which others stand beside it, was planned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from heard_training.config import Heads
from heard_training.data.own.read import OWN
from heard_training.errors import TrainingError
from heard_training.files import read_toml

__all__ = ["is_own", "prefer", "read_sampled", "sampled"]

#: Rows of each kind, with and without, from which on the others have no say.
_ENOUGH = 30

Row = Mapping[str, Any]


def read_sampled(path: Path) -> frozenset[str]:
    """Read which slices of the authored corpus are samples of what companies receive.

    Raises:
        TrainingError: when the file is missing or broken.
    """
    names = read_toml(path).get("sampled")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TrainingError(f"{path} has no list of slices named `sampled`.")
    return frozenset(names)


def is_own(row: Row) -> bool:
    """Whether a row is one's own."""
    return bool(row["source"] == OWN)


def sampled(slices: frozenset[str]) -> Callable[[Row], bool]:
    """Return what tells whether a row is a message as companies receive them."""

    def is_sampled(row: Row) -> bool:
        return row["source"] != "authored" or row["source_id"].rpartition("-")[0] in slices

    return is_sampled


def prefer(
    rows: Sequence[dict[str, Any]], chosen: Callable[[Row], bool], heads: Heads
) -> list[str]:
    """Mask an output in the calibration rows not ``chosen`` where the chosen suffice, in place.

    Elsewhere all rows count: a handful would set a threshold by chance, and an output that the
    chosen rows do not label keeps to the others.

    Returns:
        The outputs so masked: a signal's name, or ``angry >= 1``.
    """
    own = [row for row in rows if chosen(row)]
    others = [row for row in rows if not chosen(row)]
    preferred = []
    for place, name in enumerate(heads.levels):
        for k in range(len(own[0]["level_mask"][place]) if own else 0):
            pairs = [(row["level_targets"][place][k], row["level_mask"][place][k]) for row in own]
            if _suffice(pairs):
                preferred.append(f"{name} >= {k + 1}")
                for row in others:
                    row["level_mask"][place][k] = 0.0
    for place, name in enumerate(heads.signals):
        if _suffice([(row["signal_targets"][place], row["signal_mask"][place]) for row in own]):
            preferred.append(name)
            for row in others:
                row["signal_mask"][place] = 0.0
    return preferred


def _suffice(pairs: Sequence[tuple[float, float]]) -> bool:
    known = [target >= 0.5 for target, mask in pairs if mask]
    return min(sum(known), len(known) - sum(known)) >= _ENOUGH
