"""Text in, normalised text out, with every character's way back to the original.

The one normalisation of the project: training imports it, so that the model reads in service just
what it read in training. Change it only together with :data:`NORMALISATION` and a new model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heard.errors import InputError

__all__ = ["NORMALISATION", "Normalised", "check_text", "normalise"]

#: Version of the rules below; a bundle names the one it was trained with.
NORMALISATION = 3

_SURROGATE = re.compile("[\ud800-\udfff]")

# Characters without a shape of their own: zero-width and bidirectional marks, soft hyphens,
# variation selectors, skin tones, and the tags that spell out flags.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)
_EMOJI = (
    "\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)

# Cyrillic and Greek letters that look like Latin ones, each over its double (the commonest of
# Unicode's confusables, UTS 39): folded only beside Latin letters, where they are a disguise.
_FOREIGN = "асԁеһіјӏорԛѕтухԝАВСЕНІЈКМОРЅТХΥαινορτυχΑΒΕΗΙΚΜΝΟΡΤΧΖ"
_LATIN = "acdehijlopqstyxwABCEHIJKMOPSTXYaivoptuxABEHIKMNOPTXZ"

# One scan with one alternative a rule; the names decide what becomes of a match. Each begins with
# the characters that it can begin with, and those beyond ASCII share one test: most places of most
# messages begin nothing, and are passed over at little cost.
_RULES = re.compile(
    rf"""
      (?P<space>[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]+)
    | (?P<link>(?:https?://|www\.)\S+)
    | (?P<handle>@(?<![\w@.]@)\w+|_(?<!\w_)_[A-Za-z]+__(?!\w))   # @NorvikAir, __company__
    | (?P<mask>X(?<!\wX)X+(?:[\s/]+X{{2,}})*(?:/\d{{2,4}})?\b)   # XXXX XXXX, XX/XX/2025
    | (?P<repeat>(?P<one>[A-Za-z!?.])(?P=one){{3,}})           # soooooo, !!!!!!!!
    | (?=[^\x00-\x7f])(?:
          (?P<drop>[{_INVISIBLE}]+)
        | (?P<emoji>[{_EMOJI}])
        | (?P<lookalike>(?<=[A-Za-z])[{_FOREIGN}]+|[{_FOREIGN}]+(?=[A-Za-z]))
        | (?P<other>.)
      )
    """,
    re.VERBOSE,
)

# Curly quotes and the en dash, which NFKC leaves as they are.
_PLAIN = str.maketrans("\u2018\u2019\u201b\u201c\u201d\u201e\u2013", "'''\"\"\"-")

_FIXED = {"drop": "", "space": " ", "link": "http", "mask": "xxxx"}

# Accounts that companies keep for requests, by the name: @NorvikHelp, @AskNorvik, @norvik_care.
# What is asked of them is no call-out; of other names nothing is known that is worth reading.
_SUPPORT = re.compile(
    r"""
      @[Aa]sk(?:e?[A-Z]|_)
    | @(?!\w*(?i:(?:health|medi|child|skin|day|who|nobody)_?cares?))   # not @MediCare
      \w*(?: [A-Za-z0-9](?:Help|Support|Assist|Service|Cares?)
          | _(?i:help|support|assist|service|cares?)
          | help | support | [a-z]{4}cares )
      (?:_?[A-Z]{2}|[0-9]{1,2})?\Z                                  # @NorvikHelpUK
    """,
    re.ASCII | re.VERBOSE,
)


def _handle_kind(handle: str) -> str:
    """Mask a handle, but for whether it is a support account's."""
    return "@support" if _SUPPORT.search(handle) else "@user"


def _emoji_name(char: str) -> str:
    """Say an emoji in words: a vocabulary knows few of them, but all of the words.

    The names are Unicode's own (``unicodedata.name``); one too new for this Python stays itself.
    """
    name = unicodedata.name(char, "").lower()
    return f" {name.replace(' sign', '')} " if name else char


def _other(char: str) -> str:
    """Fold a non-ASCII character onto its plain form where Unicode names one (NFKC)."""
    return unicodedata.normalize("NFKC", char.translate(_PLAIN))


_UNMASKED = str.maketrans(_FOREIGN, _LATIN)

_COMPUTED: dict[str, Callable[[str], str]] = {
    "handle": _handle_kind,
    "emoji": _emoji_name,
    "lookalike": lambda letters: letters.translate(_UNMASKED),
    "other": _other,
    "repeat": lambda found: found[:3],
}


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normalised ``text`` and, per character of it, the original's ``[starts, ends)``.

    ``starts`` and ``ends`` are ``None`` where nothing was changed.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def original(self, places: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Give the original offsets of each ``(start, end)`` of the normalised text."""
        if self.starts is None or self.ends is None:
            return tuple(places)
        starts, ends = self.starts, self.ends
        return tuple(
            (starts[start], ends[end - 1]) if start < end else (start, end) for start, end in places
        )


def check_text(text: object) -> str:
    """Return ``text`` if it is a string that can be read.

    Raises:
        InputError: for anything but ``str``, and for NUL characters and lone surrogates.
    """
    if not isinstance(text, str):
        kind = type(text).__name__
        mend = "decode it as UTF-8 first" if isinstance(text, bytes) else "pass a str"
        raise InputError(f"A message must be text, not {kind}: {mend}.")
    if "\0" in text:
        raise InputError(
            f"The message holds a NUL character at offset {text.index(chr(0))}: remove it."
        )
    if (found := _SURROGATE.search(text)) is not None:
        raise InputError(
            f"The message holds half a surrogate pair at offset {found.start()}: "
            "it was not decoded as UTF-8; decode it again."
        )
    return text


def normalise(text: str) -> Normalised:
    """Normalise one message.

    Invisible characters are dropped, control characters become spaces, links ``http``, handles of
    support accounts ``@support``, other handles and masked names ``@user``, masks ``xxxx``, four or
    more of one letter or mark three, emoji their names, Cyrillic and Greek letters that stand in
    for Latin ones beside them those Latin letters, and other characters their NFKC form with
    straight quotes.
    """
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = 0
    for found in _RULES.finditer(text):
        start, end = found.span()
        rule = found.lastgroup or ""
        old = found.group()
        new = _FIXED[rule] if rule in _FIXED else _COMPUTED[rule](old)
        if new == old:
            continue
        pieces += (text[last:start], new)
        starts += range(last, start)
        ends += range(last + 1, start + 1)
        starts += [start] * len(new)
        ends += [end] * len(new)
        last = end
    if last == 0 and not pieces:
        return Normalised(text)
    pieces.append(text[last:])
    starts += range(last, len(text))
    ends += range(last + 1, len(text) + 1)
    return Normalised("".join(pieces), starts, ends)
