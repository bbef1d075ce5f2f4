"""The result of a run: its rows as JSONL, CSV or Parquet, under the final name when whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any

from heard.batch.columns import COLUMNS
from heard.batch.source.inputs import format_of
from heard.batch.source.streams import needs_pyarrow
from heard.batch.work import Work

__all__ = ["convert", "deliver", "joined", "kind", "read_rows", "rejects_file"]

#: Rows of a Parquet file that are written at a time, as one row group.
_GROUP = 8192

_INT64 = range(-(2**63), 2**63)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read rows that were scored, one at a time."""
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from map(json.loads, file)


def rejects_file(out: Path) -> Path:
    """Name the file of rejects, beside ``out``."""
    return out.with_name(f"{out.name}.rejects")


def deliver(work: Work, out: Path, carried: Sequence[str]) -> None:
    """Make ``out`` of work that is done, and its rejects; then delete the work.

    Killed at any point, it can be called again. ``carried`` are the columns that go before those of
    the assessment.
    """
    rejects = rejects_file(out)
    if work.counts.rejected and work.rejects.exists():
        work.rejects.replace(rejects)
    elif not work.counts.rejected:
        rejects.unlink(missing_ok=True)  # those of an output that is replaced
    if work.rows.exists():
        kinds = None if format_of(out) != "parquet" else _kinds(work.rows, carried)
        convert(work.rows, out, carried, kinds).replace(out)
    rmtree(work.folder)


def convert(
    rows: Path, out: Path, carried: Sequence[str], kinds: Mapping[str, type] | None
) -> Path:
    """Make of ``rows`` a file beside them in the format that the name of ``out`` stands for.

    ``kinds`` are the types of the columns that are carried, for Parquet; others need none.
    """
    form = format_of(out)
    if form == "jsonl":
        return rows
    made = rows.with_name(f"rows.{form}")
    if form == "csv":
        _write_csv(rows, made, carried, "\t" if out.suffix.lower() == ".tsv" else ",")
    else:
        _write_parquet(rows, made, {name: (kinds or {})[name] for name in carried})
    return made


def _write_csv(rows: Path, made: Path, carried: Sequence[str], delimiter: str) -> None:
    names = [*carried, *(name for name, _ in COLUMNS)]
    with made.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(names)
        for row in read_rows(rows):
            writer.writerow([_cell(row[name]) for name in names])


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _write_parquet(rows: Path, made: Path, kinds: Mapping[str, type]) -> None:
    with needs_pyarrow("Parquet"):
        import pyarrow
        import pyarrow.parquet
    types = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        bool: pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, kind in (*kinds.items(), *COLUMNS)])
    texts = [name for name, kind in kinds.items() if kind is str]
    source = read_rows(rows)
    with pyarrow.parquet.ParquetWriter(made, schema) as writer:
        while group := list(islice(source, _GROUP)):
            for row in group:
                row.update({name: _text(row[name]) for name in texts})
            writer.write_table(pyarrow.Table.from_pylist(group, schema))


def _kinds(rows: Path, carried: Sequence[str]) -> dict[str, type]:
    return {name: joined({kind(row[name]) for row in read_rows(rows)}) for name in carried}


def kind(value: object) -> type | None:
    """Tell the type that a column needs to hold ``value``: any holds ``None``."""
    if value is None:
        return None
    return str if type(value) is int and value not in _INT64 else type(value)


def joined(kinds: Collection[type | None]) -> type:
    """Tell the one type of a column whose values need these; of several, or of none, text."""
    needed = set(kinds) - {None}
    if needed == {int, float}:
        return float
    return (needed.pop() if len(needed) == 1 else None) or str


def _text(value: object) -> str | None:
    return value if isinstance(value, str | None) else json.dumps(value)
