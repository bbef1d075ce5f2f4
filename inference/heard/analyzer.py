"""The analyzer: text in, assessment out, one or many, with the same answer either way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, islice
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from heard.bundle import Bundle, Thresholds, default_path, read_bundle
from heard.decode import decide_levels, decide_signals, find_spans, probabilities
from heard.errors import BundleError, InputError
from heard.labels import (
    EMOTION_NAMES,
    ESCALATION_LEVELS,
    SIGNAL_NAMES,
    STRENGTHS,
)
from heard.language import detect_language
from heard.reader import read
from heard.session import Session
from heard.text import check_text
from heard.tokens import EncodedMessage, MessageTokenizer
from heard.types import Assessment, Emotion, Escalation, ModelInfo, Signal, Span

__all__ = ["Analyzer", "load"]

#: Texts read ahead by ``assess_iter``: enough to batch some by length, few enough to stream ...
_AHEAD = 128
#: ... and by ``assess_many``, which nobody waits for: more of them are of one length.
_AT_ONCE = 512


class Analyzer:
    """Reads messages with one bundle. Make it once, share it between threads.

    Results do not depend on what else is in a batch, on its order, or on the thread count.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        thresholds: Mapping[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        """Take a bundle that was read; the session is made at the first message.

        Raises:
            InputError: for thresholds that are not there or not from 0 to 1.
            BundleError: when the tokenizer cannot be read.
        """
        self.bundle = bundle
        self.model = ModelInfo(bundle.name, bundle.version, bundle.sha256)
        self.thresholds: Thresholds = bundle.thresholds
        if thresholds is not None:
            try:
                self.thresholds = bundle.thresholds.replaced(thresholds)
            except ValueError as error:
                raise InputError(str(error)) from None
        try:
            self.tokenizer = MessageTokenizer.from_file(
                bundle.tokenizer_path,
                window=bundle.window,
                overlap=bundle.overlap,
                max_characters=bundle.max_characters,
            )
        except Exception as error:  # the Rust library raises plain Exception
            raise BundleError(f"{bundle.tokenizer_path} cannot be read as a tokenizer.") from error
        self.session = Session(bundle.model_path, threads)
        self._unsure = np.array([bundle.uncertain[name] for name in EMOTION_NAMES])

    def assess(self, text: str) -> Assessment:
        """Assess one message.

        Raises:
            InputError: when ``text`` is not text that can be read.
        """
        return next(self._assess([check_text(text)]))

    def assess_many(self, texts: Iterable[str]) -> list[Assessment]:
        """Assess messages, in their order.

        Raises:
            InputError: as :meth:`assess`, with the position, from 0, of the message at fault.
        """
        return list(self._stream(_source(texts), _AT_ONCE))

    def assess_iter(self, texts: Iterable[str]) -> Iterator[Assessment]:
        """Assess messages as they come, in their order, reading about a hundred ahead.

        Raises:
            InputError: as :meth:`assess_many`, after the answers to all messages before the one
                at fault.
        """
        return self._stream(_source(texts), _AHEAD)

    def _stream(self, source: Iterator[str], ahead: int) -> Iterator[Assessment]:
        done = 0
        while True:
            chunk, failure = _next_chunk(source, done, ahead)
            yield from self._assess(chunk)
            if failure is not None:
                raise failure
            if not chunk:
                return
            done += len(chunk)

    def encode(self, text: str) -> EncodedMessage:
        """Normalise and tokenise one message: what :meth:`assess_encoded` takes.

        Raises:
            InputError: as :meth:`assess`.
        """
        return self.tokenizer.encode(check_text(text))

    def assess_encoded(
        self, texts: Sequence[str], encoded: Sequence[EncodedMessage]
    ) -> Iterator[Assessment]:
        """Assess messages that :meth:`encode` read, in their order.

        For callers that tokenise in one thread and run in another; the answers are those of
        :meth:`assess`.
        """
        logits = read(self.session, encoded, self.bundle.pooling)
        at_least, chances = probabilities(logits.levels, logits.signals, self.bundle.calibration)
        expressed = at_least[:, : len(EMOTION_NAMES), 0]
        return map(
            self._assessment,
            texts,
            encoded,
            decide_levels(at_least, self.thresholds.levels).tolist(),
            at_least.tolist(),
            decide_signals(chances, self.thresholds).tolist(),
            chances.tolist(),
            ((self._unsure[:, 0] <= expressed) & (expressed < self._unsure[:, 1])).tolist(),
            find_spans(texts, [message.offsets for message in encoded], logits.spans),
        )

    def _assess(self, texts: list[str]) -> Iterator[Assessment]:
        return self.assess_encoded(texts, [self.tokenizer.encode(text) for text in texts])

    def _assessment(
        self,
        text: str,
        encoded: EncodedMessage,
        levels: list[int],
        at_least: list[list[float]],
        present: list[bool],
        chances: list[float],
        unsure: list[bool],
        spans: Mapping[str, tuple[Span, ...]],
    ) -> Assessment:
        chains = list(map(tuple, at_least))
        emotions = {
            name: Emotion(level, STRENGTHS[level].name, chain)
            for name, level, chain in zip(EMOTION_NAMES, levels, chains, strict=False)
        }
        signals = [
            Signal(name, chance)
            for name, chance in compress(zip(SIGNAL_NAMES, chances, strict=True), present)
        ]
        return Assessment(
            emotions=emotions,
            primary=_primary(emotions),
            escalation=Escalation(levels[-1], ESCALATION_LEVELS[levels[-1]].name, chains[-1]),
            signals=tuple(sorted(signals, key=lambda signal: -signal.probability)),
            signal_probabilities=dict(zip(SIGNAL_NAMES, chances, strict=True)),
            spans=spans,
            uncertain=tuple(compress(EMOTION_NAMES, unsure)),
            language=detect_language(text),
            unknown_share=encoded.unknown_share,
            tokens=len(encoded.offsets),
            windows=len(encoded.windows),
            truncated=encoded.truncated,
            model=self.model,
            text=text,
        )


def _source(texts: Iterable[str]) -> Iterator[str]:
    """Iterate over messages, where that is what was given."""
    if isinstance(texts, str | bytes):
        raise InputError("Give a list of messages here, or one message to assess().")
    try:
        return iter(texts)
    except TypeError:
        kind = type(texts).__name__
        raise InputError(f"Messages must come as a list or a stream, not {kind}.") from None


def _next_chunk(source: Iterator[str], done: int, most: int) -> tuple[list[str], InputError | None]:
    """Read some messages; where one cannot be read, those before it, and the reason."""
    chunk: list[str] = []
    try:
        for text in islice(source, most):
            try:
                chunk.append(check_text(text))
            except InputError as error:
                return chunk, InputError(f"Message {done + len(chunk)}: {error}")
    except InputError as error:  # the source's own, which names the place in its own way
        return chunk, error
    return chunk, None


def _primary(emotions: Mapping[str, Emotion]) -> str:
    """Name the emotion of the highest level (ties: the likelier at that level), or ``"none"``."""

    def strength(name: str) -> tuple[int, float]:
        emotion = emotions[name]
        return emotion.level, emotion.at_least[max(emotion.level, 1) - 1]

    name = max(emotions, key=strength)
    return name if emotions[name].level else "none"


def load(
    path: str | PathLike[str] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    threads: int | None = None,
) -> Analyzer:
    """Load a bundle: the one in this package, or the one in the folder ``path``.

    Args:
        path: a bundle's folder; ``None`` for the shipped one.
        thresholds: decision thresholds to use instead of the bundle's, for instance
            ``{"escalation": [0.5, 0.3, 0.5], "abusive": 0.6}``; the others stay.
        threads: CPU threads; by default the CPUs this process may use, at most 4.

    Raises:
        BundleError: when the bundle is missing, damaged or of another make.
        InputError: when a threshold or ``threads`` cannot be used.
    """
    if path is not None and not isinstance(path, str | PathLike):
        raise InputError(f"A bundle is named by its folder, not by {path!r}.")
    folder = default_path() if path is None else Path(path)
    return Analyzer(read_bundle(folder), thresholds=thresholds, threads=threads)
