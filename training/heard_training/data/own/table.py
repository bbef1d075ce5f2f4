"""Reads a CSV file as spreadsheets and databases write them, with the line that each row is on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heard_training.data.own.mapping import Csv
from heard_training.errors import TrainingError, did_you_mean

__all__ = ["Row", "Table", "read_tables"]

_DELIMITERS = (",", ";", "\t", "|")
#: A cell that is larger is a quote that is never closed.
_LARGEST_CELL = 1_000_000


@dataclass(frozen=True)
class Row:
    """One row's cells by column; ``place`` names its file and line."""

    place: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """One file: its columns in their order, and its rows."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_tables(config: Csv) -> list[Table]:
    """Read the file that ``config`` names, or every file of its pattern.

    Raises:
        TrainingError: when there is none, and for text that is not in the encoding, rows of another
            length than the header, and columns that no file has.
    """
    pattern = Path(config.path)
    paths = [pattern] if pattern.is_file() else sorted(pattern.parent.glob(pattern.name))
    paths = [path for path in paths if path.is_file()]
    if not paths:
        raise TrainingError(
            f"There is no file {config.path}: name one with --csv or data.csv.path."
        )
    tables = [_read(path, config) for path in paths]
    _check_columns(config, tables)
    if not any(table.rows for table in tables):
        raise TrainingError(f"{config.path} has a header and no rows.")
    return tables


def _read(path: Path, config: Csv) -> Table:
    text = _decoded(path, config.encoding)
    delimiter = config.delimiter or _delimiter(text)
    rows = _cells(path, text, delimiter)
    try:
        _, header = next(rows)
    except StopIteration:
        raise TrainingError(f"{path} is empty: its first line must name the columns.") from None
    columns = tuple(name.strip() for name in header)
    twice = [name for name in columns if name and columns.count(name) > 1]
    if twice:
        raise TrainingError(f"{path}, line 1, names the column {twice[0]!r} twice: rename one.")
    found = []
    for line, cells in rows:
        if len(cells) != len(columns):
            raise TrainingError(
                f"{path}, line {line} has {len(cells)} cells, the header {len(columns)} columns: "
                f"put cells that hold {delimiter!r} or a line's end in double quotes."
            )
        found.append(Row(f"{path.name}:{line}", dict(zip(columns, cells, strict=True))))
    return Table(path, delimiter, columns, tuple(found))


def _decoded(path: Path, encoding: str) -> str:
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TrainingError(
            f"{path}, line {line} is not {encoding}: save the file as UTF-8, or say what it is, as "
            'in data.csv.encoding = "cp1252".'
        ) from None
    except LookupError:
        raise TrainingError(
            f"data.csv.encoding is {encoding!r}, which is none: give one as utf-8 or cp1252."
        ) from None


def _delimiter(text: str) -> str:
    """Take the delimiter that cuts the header, which holds no prose, into most columns."""
    lines = text.splitlines()
    header = next((line for line in lines if line.strip()), "")
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


def _check_columns(config: Csv, tables: Sequence[Table]) -> None:
    """Name a column that is in no file, with the nearest; every file must have the texts."""
    everywhere = list(dict.fromkeys(name for table in tables for name in table.columns))
    named = {
        "data.csv.id_column": config.id_column,
        "data.csv.group_column": config.group_column,
        "data.csv.split_column": config.split_column,
        "data.csv.channel_column": config.channel_column,
    }
    named |= {f"data.csv.labels.{name}": label.column for name, label in config.labels.items()}
    checks = [(table.path, table.columns, config.text_column, "") for table in tables]
    checks += [
        (config.path, everywhere, name, f", which {key} names") for key, name in named.items()
    ]
    for place, columns, name, why in checks:
        if name and name not in columns:
            raise TrainingError(
                f"{place} has no column {name!r}{did_you_mean(name, columns)}{why}: it has "
                f"{', '.join(map(repr, columns))}."
            )
