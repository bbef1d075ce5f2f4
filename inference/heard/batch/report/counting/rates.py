"""Shares of counts, and how sure they are."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

__all__ = ["Rate"]

#: The normal quantile of a 95 % interval.
_Z = 1.959963984540054


class Rate(NamedTuple):
    """``hits`` out of ``of``."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; ``None`` out of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson score interval; everything from 0 to 1 out of nothing."""
        if not self.of:
            return 0.0, 1.0
        share, spread = self.hits / self.of, _Z * _Z / self.of
        middle = (share + spread / 2) / (1 + spread)
        half = sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
        # At the ends the formula gives the end itself, but for the rounding.
        low = middle - half if self.hits else 0.0
        high = middle + half if self.hits < self.of else 1.0
        return low, high
