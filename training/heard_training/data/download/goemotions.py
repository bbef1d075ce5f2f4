"""GoEmotions as its authors publish it: three tab-separated files, made from the hub's data set.

A row is a text, its label ids with commas between them, and its own id, without a header. Fields
are quoted as the csv module does it, which is how the published files are: the same bytes come out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from heard_training.data.download.candidates import load_splits, rows_of
from heard_training.data.download.places import Place
from heard_training.errors import TrainingError
from heard_training.files import written_whole

__all__ = ["FILES", "write_goemotions"]

_log = logging.getLogger(__name__)

_SPLITS = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}
_NAMES = "emotions.txt"
FILES = (*_SPLITS.values(), _NAMES)


def write_goemotions(place: Place, target: Path) -> list[str]:
    """Write the three tables and the labels' names to ``target``, unless they are there.

    ``place`` is the data set, by name or as a folder, or a folder that holds the published files.
    Returns the names of files whose SHA-256 is not the one that ``place`` knows: they can be used,
    but are not the published ones.

    Raises:
        TrainingError: when the data set cannot be had or is another one, or ``target`` holds
            something else.
    """
    there = [name for name in FILES if (target / name).is_file()]
    if target.exists() and len(there) < len(FILES):
        raise TrainingError(
            f"{target} is there, but holds no {', '.join({*FILES} - {*there})}: move it away, and "
            "it is written anew."
        )
    if not there:
        with written_whole(target) as partial:
            _fill(place, partial)
    known = place.sha256 if isinstance(place.sha256, Mapping) else {}
    return [
        name
        for name in FILES
        if name in known and hashlib.sha256((target / name).read_bytes()).hexdigest() != known[name]
    ]


def _fill(place: Place, folder: Path) -> None:
    given = Path(place.where)
    if all((given / name).is_file() for name in FILES):
        for name in FILES:
            shutil.copyfile(given / name, folder / name)
        return
    if place.kind == "archive":
        raise TrainingError(f"{place.where}: give GoEmotions as a data set's name or folder.")
    splits = load_splits(place)
    columns = place.columns or ("text", "labels", "id")
    names = _label_names(splits["train"].features, columns) if {*_SPLITS} <= {*splits} else None
    if names is None:
        raise TrainingError(
            f"{place.where} is not GoEmotions: it needs the splits {', '.join(_SPLITS)} and the "
            f"columns {', '.join(columns)}."
        )
    for split, name in _SPLITS.items():
        rows = (_row(*(row[column] for column in columns)) for row in rows_of(place, splits[split]))
        (folder / name).write_text(_table(rows), encoding="utf-8", newline="")
    (folder / _NAMES).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def _label_names(features: Mapping[str, Any] | None, columns: Sequence[str]) -> list[str] | None:
    """Read the labels' names out of a data set's features; ``None`` for another data set."""
    if features is None or not {*columns} <= {*features}:
        return None
    names: list[str] | None = getattr(getattr(features[columns[1]], "feature", None), "names", None)
    return names


def _row(text: str, labels: Iterable[Any], own_id: str) -> tuple[str, str, str]:
    return re.sub(r"[\t\r\n]", " ", text), ",".join(str(label) for label in labels), own_id


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    table = io.StringIO(newline="")
    csv.writer(table, delimiter="\t", lineterminator="\n").writerows(rows)
    return table.getvalue()
