"""Reads agents' drafts with their faults: what the graph that checks drafts learns from.

A row has ``message``, ``channel``, ``stage``, ``remedies``, ``draft`` and ``faults``, and may have
``split``, ``train`` or ``calibrate``. Of the rows to train on, blocks of 25 neighbours are kept
aside whole, for neighbours answer the same message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heard.errors import InputError
from heard.reply.check.finding import RULES
from heard.reply.check.reader import FAULTS, pair_text
from heard.reply.context import Context
from heard_training.data.sources import Labelling, Message
from heard_training.errors import TrainingError

__all__ = ["read_drafts"]

_BLOCK = 25
_KEYS = ("message", "channel", "stage", "remedies", "draft", "faults")


def read_drafts(folder: Path) -> Iterator[Message]:
    """Read every ``.jsonl`` of a folder.

    Raises:
        TrainingError: for a folder without files, a row of another make, and an unknown fault.
    """
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise TrainingError(f"There are no .jsonl files in {folder}: name the folder of drafts.")
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield _message(f"{path}, line {number}", path.stem, number, line)


def _message(place: str, name: str, number: int, line: str) -> Message:
    try:
        row: dict[str, Any] = json.loads(line)
        message, channel, stage, remedies, draft, faults = (row[key] for key in _KEYS)
        context = Context(channel=channel, stage=stage, remedies=tuple(remedies))
        split = row.get("split", "train")
        if split not in ("train", "calibrate"):
            raise ValueError(split)
    except (ValueError, KeyError, TypeError, InputError) as error:
        raise TrainingError(f"{place} is no draft with {', '.join(_KEYS)}.") from error
    unknown = sorted(set(faults) - RULES.keys())
    if unknown:
        raise TrainingError(f"{place}: there is no fault {unknown[0]!r}.")
    labels = Labelling({}, frozenset(faults) & frozenset(FAULTS), None)
    return Message(
        source="authored",
        source_id=f"{name}-{number:04d}",
        text=pair_text(draft, message, context),
        split=split,
        gold=labels,
        views=(labels,),
        channel=channel,
        block=f"{name}-{(number - 1) // _BLOCK}",
    )
