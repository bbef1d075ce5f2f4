"""Rows of CSV: any of the usual delimiters, quoted newlines, ragged rows, quotes never closed."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from heard.batch.source.record import Fault, Record, Wanted
from heard.batch.source.streams import LONGEST, Line, lines
from heard.errors import InputError

__all__ = ["DELIMITERS", "Layout", "read_csv"]

#: Delimiters that are looked for where none is named, the likeliest first.
DELIMITERS = ",;\t|"

#: Lines read ahead to find the delimiter of a file without a header.
_SAMPLE = 20

#: The line that spreadsheets write and read before the header.
_SAYS_DELIMITER = re.compile(r"\ufeff?sep=([^\r\n\"])\r?\n", re.IGNORECASE)

_TOO_LONG = f"it is longer than {LONGEST // 1024**2} MiB"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the files are laid out: the delimiter (``None``: guessed), and whether there is a header.

    The first line alone tells the delimiter, or without a header the first twenty.
    """

    delimiter: str | None = None
    header: bool = True


def read_csv(
    stream: BinaryIO, name: str, wanted: Wanted, layout: Layout
) -> Iterator[Record | Fault]:
    """Read the rows of CSV; a blank line is none.

    Raises:
        InputError: when the header cannot be read, or has not the columns that are wanted.
    """
    csv.field_size_limit(LONGEST)  # of the whole process; the bound is this module's own
    source = lines(stream, name)
    ahead = list(islice(source, _SAMPLE))
    _check_first(ahead, name)
    said = _SAYS_DELIMITER.fullmatch(ahead[0].text or "") if ahead else None
    if said:
        ahead = ahead[1:]
    delimiter = layout.delimiter or (said[1] if said else _guess(ahead, layout.header))
    rows = _rows(chain(ahead, source), delimiter)
    first = next(rows, None)
    if first is None:
        return
    names = first[1]
    if isinstance(names, str):
        raise InputError(f"The first row of {name} cannot be read: {names}.")
    if layout.header:
        names = [one.strip() for one in names]
    else:
        rows = chain([first], rows)
    text, carried = wanted.places(names, name)
    for line, fields in rows:
        if isinstance(fields, str):
            yield Fault(line, fields)
        elif len(fields) != len(names):
            whose = "header" if layout.header else "first row"
            yield Fault(line, f"it has {len(fields)} fields, and the {whose} {len(names)}")
        elif not all(map(_is_utf8, fields)):
            yield Fault(line, "it is not UTF-8")
        else:
            yield Record(line, fields[text], [fields[place] for place in carried])


def _check_first(ahead: Sequence[Line], name: str) -> None:
    """Refuse what no row can be read of: the first line tells."""
    if not ahead:
        return
    text = ahead[0].text
    if text is None or "\r" in text.rstrip("\r\n"):
        raise InputError(
            f"The first line of {name} is too long or ends with a bare carriage return: write the "
            "file anew with line feeds."
        )
    if not _is_utf8(text):
        raise InputError(f"The first line of {name} is not UTF-8: convert it, say with iconv.")


def _guess(ahead: Sequence[Line], header: bool) -> str:
    """Choose the delimiter that makes the most fields, of all lines equally many."""
    sample = [line.text for line in ahead if line.text and line.text.strip()]
    if header:
        sample = sample[:1]

    def fields(delimiter: str, strict: bool) -> int:
        try:
            counts = {len(row) for row in csv.reader(sample, delimiter=delimiter, strict=strict)}
        except csv.Error:
            return 0
        return counts.pop() if len(counts) == 1 else 0

    # Where quotes match with one of them that one is it; a row may also go on below the sample.
    return max(DELIMITERS, key=lambda mark: (fields(mark, True), fields(mark, False)))


def _is_utf8(text: str) -> bool:
    """Whether nothing in a decoded text stands for bytes that are not UTF-8."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


class _Feed:
    """Lines as ``csv.reader`` asks for them, kept until their row is done.

    A quote that is not closed makes one row of all up to the next quote, or the end: such a row is
    taken to be its first line only, and the others are read again.
    """

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []
        self._size = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        """Give the next line of the present row, or end it where there can be none."""
        line = self._next()
        if line is None or line.text is None or self._size + len(line.text) > LONGEST:
            if line is not None:
                self._again.appendleft(line)
            raise StopIteration
        self._size += len(line.text)
        self._taken.append(line)
        return line.text

    def begin(self) -> Line | None:
        """Begin a row: give its first line without taking it, or ``None`` at the end."""
        self._taken.clear()
        self._size = 0
        if (line := self._next()) is not None:
            self._again.appendleft(line)
        return line

    def drop(self) -> None:
        """Take the line that was begun with, which is too long to be read."""
        self._next()

    def give_back(self) -> None:
        """Have all but the first line of the row read again."""
        self._again.extendleft(reversed(self._taken[1:]))

    def _next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._source, None)


def _rows(source: Iterator[Line], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Give each row's line and its fields, or in their place why there are none."""
    feed = _Feed(source)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while (first := feed.begin()) is not None:
        if first.text is None:
            feed.drop()
            yield first.number, _TOO_LONG
            continue
        try:
            fields = next(reader)
        except csv.Error as error:
            if "new-line" in str(error):  # csv has one class for all
                yield first.number, "a carriage return stands in it outside quotes"
            else:
                feed.give_back()
                yield first.number, "a quote in it is not closed, or not doubled"
            continue
        if fields:
            yield first.number, fields
