"""Feeling words: which word of the customer's own an agent may say back, and how."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["FeelingWord", "find_feelings", "mirror", "plain", "read_lexicon"]

#: Words before a feeling word that deny it.
_DENIAL = re.compile(r"\b(?:not|never|no|isn't|wasn't|n't|hardly|without|less)\W+(?:\w+\W+)?$")


@dataclass(frozen=True, slots=True)
class FeelingWord:
    """A word or phrase with the emotion that it names and how strongly, 1 to 3.

    ``said`` is how an agent may say it back after "you sound", or empty where nobody should.
    """

    word: str
    emotion: str
    strength: int
    said: str
    pleasant: bool


@cache
def read_lexicon() -> dict[str, FeelingWord]:
    """Read the lexicon: every word and form in lower case to its entry."""
    text = files(__package__).joinpath("feelings.toml").read_text(encoding="utf-8")
    found = {}
    for entry in tomllib.loads(text)["feeling"]:
        word = FeelingWord(
            entry["word"], entry["emotion"], entry["strength"], entry["said"], entry["pleasant"]
        )
        for form in (entry["word"], *entry["forms"]):
            found[form] = word
    return found


@cache
def _pattern() -> re.Pattern[str]:
    # The longest first: "should be ashamed" is anger, "ashamed" is not.
    forms = sorted(read_lexicon(), key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, forms))})(?![\w'])")


def plain(text: str) -> str:
    """Give a text in lower case with straight apostrophes, of the same length."""
    low = text.lower()
    if len(low) != len(text):  # a letter that grows in lower case would move the offsets
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return low.replace("\u2019", "'")


def find_feelings(text: str) -> list[tuple[int, int, FeelingWord]]:
    """Find feeling words that are not denied: ``(start, end, word)`` in code points."""
    low = plain(text)
    return [
        (match.start(), match.end(), read_lexicon()[match[0]])
        for match in _pattern().finditer(low)
        if not _DENIAL.search(low[max(0, match.start() - 24) : match.start()])
    ]


def mirror(spans: Iterable[str], emotion: str, level: int) -> str | None:
    """Return how to say back the customer's strongest own word for ``emotion``.

    None above ``level``, the strength that was expressed; ``None`` where they used no such word.
    """
    words = [word for span in spans for _, _, word in find_feelings(span)]
    fitting = [w for w in words if w.emotion == emotion and w.strength <= level and w.said]
    return max(fitting, key=lambda word: word.strength).said if fitting else None
