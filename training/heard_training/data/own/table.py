"""Reads one's own CSV files, and sees that the columns are there that the configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heard_training.data.csv_table import read_csv_table
from heard_training.data.own.mapping import Csv
from heard_training.errors import TrainingError, did_you_mean

__all__ = ["Row", "Table", "read_tables"]


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
    found = read_csv_table(
        path,
        encoding=config.encoding,
        encoding_key="data.csv.encoding",
        delimiter=config.delimiter,
    )
    rows = [
        Row(f"{path.name}:{line}", dict(zip(found.columns, cells, strict=True)))
        for line, cells in found.rows
    ]
    return Table(path, found.delimiter, found.columns, tuple(rows))


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
