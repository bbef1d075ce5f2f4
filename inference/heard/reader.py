"""Runs encoded messages through the graph: batches by length, pools each message's windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from heard.decode import Logits, merge_spans, pool
from heard.session import Session
from heard.tokens import EncodedMessage, Window

__all__ = ["MessageLogits", "read"]

#: Tokens of one run. Beyond a few thousand a larger batch is no faster, only larger.
BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class MessageLogits:
    """Uncalibrated logits of one message, its windows pooled.

    ``levels`` is ``[5, 3]``, ``signals`` ``[10]`` and ``spans`` ``[tokens, 3, 3]``.
    """

    levels: Logits
    signals: Logits
    spans: Logits


def read(
    session: Session, messages: Sequence[EncodedMessage], pooling: str
) -> list[MessageLogits | None]:
    """Run messages and pool each one's windows; ``None`` for a message without tokens."""
    windows = [window for message in messages for window in message.windows]
    results = iter(_run_by_length(session, windows))
    pooled: list[MessageLogits | None] = []
    for message in messages:
        parts = [next(results) for _ in message.windows]
        pooled.append(_pooled(message, parts, pooling) if parts else None)
    return pooled


def _run_by_length(session: Session, windows: Sequence[Window]) -> list[MessageLogits]:
    """Run windows in batches of one length; results in the order of ``windows``.

    Without padding every row is computed in the same shapes whatever else is in the batch, so
    that a message gets the same numbers alone and among others.
    """

    def length(place: int) -> int:
        return len(windows[place].ids)

    results: dict[int, MessageLogits] = {}
    for tokens, group in groupby(sorted(range(len(windows)), key=length), key=length):
        places = list(group)
        count = max(1, BATCH_TOKENS // tokens)
        for batch in (places[i : i + count] for i in range(0, len(places), count)):
            out = session.run([windows[place].ids for place in batch])
            for row, place in enumerate(batch):
                results[place] = MessageLogits(
                    out["levels"][row], out["signals"][row], out["spans"][row]
                )
    return [results[place] for place in range(len(windows))]


def _pooled(message: EncodedMessage, parts: Sequence[MessageLogits], how: str) -> MessageLogits:
    return MessageLogits(
        levels=pool(np.stack([part.levels for part in parts]), how),
        signals=pool(np.stack([part.signals for part in parts]), how),
        spans=merge_spans(message.windows, [part.spans for part in parts]),
    )
