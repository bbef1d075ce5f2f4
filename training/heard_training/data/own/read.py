"""One's own file to messages: each text once, in the split of its conversation or customer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from heard.errors import InputError
from heard.text import check_text
from heard_training.config import Config
from heard_training.data.identity import chance, essence
from heard_training.data.own.labels import Label, labelling, read_labels
from heard_training.data.own.mapping import Csv, fold
from heard_training.data.own.report import Text, describe
from heard_training.data.own.table import Row, read_tables
from heard_training.data.sources import Message, agreed
from heard_training.errors import TrainingError, did_you_mean

__all__ = ["OWN", "OwnData", "held_out", "read_own"]

OWN = "own"

#: What a column may call the splits; ``dev`` is the corpus' name for messages that only report.
_SPLITS = {
    "train": "train",
    "training": "train",
    "calibrate": "calibrate",
    "calibration": "calibrate",
    "dev": "calibrate",
    "valid": "calibrate",
    "validation": "calibrate",
    "test": "dev",
}


@dataclass(frozen=True)
class OwnData:
    """One's own messages, and what was understood and found wrong: plain values."""

    messages: tuple[Message, ...]
    report: dict[str, Any]


def read_own(config: Config) -> OwnData:
    """Read and check the file that ``[data.csv]`` names.

    Raises:
        TrainingError: for what cannot be read, and for values that no mapping knows.
    """
    own = config.data.csv
    if own is None:
        raise TrainingError("There is no file of your own: give --csv FILE, or [data.csv].")
    tables = read_tables(own)
    rows = [row for table in tables for row in table.rows]
    labels = read_labels(own, config.heads, rows)
    kept = [row for row in rows if row.cells[own.text_column].strip()]
    if not kept:
        raise TrainingError(f"The column {own.text_column!r} of {own.path} has no texts.")
    alike: dict[str, list[Row]] = {}
    for row in kept:
        _check_text(row, own)
        alike.setdefault(essence(row.cells[own.text_column]), []).append(row)
    texts = [
        Text(same, same[0].cells[own.text_column], _split(same, own)) for same in alike.values()
    ]
    report = describe(own, tables, labels, texts)
    made = (_message(text, labels, own, config) for text in texts)
    messages = tuple(message for message in made if message.views)
    if not messages:
        raise TrainingError(f"No row of {own.path} has a label: its label columns are empty.")
    return OwnData(messages, report)


def held_out(own: OwnData) -> Iterator[str]:
    """Write the messages to measure on as JSON, one a line, as ``read_labelled`` reads it."""
    for message in own.messages:
        if message.split == "dev":
            asked = message.gold.asked or frozenset()
            signals = {name: message.gold.signal(name) for name in sorted(asked)}
            row = {
                "id": message.source_id,
                "source": message.source,
                "channel": message.channel,
                "text": message.text,
                "levels": dict(message.gold.levels),
                "signals": signals or None,
            }
            yield json.dumps(row, ensure_ascii=False)


def _check_text(row: Row, own: Csv) -> None:
    try:
        check_text(row.cells[own.text_column])
    except InputError as error:
        raise TrainingError(f"{row.place}, column {own.text_column!r}: {error}") from None


def _message(text: Text, labels: Sequence[Label], own: Csv, config: Config) -> Message:
    """Make one message of all rows of one text: several labellings are several views of it."""
    first = text.rows[0]
    given = (labelling(row, labels) for row in text.rows)
    views = tuple(view for view in given if view.levels or view.asked)
    return Message(
        source=OWN,
        source_id=_cell(first, own.id_column) or hashlib.sha256(text.text.encode()).hexdigest(),
        text=text.text,
        split=text.split,
        gold=agreed(views, None, config.heads),
        views=views,
        channel=_cell(first, own.channel_column),
    )


def _cell(row: Row, column: str) -> str:
    return row.cells.get(column, "").strip()


def _split(same: Sequence[Row], own: Csv) -> str:
    """Choose a text's split; one that several groups wrote goes where it is held out most."""
    splits = {_split_of(row, own) for row in same}
    return next(split for split in ("dev", "calibrate", "train") if split in splits)


def _split_of(row: Row, own: Csv) -> str:
    """Draw a split by the row's group, so that rows that are added later move no other."""
    said = _cell(row, own.split_column)
    if said:
        if fold(said) not in _SPLITS:
            raise TrainingError(
                f"{row.place}, column {own.split_column!r} is neither train, calibrate nor test"
                f"{did_you_mean(said, _SPLITS)}."
            )
        return _SPLITS[fold(said)]
    group = _cell(row, own.group_column) or essence(row.cells[own.text_column])
    drawn = chance(f"{OWN} {group}")
    if drawn < own.test_share:
        return "dev"
    return "calibrate" if drawn < own.test_share + own.calibration_share else "train"
