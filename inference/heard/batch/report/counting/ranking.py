"""The few messages that a page lists, from as many as there are."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any

from heard.labels import EMOTION_NAMES

__all__ = ["MOST_BITS", "Listed", "Top", "uncertainty"]

#: What :func:`uncertainty` sums: the four emotions and the risk, a bit each.
MOST_BITS = len(EMOTION_NAMES) + 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A message by what may be shown of it: everything but its text.

    ``row`` counts the rows that were added, from 1; ``day`` is an ordinal, ``None`` where no date
    could be read or its day and month may be swapped.
    """

    row: int
    id: str
    day: int | None
    level: int
    risk: float
    primary: str
    signals: tuple[str, ...]
    uncertain: tuple[str, ...]
    bits: float


class Top:
    """Keeps the messages of the highest score; of equal ones, those that came first."""

    def __init__(self, most: int) -> None:
        """Begin empty; at the most ``most`` are kept."""
        self._most = most
        self._heap: list[tuple[float, int, Listed]] = []

    def wants(self, score: float) -> bool:
        """Tell whether a message of this score would be kept, before it is made ready."""
        return len(self._heap) < self._most or (bool(self._heap) and score > self._heap[0][0])

    def add(self, score: float, message: Listed) -> None:
        """Keep the message while it is among the highest."""
        entry = (score, -message.row, message)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapq.heapreplace(self._heap, entry)

    def __iter__(self) -> Iterator[Listed]:
        """Iterate from the highest score down."""
        return (message for _, _, message in sorted(self._heap, reverse=True))

    def __len__(self) -> int:
        return len(self._heap)


def uncertainty(row: Mapping[str, Any]) -> float:
    """Sum the entropy of the emotions' probabilities and of the risk: 0 to 5 bits."""
    chances = (*(row[f"{name}_probability"] for name in EMOTION_NAMES), row["risk"])
    return sum(_entropy(float(chance)) for chance in chances)


def _entropy(chance: float) -> float:
    if not 0 < chance < 1:
        return 0.0
    return -chance * log2(chance) - (1 - chance) * log2(1 - chance)
