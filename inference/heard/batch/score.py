"""The run: rows from a source through the analyzer to a sink, saved about once a second."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Protocol

from heard.analyzer import Analyzer
from heard.batch.columns import COLUMNS, flat
from heard.batch.counts import Counts
from heard.batch.progress import Progress
from heard.batch.source.rows import Plain, Position, Reject, Row, Source
from heard.errors import InputError
from heard.types import Assessment

__all__ = ["Sink", "Stream", "check_names", "score"]

#: Rows, and characters of their messages and columns, that are scored at a time. Every run makes
#: the same chunks of the same rows, from whatever chunk on it was resumed.
_CHUNK_ROWS = 128
_CHUNK_CHARACTERS = 256 * 1024

#: Seconds of work that a killed run may lose, besides the chunk that it was at.
_UNSAVED = 1.0


class Sink(Protocol):
    """Where results go."""

    position: Position
    counts: Counts

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row that was scored."""

    def reject(self, reject: Reject) -> None:
        """Take a row that was rejected."""

    def save(self, *, done: bool = False) -> None:
        """Make all that was taken count, up to ``position``."""


class Stream:
    """A sink that writes rows to standard output, and rejects to standard error."""

    def __init__(self) -> None:
        self.position = Position()
        self.counts = Counts()

    def add(self, row: Mapping[str, Any]) -> None:
        """Write an object a line."""
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")

    def reject(self, reject: Reject) -> None:
        """Write a sentence."""
        sys.stderr.write(f"heard: {reject}.\n")

    def save(self, *, done: bool = False) -> None:
        """Have everything written."""
        sys.stdout.flush()


def check_names(carried: Iterable[str], *, full: bool) -> None:
    """Check that what rows carry has other names than what is found in them.

    Raises:
        InputError: for a name that would stand twice in a row.
    """
    taken = {one.name for one in fields(Assessment)} if full else {name for name, _ in COLUMNS}
    for name in carried:
        if name in taken:
            raise InputError(
                f"The output has a column {name!r} of its own: rename that of the input."
            )
        taken.add(name)


def score(
    analyzer: Analyzer, source: Source, sink: Sink, *, full: bool = False, strict: bool = False
) -> None:
    """Score all rows after the sink's position.

    Args:
        analyzer: what reads the messages.
        source: the rows.
        sink: where results go; it is saved about once a second, and at the end.
        full: give whole assessments instead of flat columns.
        strict: stop at the first row that cannot be scored.

    Raises:
        InputError: for an input that cannot be read, and with ``strict`` for the first bad row.
    """
    chunks = _chunks(source.rows(sink.position))
    chunk = next(chunks, [])  # before the bar, for a resumed run reads on to its place here
    saved = time.monotonic()
    with Progress(source.bytes, source.bytes_read) as progress:
        while chunk:
            rows = _taken(chunk, sink, strict=strict)
            assessments = analyzer.assess_many(row.text for row in rows)
            for row, assessment in zip(rows, assessments, strict=True):
                found = assessment.to_dict() if full else flat(assessment)
                sink.add({**row.carried, **found})
                sink.counts.add(assessment)
            sink.position = chunk[-1].after
            progress.update(len(rows), source.bytes_read)
            if time.monotonic() - saved >= _UNSAVED:
                sink.save()
                saved = time.monotonic()
            chunk = next(chunks, [])
    sink.save(done=True)


def _taken(chunk: Iterable[Row | Reject], sink: Sink, *, strict: bool) -> list[Row]:
    """Hand rejects to the sink, and give the rows."""
    rows: list[Row] = []
    for one in chunk:
        if isinstance(one, Row):
            rows.append(one)
        elif strict:
            raise InputError(f"{one} (--strict stops here).")
        else:
            sink.reject(one)
            sink.counts.rejected += 1
    return rows


def _chunks(rows: Iterator[Row | Reject]) -> Iterator[list[Row | Reject]]:
    """Cut rows into chunks of bounded size."""
    chunk: list[Row | Reject] = []
    size = 0
    for row in rows:
        chunk.append(row)
        if isinstance(row, Row):
            size += len(row.text) + sum(map(_length, row.carried.values()))
        if len(chunk) >= _CHUNK_ROWS or size >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _length(value: Plain) -> int:
    return len(value) if isinstance(value, str) else 0
