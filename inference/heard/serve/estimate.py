"""How long something will take, learnt from how long it took."""

from __future__ import annotations

__all__ = ["Estimate"]

#: How much a new measurement counts beside all before it.
_LEARNING = 0.05


class Estimate:
    """A running mean of seconds with its mean deviation.

    As TCP estimates round trips (Jacobson, "Congestion Avoidance and Control", 1988).
    """

    def __init__(self, seconds: float) -> None:
        """Begin with a guess."""
        self.mean = seconds
        self.deviation = seconds / 2

    def learn(self, seconds: float) -> None:
        """Take in a measurement."""
        error = seconds - self.mean
        self.mean += _LEARNING * error
        self.deviation += _LEARNING * (abs(error) - self.deviation)

    def doubt(self, factor: float) -> None:
        """Expect less, where nothing can be measured while too much is expected."""
        self.mean *= factor
        self.deviation *= factor

    @property
    def careful(self) -> float:
        """Seconds that are seldom exceeded."""
        return self.mean + self.deviation
