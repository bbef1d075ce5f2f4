"""A draft beside the message that it answers, read once for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from heard.reply.clauses import sentences
from heard.reply.context import Context
from heard.types import Assessment

__all__ = ["Draft", "stems"]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
#: Words that say nothing about what a message is about.
_EMPTY = frozenset(
    """
    about after again all also already always and another any anything are because been before being
    but can can't come could did didn't does doesn't don't done down each even ever every everything
    far for from get gets getting give given goes going gone good got had has have haven't having her
    here him his how i'd i'll i'm i've into isn't it's its just keep know let like look made make many
    may me mine more most much must my myself need never next not nothing now off once one only other
    our out over own please put really right said same say see she should since some something still
    such sure take tell than thank thanks that that's the their them then there these they thing this
    those though time today told too try two under until upon use very want wanted was wasn't way we
    we're we've well went were what what's when where which while who why will with won't would yes
    yet you you'd you'll you're you've your yours hello hi dear sorry help message contact reply
    """.split()
)
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"twice": "2", "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}


def stems(text: str) -> set[str]:
    """Give the words that a text is about, cut to five letters so that their forms agree."""
    found = set()
    for match in _WORD.finditer(text.lower().replace("\u2019", "'")):
        word = match[0]
        if word in _NUMBERS or word.isdigit():
            found.add(_NUMBERS.get(word, word))
        elif len(word) > 2 and word not in _EMPTY:
            found.add(word.removesuffix("'s")[:5])
    return found


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
