"""A draft beside the message that it answers, read once for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from heard.reply.clauses import sentences
from heard.reply.context import Context
from heard.reply.lexicon import plain
from heard.reply.mentions import UNQUOTED
from heard.types import Assessment

__all__ = ["Draft", "Place", "requests"]

#: Where something stands in a draft: ``[start, end)`` in code points.
Place = tuple[int, int]

_PERSONS = re.compile(
    r"\b(?:i'm|i've|i'd|i'll|you're|you've|you'd|you'll|we're|we've|we'd|we'll|i|you|we|me|us|my|"
    r"your|"
    r"our|mine|yours|ours|myself|yourself|ourselves|am|are|was|were)\b"
)
_QUOTED = re.compile(r'"([^"]+)"')
_REQUEST = re.compile(
    r"\?|\b(?:please|kindly|could you|can you|would you|may i|can i|i(?:'ll)? need|we(?:'ll)? need|"
    r"i(?:'d| would) (?:need|like you to)|let (?:me|us) (?:know|have)|give (?:me|us)|send (?:me|"
    r"us)|"
    r"tell (?:me|us)|(?:can|could|would|will) you (?:\w+ )?\w+|"
    r"^(?:and |then |so )?(?:confirm|provide|share|supply|describe|explain))\b"
)
#: A quotation with which a sentence ends.
_ENDING = re.compile(r'[.?!]"(?=\s+[A-Z]|\s*$)')


def requests(sentence: str) -> bool:
    """Tell whether a sentence, in lower case, asks the customer for something."""
    return bool(_REQUEST.search(sentence))


def _folded(text: str) -> str:
    """Fold persons together, and all but words away."""
    return " ".join(re.findall(r"[\w~]+(?:'\w+)*", _PERSONS.sub("~", text)))


@dataclass(frozen=True)
class Draft:
    """A draft with its message's assessment, its context and the messages before."""

    text: str
    assessment: Assessment
    context: Context
    earlier: tuple[str, ...] = ()

    @cached_property
    def plain(self) -> str:
        """The draft in lower case with straight apostrophes, of the same length.

        What it quotes from the message is blanked out: those words are not the agent's.
        """
        return _QUOTED.sub(
            lambda found: " " * len(found[0]) if self._is_said(found[1]) else found[0],
            plain(self.text),
        )

    @cached_property
    def quotations(self) -> tuple[str, ...]:
        """What the draft quotes from the message, in lower case with straight apostrophes."""
        return tuple(filter(self._is_said, _QUOTED.findall(plain(self.text))))

    def _is_said(self, quoted: str) -> bool:
        words = " ".join(quoted.split()).strip(" .?!")
        return bool(words) and any(words in said for said in self._said)

    @cached_property
    def _said(self) -> tuple[str, str]:
        """The message on one line, and without what quotations of it leave out."""
        whole = self.message
        return " ".join(whole.split()), " ".join(UNQUOTED.sub("", whole).split())

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """The places of the draft's sentences; a quotation ends one with its last mark."""
        ended = (at for match in _ENDING.finditer(self.text) for at in range(*match.span()))
        marks = {at: self.text[at] for at in ended if self.plain[at] == " "}
        return tuple(sentences("".join(marks.get(at, c) for at, c in enumerate(self.plain))))

    @cached_property
    def message(self) -> str:
        """What the customer said, here and before, in lower case with straight apostrophes."""
        return plain(self.said)

    @property
    def said(self) -> str:
        """What the customer said, here and before."""
        return "\n".join((*self.earlier, self.assessment.text))

    def each(self) -> Iterator[tuple[int, int, str]]:
        """Give each sentence's place and its plain text."""
        for start, end in self.sentences:
            yield start, end, self.plain[start:end]

    def is_theirs(self, start: int, end: int) -> bool:
        """Tell whether these words are the customer's own, said back with the persons shifted."""
        return self.says_back(self.plain[start:end])

    def says_back(self, words: str) -> bool:
        """Tell the same of any words."""
        folded = _folded(plain(words))
        return bool(folded) and f" {folded} " in self._folded_message

    @cached_property
    def _folded_message(self) -> str:
        return f" {_folded(self.message)} "

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
