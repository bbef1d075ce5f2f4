"""The clause of a message around a span: spans are words, and an agent says back clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from heard.types import Span

__all__ = ["clauses_around", "sentences"]

#: A longer sentence is not said back whole.
_MOST_WORDS = 17

_SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\d)|(?<=\b[A-Za-z])\.(?=[A-Za-z]\b))+[.!?]*")
_PIECE = re.compile(
    r"[,;:]\s|\s[-\u2013\u2014]+\s|\s(?=(?:and|but|so|because|cause|which|while|who|where|yet)\s)"
)


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
    return [*dict.fromkeys([*found, span.text])]


def _pieces(text: str, start: int, end: int, span: Span) -> str:
    """Take the parts of a sentence, between commas and conjunctions, that the span touches."""
    cuts = [start]
    cuts += [start + match.end() for match in _PIECE.finditer(text[start:end])]
    cuts.append(end)
    touched = [
        (left, right) for left, right in pairwise(cuts) if left < span.end and span.start < right
    ]
    return text[touched[0][0] : touched[-1][1]].strip(" ,;:-\u2013\u2014")
