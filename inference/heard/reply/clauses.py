"""The clause of a message around a span: spans are words, and an agent says back clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from heard.reply.mentions import without_mention
from heard.types import Span

__all__ = ["clauses_around", "sentences", "stems"]

#: A longer sentence is not said back whole.
_MOST_WORDS = 17

#: Emoji end a sentence as a full stop does.
_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf"
_SENTENCE = re.compile(
    rf"(?:[^.!?\n{_EMOJI}]|\.(?=\d)|(?<=\b[A-Za-z])\.(?=[A-Za-z]\b))+[.!?]*[\"\u201d]?"
)
_PIECE = re.compile(
    r"[,;:]\s|\s[-\u2013\u2014]+\s|\s(?=(?:and|but|so|because|cause|which|while|who|where|yet)\s)"
)

_JOINED = re.compile(r"\b(?:and|but|so|because|that|says|say|said)$", re.IGNORECASE)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Give the sentences of a text as ``[start, end)``, without the space around them."""
    for match in _SENTENCE.finditer(text):
        found = match[0]
        if found.strip():
            left = len(found) - len(found.lstrip())
            yield match.start() + left, match.start() + len(found.rstrip())


def clauses_around(text: str, span: Span, apart: Sequence[Span] = ()) -> list[str]:
    """Give what may be said back for a span, the fullest first, the span itself last.

    Args:
        text: the message.
        span: what the model marked, often a part of a clause.
        apart: spans that must not come in with a whole sentence, such as those of feelings.
    """
    found = []
    for start, end in sentences(text):
        if start < span.end and span.start < end:
            whole = text[start:end]
            mixed = any(
                start < other.end
                and other.start < end
                and not (span.start <= other.start and other.end <= span.end)
                for other in apart
            )
            if len(whole.split()) <= _MOST_WORDS and not mixed:
                found.append(whole)
            found.append(_pieces(text, start, end, span))
            break
    if _begins_clause(text, span.start):
        found.append(span.text)
    return [*dict.fromkeys(found)]


def _begins_clause(text: str, start: int) -> bool:
    """Tell whether a sentence or a clause can begin here: a span often cuts into one."""
    before = without_mention(text[:start].rstrip())
    return not before or before[-1] in ".!?,;:-\n\u2013\u2014" or bool(_JOINED.search(before))


def _pieces(text: str, start: int, end: int, span: Span) -> str:
    """Take the parts of a sentence, between commas and conjunctions, that the span touches."""
    cuts = [start]
    cuts += [start + match.end() for match in _PIECE.finditer(text[start:end])]
    cuts.append(end)
    touched = [
        (left, right) for left, right in pairwise(cuts) if left < span.end and span.start < right
    ]
    return text[touched[0][0] : touched[-1][1]].strip(" ,;:-\u2013\u2014")


_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
#: Words that say nothing about what a message is about.
_EMPTY = frozenset(
    """
    about after again all also already always and another any anything are because been before
    being but can can't come could did didn't does doesn't don't done down each even ever every
    everything far for from get gets getting give given goes going gone good got had has have
    haven't having her here him his how i'd i'll i'm i've into isn't it's its just keep know let
    like look made make many may me mine more most much must my myself need never next not
    nothing now off once one only other our out over own please put really right said same say
    see she should since some something still such sure take tell than thank thanks that that's
    the their them then there these they thing this those though time today told too try two
    under until upon use very want wanted was wasn't way we we're we've well went were what
    what's when where which while who why will with won't would yes yet you you'd you'll you're
    you've your yours hello hi dear sorry help message contact reply
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
