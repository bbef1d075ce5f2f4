"""Logits to decisions: window pooling, calibration, thresholds and spans, in numpy, only here.

Training imports these functions to fit what they apply.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heard.bundle import Calibration, Thresholds
from heard.labels import BIO, SPAN_KINDS
from heard.tokens import Window
from heard.types import Span

__all__ = [
    "decide_levels",
    "decide_signals",
    "find_spans",
    "merge_spans",
    "pool",
    "probabilities",
    "sigmoid",
]

#: What a span neither begins nor ends with: it joins clauses, and belongs to none.
_LOOSE = " \t\n,;:"

Array = npt.NDArray[np.float64]
Logits = npt.NDArray[np.floating]


def sigmoid(logits: Logits) -> Array:
    """Return the logistic function, without overflow for large negative logits."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(logits, dtype=np.float64)))


def pool(logits: Logits, how: str) -> Logits:
    """Pool a message's windows, ``[windows, ...]`` to ``[...]``, by ``"max"`` or ``"mean"``.

    Both keep cumulative logits in order.
    """
    pooled: Logits = logits.max(axis=0) if how == "max" else logits.mean(axis=0)
    return pooled


def probabilities(levels: Logits, signals: Logits, by: Calibration) -> tuple[Array, Array]:
    """Calibrate pooled logits: ``[..., 5, 3]`` and ``[..., 10]`` to probabilities of that shape."""
    return (
        sigmoid(levels * by.level_scales[:, None] + by.level_shifts),
        sigmoid(signals * by.signal_scales + by.signal_shifts),
    )


def decide_levels(at_least: Array, thresholds: Array) -> npt.NDArray[np.int64]:
    """Decide ``[..., targets]`` levels: the largest k whose thresholds 1..k all pass."""
    passed = np.cumprod(at_least >= thresholds, axis=-1)
    levels: npt.NDArray[np.int64] = passed.sum(axis=-1, dtype=np.int64)
    return levels


def decide_signals(chances: Array, by: Thresholds) -> npt.NDArray[np.bool_]:
    """Decide which signals are present."""
    return chances >= by.signals


def merge_spans(windows: Sequence[Window], logits: Sequence[Logits]) -> Logits:
    """Lay the windows' span logits side by side: one row per token of the message.

    A token that two windows read is taken from the one in which it lies further from an edge,
    where it has context on both sides.

    Returns:
        ``[tokens, kinds, tags]``.
    """
    tokens = max(window.start + window.count for window in windows)
    merged = np.zeros((tokens, *logits[0].shape[1:]), dtype=logits[0].dtype)
    best = np.full(tokens, -1)
    for window, found in zip(windows, logits, strict=True):
        own = found[window.lead : window.lead + window.count]
        steps = np.arange(window.count)
        depth = np.minimum(steps, window.count - 1 - steps)
        where = slice(window.start, window.start + window.count)
        deeper = depth > best[where]
        merged[where][deeper] = own[deeper]
        best[where][deeper] = depth[deeper]
    return merged


def find_spans(
    text: str, offsets: Sequence[tuple[int, int]], logits: Logits
) -> dict[str, tuple[Span, ...]]:
    """Find each kind's spans in a message, in the order of the text.

    A token belongs to a span where P(begin) + P(inside) is at least one half; a new span begins
    where P(begin) alone is. Ends are widened to whole words and rid of commas, and the best-scored
    few are kept (``labels.SPAN_KINDS`` says how many).

    Args:
        text: the message as it was given.
        offsets: one ``(start, end)`` per token, in code points of ``text``.
        logits: ``[tokens, kinds, tags]``.
    """
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    tags = odds / odds.sum(axis=-1, keepdims=True)
    begin, inside = tags[..., BIO.index("B")], tags[..., BIO.index("I")]
    found: dict[str, tuple[Span, ...]] = {}
    for index, kind in enumerate(SPAN_KINDS):
        belongs = begin[:, index] + inside[:, index]
        starts = begin[:, index] >= 0.5
        spans = _whole_words(text, offsets, _runs(belongs >= 0.5, starts), belongs)
        best = sorted(spans, key=lambda span: -span.score)[: kind.most]
        found[kind.name] = tuple(sorted(best, key=lambda span: span.start))
    return found


def _runs(member: npt.NDArray[np.bool_], starts: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Cut member tokens into ``[first, last)`` runs, anew wherever ``starts`` says so."""
    runs: list[tuple[int, int]] = []
    for token in np.flatnonzero(member).tolist():
        if runs and runs[-1][1] == token and not starts[token]:
            runs[-1] = (runs[-1][0], token + 1)
        else:
            runs.append((token, token + 1))
    return runs


def _whole_words(
    text: str, offsets: Sequence[tuple[int, int]], runs: list[tuple[int, int]], belongs: Array
) -> list[Span]:
    spans: list[Span] = []
    for first, last in runs:
        start, end = offsets[first][0], offsets[last - 1][1]
        while start > 0 and text[start].isalnum() and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
            end += 1
        score = float(belongs[first:last].mean())
        if spans and start < spans[-1].end:  # two runs met inside one word: they are one span
            start, score = spans[-1].start, max(score, spans.pop().score)
        while start < end and text[start] in _LOOSE:
            start += 1
        while start < end and text[end - 1] in _LOOSE:
            end -= 1
        if any(char.isalnum() for char in text[start:end]):
            spans.append(Span(start, end, text[start:end], score))
    return spans
