"""Messages without labels, as they lie in files: a table, JSON lines, or a message a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heard.errors import InputError
from heard.text import check_text
from heard_training.data.labels.tables import read_table
from heard_training.errors import TrainingError
from heard_training.files import read_objects

__all__ = ["Unlabelled", "read_messages"]


@dataclass(frozen=True)
class Unlabelled:
    """A message and its id: that of the file, or the number of its row."""

    id: str
    text: str


def read_messages(path: Path, text: str = "text", key: str = "id") -> list[Unlabelled]:
    """Read messages; ``text`` and ``key`` name the columns (in JSON, the fields) to read.

    Raises:
        TrainingError: for a file of another kind, without that column, or with a message that
            cannot be read; its words are not quoted.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise TrainingError(f"{path} is of no kind that is read: give {', '.join(_READERS)}.")
    if not path.is_file():
        raise TrainingError(f"There is no file {path}: name one of messages.")
    found = []
    for number, (place, row) in enumerate(reader(path), start=1):
        if not isinstance(row.get(text), str):
            names = ", ".join(map(repr, list(row)[:12]))
            raise TrainingError(
                f"{place} has no text {text!r}, only {names}: name the column with --text-column."
            )
        try:
            found.append(Unlabelled(str(row.get(key) or number), check_text(row[text])))
        except InputError as error:
            raise TrainingError(f"{place}: {error}") from None
    if not found:
        raise TrainingError(f"{path} holds no messages.")
    return found


def _lines(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a message a line."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path} is not in UTF-8: convert the file.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{path}, line {number}", {"text": line, "id": str(number)}


_READERS = {".csv": read_table, ".tsv": read_table, ".jsonl": read_objects, ".txt": _lines}
