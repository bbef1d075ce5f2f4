"""Reads a CSV file as spreadsheets and databases write them, with the line that each row is on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heard_training.errors import TrainingError

__all__ = ["CsvTable", "read_csv_table"]

_DELIMITERS = (",", ";", "\t", "|")
#: A cell that is larger is a quote that is never closed.
_LARGEST_CELL = 1_000_000


@dataclass(frozen=True)
class CsvTable:
    """One file: its columns in their order, and its rows as (line that it begins on, cells)."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_csv_table(
    path: Path,
    *,
    encoding: str = "utf-8",
    encoding_key: str = "",
    delimiter: str = "",
    short_rows: bool = False,
) -> CsvTable:
    """Read a file whose first row names its columns; blank rows are passed over.

    Args:
        path: the file.
        encoding: of a file that does not begin with a byte order mark.
        encoding_key: where a user may give another, for errors to name it.
        delimiter: empty for the one that cuts the header into most columns.
        short_rows: fill up rows that lack cells, as spreadsheets leave out empty ones.

    Raises:
        TrainingError: for a file that is missing, empty or not in the encoding, for columns named
            twice, quotes that do not match, and rows of another length; no cell is quoted.
    """
    if not path.is_file():
        raise TrainingError(f"There is no file {path}: name a table, as CSV.")
    text = _decoded(path, encoding, encoding_key)
    delimiter = delimiter or _delimiter(text)
    rows = _cells(path, text, delimiter)
    _, header = next(rows, (0, []))
    columns = tuple(name.strip() for name in header)
    if not columns:
        raise TrainingError(f"{path} is empty: its first line must name the columns.")
    twice = [name for name in columns if name and columns.count(name) > 1]
    if twice:
        raise TrainingError(f"{path}, line 1, names the column {twice[0]!r} twice: rename one.")
    found = []
    for line, cells in rows:
        missing = len(columns) - len(cells)
        if missing < 0 or (missing and not short_rows):
            raise TrainingError(
                f"{path}, line {line} has {len(cells)} cells, the header {len(columns)} columns: "
                f"put cells that hold {delimiter!r} or a line's end in double quotes."
            )
        found.append((line, (*cells, *[""] * missing)))
    return CsvTable(path, delimiter, columns, tuple(found))


def _decoded(path: Path, encoding: str, key: str) -> str:
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        other = f', or say what it is, as in {key} = "cp1252"' if key else ""
        raise TrainingError(
            f"{path}, line {line} is not {encoding}: save the file as UTF-8{other}."
        ) from None
    except LookupError:
        raise TrainingError(
            f"{key} is {encoding!r}, which is none: give one as utf-8 or cp1252."
        ) from None


def _delimiter(text: str) -> str:
    """Take the delimiter that cuts the header, which holds no prose, into most columns."""
    header = next((line for line in io.StringIO(text) if line.strip()), "")
    counts = {mark: len(next(csv.reader([header], delimiter=mark), [])) for mark in _DELIMITERS}
    return max(counts, key=lambda mark: counts[mark])


def _cells(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give every row that is not blank, with the line that it begins on."""
    before = csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise TrainingError(
            f"{path}, line {line}: the quotes of this row do not match ({error}): a quote within a "
            "quoted cell is written twice."
        ) from None
    finally:
        csv.field_size_limit(before)
