"""Lets fitted networks teach another: what they say of a message becomes part of its targets.

A network that learns the mean of several, also on messages that nobody labelled, comes close to
all of them together (Hinton et al. 2015). Targets of the losses are probabilities anyway, so
nothing else of the training changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor

from heard.tokens import MessageTokenizer
from heard_training.data.features import IGNORED_TAG, append_rows, encode_rows, pad, special_tokens
from heard_training.errors import TrainingError
from heard_training.files import read_objects
from heard_training.learn.machine import computes_bf16
from heard_training.learn.network import HeardNetwork

__all__ = ["places_of", "read_unlabelled", "taught", "with_unlabelled"]

_BATCH = 32


def read_unlabelled(place: Path, known: Collection[str], most: int = 0) -> list[str]:
    """Read the messages of a JSONL file, or of all such files in a folder, each text once.

    Args:
        place: objects with a ``text``.
        known: texts to leave out; those that something is measured on are among them.
        most: of more than so many, those whose hashes come first; 0 takes all.

    Raises:
        TrainingError: when there is no such file, or a line is no object with a ``text``.
    """
    files = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    if not files or not all(path.is_file() for path in files):
        raise TrainingError(f"data.unlabelled is {place}: give a JSONL file, or a folder of them.")
    left_out = {_same(text) for text in known}
    found: dict[str, str] = {}
    for path in files:
        for text in _texts(path):
            key = _same(text)
            if key and key not in left_out:
                found.setdefault(key, text)
    if not 0 < most < len(found):
        return list(found.values())
    chosen = sorted(found, key=lambda key: hashlib.sha256(key.encode()).digest())[:most]
    return [found[key] for key in chosen]


def _texts(path: Path) -> Iterator[str]:
    for place, row in read_objects(path):
        if not isinstance(row.get("text"), str):
            raise TrainingError(f'{place} is no {{"text": "..."}}: mend or delete it.')
        yield row["text"]


def _same(text: str) -> str:
    """Reduce a text to what makes it another: its letters and digits."""
    return "".join(char for char in text.casefold() if char.isalnum())


def with_unlabelled(rows: Dataset, texts: Sequence[str], tokenizer: MessageTokenizer) -> Dataset:
    """Append messages of which nothing is known to encoded rows."""
    if not texts:
        return rows
    blank: dict[str, Any] = {name: np.zeros_like(rows[0][name]).tolist() for name in _SOFT}
    kinds = len(rows[0]["span_mask"])
    more = Dataset.from_list(
        [
            {"text": text, **blank, "spans": [[]] * kinds, "span_mask": [False] * kinds}
            for text in texts
        ]
    )
    return append_rows(rows, encode_rows(more, tokenizer))


_SOFT = ("level_targets", "level_mask", "signal_targets", "signal_mask")


def places_of(slices: Sequence[str], rows: Dataset) -> set[int]:
    """Find the rows of slices of the authored corpus.

    Raises:
        TrainingError: for a slice of which there is no row.
    """
    of = [
        name.rpartition("-")[0] if source == "authored" else ""
        for name, source in zip(rows["source_id"], rows["source"], strict=True)
    ]
    if unknown := sorted(set(slices) - set(of)):
        raise TrainingError(f"fit.untaught names {unknown[0]!r}, of which there are no rows.")
    return {place for place, name in enumerate(of) if name in slices}


@torch.no_grad()
def taught(
    rows: Dataset,
    teachers: Sequence[HeardNetwork],
    share: float,
    tokenizer: MessageTokenizer,
    untaught: Collection[int] = (),
) -> Dataset:
    """Mix what ``teachers`` say on average into the targets of encoded rows.

    A target that is known becomes ``(1 - share) * target + share * teachers``; one that is not
    becomes the teachers'. Tags that are known stay; unknown ones become the teachers' likeliest.
    At the places ``untaught``, of rows that the teachers have never seen, known targets stay, too.
    """
    lead, tail = special_tokens(tokenizer)
    order = np.argsort(np.array(rows["length"][:]), kind="stable").tolist()
    made: dict[str, list[Any]] = {name: [None] * len(rows) for name in (*_SOFT, "span_tags")}
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        batch = rows[places]
        levels, signals, spans = _opinion(teachers, batch["input_ids"])
        for row, place in enumerate(places):
            for group, chances in (("level", levels[row]), ("signal", signals[row])):
                mask = np.array(batch[f"{group}_mask"][row])
                own = np.array(batch[f"{group}_targets"][row])
                part = 0.0 if place in untaught else share
                mixed = np.where(mask > 0, (1 - part) * own + part * chances, chances)
                made[f"{group}_targets"][place] = mixed.tolist()
                made[f"{group}_mask"][place] = np.ones_like(mask).tolist()
            made["span_tags"][place] = _tags(batch["span_tags"][row], spans[row], lead, tail)
    kept = rows.remove_columns(list(made))
    return Dataset.from_dict(
        {**{name: kept[name][:] for name in kept.column_names}, **made}, features=rows.features
    )


def _opinion(
    teachers: Sequence[HeardNetwork], windows: Sequence[Sequence[int]]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the teachers' mean chances of levels and signals, and of tags ``[..., kinds, 3]``."""
    ids, mask = pad(windows)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=computes_bf16(gpu=False)):
        answers = [teacher.eval()(input_ids=ids, attention_mask=mask) for teacher in teachers]

    def mean(chances: list[Tensor]) -> np.ndarray[Any, Any]:
        result: np.ndarray[Any, Any] = torch.stack(chances).mean(dim=0).numpy()
        return result

    return (
        mean([answer.levels.float().sigmoid() for answer in answers]),
        mean([answer.signals.float().sigmoid() for answer in answers]),
        mean([answer.spans.float().softmax(dim=-1) for answer in answers]),
    )


def _tags(
    known: Sequence[Sequence[int]], chances: np.ndarray[Any, Any], lead: int, tail: int
) -> list[list[int]]:
    tags = np.array(known)
    if (tags != IGNORED_TAG).any(axis=0).all():  # every kind is known
        return tags.tolist()
    said = chances[: len(tags)].argmax(axis=-1)
    said[:lead] = IGNORED_TAG
    said[len(tags) - tail :] = IGNORED_TAG
    unknown = (tags == IGNORED_TAG).all(axis=0)
    tags[:, unknown] = said[:, unknown]
    return tags.tolist()
