"""Normalised text to token ids, cut into windows: once, for training and for service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from heard.text import normalise

__all__ = ["EncodedMessage", "MessageTokenizer", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """One pass of the model: ``ids`` with special tokens, and which of the message's tokens.

    ``ids[lead + i]`` is token ``start + i`` of the message, for ``i < count``.
    """

    ids: tuple[int, ...]
    start: int
    count: int
    lead: int


@dataclass(frozen=True, slots=True)
class EncodedMessage:
    """One message as the model reads it.

    ``offsets`` has one ``(start, end)`` per token, in code points of the original text, special
    tokens not counted. ``unknown`` counts tokens that the vocabulary does not hold. A message of
    no tokens has no windows.
    """

    windows: tuple[Window, ...]
    offsets: tuple[tuple[int, int], ...]
    unknown: int
    truncated: bool

    @property
    def unknown_share(self) -> float:
        """Share of the message's tokens that are unknown to the vocabulary."""
        return self.unknown / len(self.offsets) if self.offsets else 0.0


class MessageTokenizer:
    """The tokenizer of a bundle, with its windows; never changed after it is made.

    Truncation and padding are cleared once, here: changing them per call on a shared tokenizer
    fails under threads ("Already borrowed").
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        window: int = 256,
        overlap: int = 64,
        max_characters: int = 20_000,
    ) -> None:
        """Take over ``tokenizer``; ``window`` and ``overlap`` count tokens.

        Raises:
            ValueError: when a window would not reach beyond its overlap.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.window = window
        self.overlap = overlap
        self.max_characters = max_characters
        self._prefix, self._suffix = _specials(tokenizer)
        self._capacity = window - len(self._prefix) - len(self._suffix)
        if not 0 <= overlap < self._capacity:
            raise ValueError(
                f"A window of {window} tokens cannot overlap by {overlap}: choose a smaller one."
            )
        self._unknown_id = _unknown_id(tokenizer)

    @classmethod
    def from_file(
        cls, path: Path, *, window: int = 256, overlap: int = 64, max_characters: int = 20_000
    ) -> MessageTokenizer:
        """Read a ``tokenizer.json``."""
        tokenizer = Tokenizer.from_file(str(path))
        return cls(tokenizer, window=window, overlap=overlap, max_characters=max_characters)

    def encode(self, text: str) -> EncodedMessage:
        """Normalise and tokenise one message and cut it into overlapping windows."""
        cap = self.max_characters
        normalised = normalise(text[:cap])
        # Normalisation may write one character as many: the cap holds for what it wrote, too.
        truncated = len(text) > cap or len(normalised.text) > cap
        encoding = self.tokenizer.encode(normalised.text[:cap], add_special_tokens=False)
        ids: list[int] = encoding.ids
        return EncodedMessage(
            windows=tuple(self._windows(ids)),
            offsets=normalised.original(encoding.offsets),
            unknown=0 if self._unknown_id is None else ids.count(self._unknown_id),
            truncated=truncated,
        )

    def _windows(self, ids: list[int]) -> Iterator[Window]:
        start = 0
        while start < len(ids):
            part = ids[start : start + self._capacity]
            yield Window(
                ids=(*self._prefix, *part, *self._suffix),
                start=start,
                count=len(part),
                lead=len(self._prefix),
            )
            if start + len(part) == len(ids):
                return
            start += self._capacity - self.overlap


def _specials(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Split the special tokens that the tokenizer adds into those before and those after."""
    encoding = tokenizer.encode("a", add_special_tokens=True)
    marks: list[int] = encoding.special_tokens_mask
    if 0 not in marks:
        return (), ()
    first, last = marks.index(0), len(marks) - marks[::-1].index(0)
    return tuple(encoding.ids[:first]), tuple(encoding.ids[last:])


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    """Find the id of the unknown token; byte-level vocabularies have none."""
    token = getattr(tokenizer.model, "unk_token", None)
    return None if token is None else tokenizer.token_to_id(token)
