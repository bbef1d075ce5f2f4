"""A draft beside the message that it answers, read once for all rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from heard.reply.clauses import sentences
from heard.reply.context import Context
from heard.types import Assessment

__all__ = ["Draft"]


@dataclass(frozen=True)
class Draft:
    """A draft with its message's assessment and its context."""

    text: str
    assessment: Assessment
    context: Context

    @cached_property
    def plain(self) -> str:
        """The draft in lower case with straight apostrophes, of the same length."""
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)
        return lower.replace("\u2019", "'")

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """The places of the draft's sentences."""
        return tuple(sentences(self.text))

    @cached_property
    def message(self) -> str:
        """The message in lower case with straight apostrophes."""
        return self.assessment.text.lower().replace("\u2019", "'")

    def each(self) -> Iterator[tuple[int, int, str]]:
        """Give each sentence's place and its plain text."""
        for start, end in self.sentences:
            yield start, end, self.plain[start:end]

    def sentence_at(self, place: int) -> tuple[int, int]:
        """Find the sentence that a place lies in."""
        for start, end in self.sentences:
            if place < end:
                return start, end
        return 0, len(self.text)

    def chance(self, emotion: str, level: int) -> float:
        """P(level >= ``level``) of an emotion in the message."""
        return self.assessment.emotions[emotion].at_least[level - 1]

    @property
    def feelings_run_high(self) -> bool:
        """Whether a hostile or hurt emotion is clear, or escalation is high with one expressed."""
        emotions = self.assessment.emotions
        strongest = max(emotions[name].level for name in ("angry", "frustrated", "humiliated"))
        return strongest >= 2 or (strongest == 1 and self.assessment.escalation.level >= 2)
