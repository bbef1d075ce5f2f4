"""What a run has counted, and its summary for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from heard.labels import EMOTION_NAMES, ESCALATION_LEVELS
from heard.types import Assessment

__all__ = ["Counts"]


@dataclass
class Counts:
    """Messages that were scored, by what was found in them, and rows that were rejected."""

    scored: int = 0
    rejected: int = 0
    truncated: int = 0
    other_language: int = 0
    primary: Counter[str] = field(default_factory=Counter)
    escalation: Counter[str] = field(default_factory=Counter)

    def add(self, assessment: Assessment) -> None:
        """Count one message."""
        self.scored += 1
        self.truncated += assessment.truncated
        self.other_language += assessment.language == "other"
        self.primary[assessment.primary] += 1
        self.escalation[assessment.escalation.name] += 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Counts:
        """Read what :meth:`to_dict` wrote; raises ``KeyError`` and ``TypeError``."""
        counters = {name: Counter(data[name]) for name in ("primary", "escalation")}
        return cls(**{**data, **counters})

    def lines(self) -> list[str]:
        """Say it for a person, a line a figure."""
        if not self.scored:
            return []
        said = [
            self._shares("primary", self.primary, ("none", *EMOTION_NAMES)),
            self._shares("escalation", self.escalation, [one.name for one in ESCALATION_LEVELS]),
        ]
        if self.other_language:
            said.append(f"not English {self.other_language:,} (the model knows English only)")
        if self.truncated:
            said.append(f"cut short   {self.truncated:,} (too long to be read to the end)")
        return said

    def _shares(self, title: str, counter: Counter[str], names: Iterable[str]) -> str:
        shares = (f"{name} {counter[name] / self.scored:.1%}" for name in names)
        return f"{title:<11} {', '.join(shares)}"
