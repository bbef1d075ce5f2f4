"""Rows of JSONL: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from heard.batch.source.record import TEXT, Fault, Record, Wanted
from heard.batch.source.streams import LONGEST, Line, lines

__all__ = ["read_jsonl"]


def read_jsonl(stream: BinaryIO, name: str, wanted: Wanted) -> Iterator[Record | Fault]:
    """Read the objects of JSONL; a blank line is none, and a column to carry may be missing.

    Raises:
        InputError: for UTF-16, and a file that is damaged.
    """
    column = wanted.text or TEXT
    for line in lines(stream, name):
        if line.text is None or line.text.strip():
            yield _record(line, column, wanted.carried)


def _record(line: Line, column: str, carried: tuple[str, ...]) -> Record | Fault:
    if line.text is None:
        return Fault(line.number, f"it is longer than {LONGEST // 1024**2} MiB")
    try:
        line.text.encode("utf-8")
        row = json.loads(line.text, parse_constant=_no_number)
    except UnicodeEncodeError:
        return Fault(line.number, "it is not UTF-8")
    except (ValueError, RecursionError):
        return Fault(line.number, "it is not JSON")
    if not isinstance(row, dict):
        return Fault(line.number, "it is not a JSON object")
    if column not in row:
        return Fault(line.number, f"it has no {column!r}")
    return Record(line.number, row[column], [row.get(name) for name in carried])


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
