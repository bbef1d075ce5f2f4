"""Rows to tensors: tokenised by ``heard`` itself, span offsets to tags, padding per batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset, concatenate_datasets

from heard.labels import BIO
from heard.tokens import MessageTokenizer

__all__ = [
    "IGNORED_TAG",
    "LEARNED",
    "append_rows",
    "collate",
    "encode_rows",
    "pad",
    "special_tokens",
    "tag_tokens",
]

#: Tag of tokens that the span loss passes over: special tokens, padding, rows without spans.
IGNORED_TAG = -100

#: The columns of encoded rows that are learned from.
LEARNED = [
    "level_targets",
    "level_mask",
    "signal_targets",
    "signal_mask",
    "input_ids",
    "span_tags",
    "span_mask",
    "length",
    "windows",
]

_OUTSIDE, _BEGIN, _INSIDE = (BIO.index(tag) for tag in ("O", "B", "I"))


def tag_tokens(offsets: Sequence[tuple[int, int]], spans: Sequence[Sequence[int]]) -> list[int]:
    """Tag each token for one span kind; a token belongs to a span that it overlaps."""
    tags = [_OUTSIDE] * len(offsets)
    for start, end in spans:
        tag = _BEGIN
        for place, (first, last) in enumerate(offsets):
            if first < end and start < last:
                tags[place] = tag
                tag = _INSIDE
    return tags


def encode_rows(rows: Dataset, tokenizer: MessageTokenizer) -> Dataset:
    """Add ``input_ids``, ``span_tags`` (per token one tag per kind) and ``length``.

    A long message is trained on by its first window; few are longer (the summary of ``fit`` says
    how many).
    """

    def encode(row: dict[str, Any]) -> dict[str, Any]:
        encoded = tokenizer.encode(row["text"])
        if not encoded.windows:
            return {"input_ids": [], "span_tags": [], "length": 0, "windows": 0}
        window = encoded.windows[0]
        kinds = [
            tag_tokens(encoded.offsets[: window.count], spans)
            if known
            else [IGNORED_TAG] * window.count
            for spans, known in zip(row["spans"], row["span_mask"], strict=True)
        ]
        special = [IGNORED_TAG] * len(kinds)
        tags = [special] * window.lead + [list(token) for token in zip(*kinds, strict=True)]
        tags += [special] * (len(window.ids) - len(tags))
        return {
            "input_ids": list(window.ids),
            "span_tags": tags,
            "length": len(window.ids),
            "windows": len(encoded.windows),
        }

    encoded = rows.map(encode, desc="tokenising", load_from_cache_file=False)
    return encoded.filter(
        lambda length: length > 0, input_columns="length", load_from_cache_file=False
    )


def append_rows(rows: Dataset, more: Dataset) -> Dataset:
    """Put more encoded rows behind others; of both, what is learned from stays."""
    own = rows.select_columns(LEARNED)
    return concatenate_datasets([own, more.select_columns(LEARNED).cast(own.features)])


def special_tokens(tokenizer: MessageTokenizer) -> tuple[int, int]:
    """Count the special tokens that stand before a window's tokens, and behind them."""
    window = tokenizer.encode("a").windows[0]
    return window.lead, len(window.ids) - window.lead - window.count


def pad(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad rows of token ids to the longest: ids and attention mask, each ``[rows, length]``."""
    length = max(1, *(len(row) for row in rows))
    ids = torch.zeros((len(rows), length), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.as_tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Pad a batch to its longest row.

    Returns:
        ``input_ids`` and ``attention_mask`` ``[batch, length]``, ``level_targets`` and
        ``level_mask`` ``[batch, targets, 3]``, ``signal_targets`` and ``signal_mask``
        ``[batch, signals]``, ``span_tags`` ``[batch, length, kinds]``.
    """
    ids, mask = pad([row["input_ids"] for row in rows])
    tags = torch.full((*ids.shape, len(rows[0]["span_mask"])), IGNORED_TAG)
    for place, row in enumerate(rows):
        tags[place, : len(row["input_ids"])] = torch.as_tensor(row["span_tags"])
    soft = ("level_targets", "level_mask", "signal_targets", "signal_mask")
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "span_tags": tags,
        **{name: torch.tensor([row[name] for row in rows]) for name in soft},
    }
