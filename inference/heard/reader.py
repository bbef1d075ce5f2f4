"""Runs encoded messages through the graph: batches by length, pools each message's windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from heard.decode import Logits, merge_spans, pool
from heard.labels import BIO, MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard.session import Session
from heard.tokens import EncodedMessage, Window

__all__ = ["MessageLogits", "read"]

#: Tokens of one run: enough that the weights are read once for many; more is slower, since what is
#: computed no longer stays in the cache, and takes memory that the session then keeps.
BATCH_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class MessageLogits:
    """Uncalibrated logits of some messages, each one's windows pooled.

    ``levels`` is ``[messages, 5, 3]``, ``signals`` ``[messages, 10]`` and ``spans``
    ``[tokens, 3, 3]``, the tokens of all messages one after the other. Where nothing was said,
    nothing is expressed: a message of no tokens has logits of minus infinity.
    """

    levels: Logits
    signals: Logits
    spans: Logits


def read(session: Session, messages: Sequence[EncodedMessage], pooling: str) -> MessageLogits:
    """Run messages and pool each one's windows."""
    levels = np.full((len(messages), len(TARGET_NAMES), MAX_LEVEL), -np.inf, dtype=np.float32)
    signals = np.full((len(messages), len(SIGNAL_NAMES)), -np.inf, dtype=np.float32)
    spans: list[Logits] = [np.zeros((0, len(SPAN_NAMES), len(BIO)), dtype=np.float32)]
    results = iter(_run_by_length(session, [one for own in messages for one in own.windows]))
    for row, message in enumerate(messages):
        if len(message.windows) == 1:
            (window,) = message.windows
            levels[row], signals[row], tags = next(results)
            spans.append(tags[window.lead : window.lead + window.count])
        elif message.windows:
            parts = [next(results) for _ in message.windows]
            levels[row] = pool(np.stack([part[0] for part in parts]), pooling)
            signals[row] = pool(np.stack([part[1] for part in parts]), pooling)
            spans.append(merge_spans(message.windows, [part[2] for part in parts]))
    return MessageLogits(levels, signals, np.concatenate(spans))


def _run_by_length(
    session: Session, windows: Sequence[Window]
) -> list[tuple[Logits, Logits, Logits]]:
    """Run windows in batches of one length; levels, signals, spans in the order of ``windows``.

    Without padding every row is computed in the same shapes whatever else is in the batch, so
    that a message gets the same numbers alone and among others.
    """

    def length(place: int) -> int:
        return len(windows[place].ids)

    batches: list[list[int]] = []
    for tokens, group in groupby(sorted(range(len(windows)), key=length), key=length):
        places = list(group)
        count = max(1, BATCH_TOKENS // tokens)
        batches += (places[i : i + count] for i in range(0, len(places), count))
    outputs = session.run_all([[windows[place].ids for place in batch] for batch in batches])
    results: dict[int, tuple[Logits, Logits, Logits]] = {}
    for batch, out in zip(batches, outputs, strict=True):
        rows = zip(out["levels"], out["signals"], out["spans"], strict=True)
        results.update(zip(batch, rows, strict=True))
    return [results[place] for place in range(len(windows))]
