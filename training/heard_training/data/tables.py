"""Reads tables of yes/no labels with official splits, as public benchmarks come.

A folder with ``train.tsv``, ``dev.tsv`` and ``test.tsv``, tab-separated, without a header and
without quoting: text, label ids with commas between them, the row's own id; the layout in which
GoEmotions is published.
A label's id is its place among the signals that the configuration declares.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from heard_training.config import Config
from heard_training.data.sources import Labelling, Message
from heard_training.errors import TrainingError

__all__ = ["read_label_table"]

#: The table's own splits, and what each is used for here.
_SPLITS = {"train": "train", "dev": "calibrate", "test": "test"}
_NAMES = "emotions.txt"


def read_label_table(config: Config) -> Iterator[Message]:
    """Read the table that ``config.data.label_table`` names.

    Raises:
        TrainingError: for a missing file, a row of another make, and labels other than declared.
    """
    folder = Path(config.data.texts) / config.data.label_table
    names = config.heads.signals
    _check_names(folder, names)
    for split, used_as in _SPLITS.items():
        path = folder / f"{split}.tsv"
        try:
            file = path.open(encoding="utf-8", newline="")
        except FileNotFoundError:
            raise TrainingError(
                f"There is no {path}: name the folder above {config.data.label_table} with --texts."
            ) from None
        with file:
            rows = enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1)
            try:
                for number, row in rows:
                    yield _message(f"{path}, row {number}", row, folder.name, used_as, names)
            except (UnicodeDecodeError, csv.Error) as error:
                kind = type(error).__name__
                raise TrainingError(f"{path} is no table in UTF-8: {kind}.") from None


def _check_names(folder: Path, names: tuple[str, ...]) -> None:
    path = folder / _NAMES
    if not path.is_file():
        return
    listed = tuple(path.read_text(encoding="utf-8").split())
    if listed != names:
        raise TrainingError(
            f"heads.signals are not the labels of {path}: give them by name, in that order."
        )


def _message(
    place: str, row: list[str], source: str, used_as: str, names: tuple[str, ...]
) -> Message:
    if len(row) != 3:
        raise TrainingError(f"{place} has {len(row)} columns, not text, label ids and id.")
    text, ids, row_id = row
    found = ids.split(",")
    if not all(label.isdecimal() and int(label) < len(names) for label in found):
        raise TrainingError(f"{place}: label ids must be numbers from 0 to {len(names) - 1}.")
    if not text.strip():
        raise TrainingError(f"{place} has no text: leave it out of the table.")
    labelling = Labelling({}, frozenset(names[int(label)] for label in found), None)
    return Message(source, row_id, text, used_as, labelling, (labelling,))
