"""Reads the corrections that a service kept: agents' own labels for their customers' messages.

Where an agent agreed, all that the model decided is known; where one corrected it, only what they
said. Several corrections of one message are several views of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from heard_training.config import Heads
from heard_training.data.sources import Message, labelling
from heard_training.errors import TrainingError

__all__ = ["FEEDBACK", "count_without_text", "read_feedback"]

FEEDBACK = "feedback"


def read_feedback(path: Path, heads: Heads) -> Iterator[Message]:
    """Read the messages that were kept with their texts; the last correction is the gold one.

    Raises:
        TrainingError: when the file is none of a service's, or no text was kept.
    """
    rows = _select(
        path,
        "SELECT id, text_sha256, text, labels FROM feedback WHERE text IS NOT NULL "
        "ORDER BY text_sha256, given_at, id",
    )
    if not rows:
        raise TrainingError(
            f"{path} keeps no texts: start the service with --store-texts to train on feedback."
        )
    for sha256, same in groupby(rows, key=lambda row: row[1]):
        given = list(same)
        views = tuple(
            labelling(f"{path}, {key}", json.loads(labels), length=len(text), heads=heads)
            for key, _, text, labels in given
        )
        yield Message(
            source=FEEDBACK,
            source_id=sha256,
            text=given[0][2],
            split="train",
            gold=views[-1],
            views=views,
        )


def count_without_text(path: Path) -> int:
    """Count the corrections whose message was not kept, and which teach nothing."""
    return int(_select(path, "SELECT count(*) FROM feedback WHERE text IS NULL")[0][0])


def _select(path: Path, query: str) -> list[tuple[Any, ...]]:
    if not path.is_file():
        raise TrainingError(f"There is no file {path}: name the one that heard serve keeps.")
    try:
        # Read-only, so that a service may go on writing to it.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()
    except sqlite3.Error as error:
        raise TrainingError(f"{path} is no feedback of heard serve: {error}.") from error
