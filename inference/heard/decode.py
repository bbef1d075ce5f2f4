"""Logits to decisions: window pooling, calibration, thresholds and spans, in numpy, only here.

Training imports these functions to fit what they apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

#: From which probability on a token carries a span further, once one of its tokens is at one half.
#: On dev, 0.5 gave spans in pieces (284 of one word; overlap F1 .622, .547 and .611 of problems,
#: needs and feelings), 0.3 gave .646, .574 and .610, and 0.2 cost the feelings two points.
_GOES_ON = 0.3
#: ... and from which it begins one, or makes it certain.
_SURE = 0.5
#: What a span neither begins nor ends with: it joins clauses, and belongs to none.
_LOOSE = " \t\n,;:"
#: What stands inside words: "doesn't".
_APOSTROPHES = "'\u2019"

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
    passed = at_least >= thresholds
    levels: npt.NDArray[np.int64] = passed.argmin(axis=-1)  # the first that does not
    levels[passed.all(axis=-1)] = passed.shape[-1]
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
    texts: Sequence[str], offsets: Sequence[Sequence[tuple[int, int]]], logits: Logits
) -> list[dict[str, tuple[Span, ...]]]:
    """Find each kind's spans in every message, in the order of its text.

    A span is a run of tokens whose P(begin) + P(inside) is at least ``_GOES_ON``, one of them at
    least one half (two thresholds, as the hysteresis of Canny 1986: a clause whose middle is
    doubtful stays whole); a new span begins where P(begin) alone is one half. Ends are widened to
    whole words and rid of commas, and the best-scored few are kept (``labels.SPAN_KINDS`` says how
    many).

    Args:
        texts: the messages as they were given.
        offsets: per message one ``(start, end)`` per token, in code points of its text.
        logits: ``[tokens, kinds, tags]``, the tokens of all messages one after the other.
    """
    by_tag = np.ascontiguousarray(logits.T)  # [tags, kinds, tokens]: what is compared lies together
    odds = np.exp(by_tag - by_tag.max(axis=0))
    tags = odds / odds.sum(axis=0)
    begin = tags[BIO.index("B")]
    belongs = (begin + tags[BIO.index("I")]).tolist()
    begins = begin.tolist()
    found, before = [], 0
    for text, places in zip(texts, offsets, strict=True):
        own = slice(before, before + len(places))
        found.append(
            {
                kind.name: _best(_spans(text, places, chances[own], starts[own]), kind.most)
                for kind, chances, starts in zip(SPAN_KINDS, belongs, begins, strict=True)
            }
        )
        before = own.stop
    return found


def _spans(
    text: str,
    places: Sequence[tuple[int, int]],
    belongs: Sequence[float],
    begins: Sequence[float],
) -> list[Span]:
    """Find one kind's spans in a message; the others are as in :func:`_runs`."""
    spans: list[Span] = []
    for first, last in _runs(belongs, begins):
        run = belongs[first:last]
        if max(run) >= _SURE:
            _add_span(spans, text, places[first][0], places[last - 1][1], sum(run) / len(run))
    return spans


def _runs(belongs: Sequence[float], begins: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Find the runs of tokens that belong together: per run its first token, and that after it.

    A loop over plain numbers: of one message's tokens it takes less time than the dozen calls of
    numpy that would do it for all messages at once.

    Args:
        belongs: per token the probability that it belongs to a span.
        begins: per token the probability that a span begins with it.
    """
    first = -1
    for place, chance in enumerate(belongs):
        if first >= 0 and (chance < _GOES_ON or begins[place] >= _SURE):
            yield first, place
            first = -1
        if first < 0 and chance >= _GOES_ON:
            first = place
    if first >= 0:
        yield first, len(belongs)


def _add_span(spans: list[Span], text: str, start: int, end: int, score: float) -> None:
    """Add the span of a run to those before it in the text."""
    while _cuts_word(text, start):
        start -= 1
    while _cuts_word(text, end):
        end += 1
    if spans and start < spans[-1].end:  # two runs met inside one word: they are one span
        start, score = spans[-1].start, max(score, spans.pop().score)
    while start < end and text[start] in _LOOSE:
        start += 1
    while start < end and text[end - 1] in _LOOSE:
        end -= 1
    if any(char.isalnum() for char in text[start:end]):
        spans.append(Span(start, end, text[start:end], score))


def _cuts_word(text: str, at: int) -> bool:
    """Whether a cut before ``text[at]`` lies in a word: "th|at", "that|'s", "that'|s"."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    if left.isalnum():
        return right.isalnum() or (right in _APOSTROPHES and text[at + 1 : at + 2].isalnum())
    return left in _APOSTROPHES and right.isalnum() and text[max(at - 2, 0) : at - 1].isalnum()


def _best(spans: list[Span], most: int) -> tuple[Span, ...]:
    """Keep the best-scored few, in the order of the text."""
    best = sorted(spans, key=lambda span: -span.score)[:most]
    return tuple(sorted(best, key=lambda span: span.start))
