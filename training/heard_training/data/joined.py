"""Joins short messages in pairs, so that what one sentence says outlasts the next one's tone.

A network that learns from whole messages alone lets a laugh, or a second sentence of another tone,
wash out a threat to leave. Two messages in one say all that each of them says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from datasets import Dataset

from heard.tokens import MessageTokenizer
from heard_training.data.features import append_rows, special_tokens

__all__ = ["with_joined"]


def with_joined(rows: Dataset, share: float, seed: int, tokenizer: MessageTokenizer) -> Dataset:
    """Append pairs of encoded rows, ``share`` times as many as there are rows.

    Pairs are drawn from the rows that fill no more than half of a window. An output's target is the
    larger of the two, known where both are; the tags of both stay.
    """
    lengths = np.array(rows["length"][:])
    short = np.flatnonzero(lengths <= tokenizer.window // 2)
    count = round(share * len(rows))
    if not count or len(short) < 2:
        return rows
    lead, tail = special_tokens(tokenizer)
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(short, 2, replace=False).tolist() for _ in range(count)]
    more = Dataset.from_list([_join(rows[one], rows[two], lead, tail) for one, two in pairs])
    return append_rows(rows, more)


def _join(one: dict[str, Any], two: dict[str, Any], lead: int, tail: int) -> dict[str, Any]:
    """Take the first without the special tokens at its end, the second without those before it."""
    made: dict[str, Any] = {"windows": 1}
    for group in ("level", "signal"):
        targets, masks = f"{group}_targets", f"{group}_mask"
        made[targets] = np.maximum(one[targets], two[targets]).tolist()
        made[masks] = np.minimum(one[masks], two[masks]).tolist()
    for name in ("input_ids", "span_tags"):
        made[name] = one[name][: len(one[name]) - tail] + two[name][lead:]
    made["span_mask"] = np.minimum(one["span_mask"], two["span_mask"]).tolist()
    return made | {"length": len(made["input_ids"])}
