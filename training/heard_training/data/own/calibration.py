"""On which rows an output is calibrated: one's own alone, where there are enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heard_training.config import Heads
from heard_training.data.own.read import OWN

__all__ = ["prefer_own"]

#: Own rows of each kind, with and without, from which on the others have no say.
_ENOUGH = 30


def prefer_own(rows: Sequence[dict[str, Any]], heads: Heads) -> list[str]:
    """Mask an output in the other calibration rows where one's own suffice, in place.

    Elsewhere all rows count: a handful would set a threshold by chance, and an output that one's
    own rows do not label keeps to the authored ones.

    Returns:
        The outputs so masked: a signal's name, or ``angry >= 1``.
    """
    own = [row for row in rows if row["source"] == OWN]
    others = [row for row in rows if row["source"] != OWN]
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
