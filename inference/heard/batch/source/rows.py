"""The rows of all inputs as one stream, each a message or a reject, from any position on."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from itertools import islice

from heard.batch.source.csv_rows import Layout, read_csv
from heard.batch.source.inputs import Input
from heard.batch.source.jsonl_rows import read_jsonl
from heard.batch.source.parquet_rows import read_parquet
from heard.batch.source.record import Fault, Record, Wanted
from heard.batch.source.streams import open_raw, plain_stream
from heard.errors import InputError
from heard.text import check_text

__all__ = ["Plain", "Position", "Reject", "Row", "Source"]

Plain = str | int | float | bool | None
Opener = Callable[[Input], AbstractContextManager[io.BufferedReader]]

_KINDS = {bool: "a truth value", int: "a number", float: "a number", list: "a list"}
_BLANK = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, slots=True)
class Position:
    """How far was read: the input, from 0, and the rows of it, good and bad, blank lines none."""

    file: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A message to score, the columns that go with it, and the position after it."""

    after: Position
    text: str
    carried: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be scored: where it stands, and why; nothing of what it says."""

    after: Position
    file: str
    line: int | None
    reason: str

    def to_dict(self) -> dict[str, Plain]:
        """Return plain values for JSON; a format without lines has no ``line``."""
        place: dict[str, Plain] = {"file": self.file, "row": self.after.row}
        if self.line is not None:
            place["line"] = self.line
        return {**place, "reason": self.reason}

    def __str__(self) -> str:
        place = f"row {self.after.row}" if self.line is None else f"line {self.line}"
        return f"{self.file}, {place}: {self.reason}"


class Source:
    """The rows of ``inputs`` in their order.

    A row carries the columns named ``identity`` and ``keep``, under their names; without
    ``identity`` the name of its file (``file``) and its number in it (``row``, from 1, counting
    bad rows and no blank lines).
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        *,
        text: str | None = None,
        identity: str | None = None,
        keep: Sequence[str] = (),
        layout: Layout | None = None,
        opened: Opener = open_raw,
    ) -> None:
        self.inputs = inputs
        self._opened = opened
        self.layout = layout or Layout()
        self.identity = identity
        columns = ([] if identity is None else [identity]) + [
            one for one in keep if one != identity
        ]
        self.wanted = Wanted(text, tuple(dict.fromkeys(columns)), not self.layout.header)
        self._names = [self.name_of(column) for column in self.wanted.carried]
        self._before = 0  # bytes of the inputs that are done
        self._here: Callable[[], float] = _nothing  # and of the present one

    def name_of(self, column: str) -> str:
        """Give the name by which a row carries a column: a number alone would be none."""
        return f"column_{column}" if self.wanted.numbers else column

    @property
    def columns(self) -> list[str]:
        """The names of what a row carries."""
        return self._names if self.identity is not None else ["file", "row", *self._names]

    @property
    def bytes(self) -> int | None:
        """How many bytes there are to read, or ``None`` where one input does not tell."""
        sizes = [one.bytes for one in self.inputs if one.bytes is not None]
        return sum(sizes) if len(sizes) == len(self.inputs) else None

    @property
    def bytes_read(self) -> int:
        """How many of them were read."""
        return int(self._before + self._here())

    def rows(self, start: Position) -> Iterator[Row | Reject]:
        """Give all rows after ``start``.

        Raises:
            InputError: for a file that cannot be read, or has not the columns that are wanted.
        """
        for place, one in enumerate(self.inputs):
            if place >= start.file:
                skip = start.row if place == start.file else 0
                with self._opened(one) as raw:
                    records = enumerate(self._records(one, raw), start=1)
                    for number, record in islice(records, skip, None):
                        yield self._checked(record, one.name, Position(place, number))
            self._before += one.bytes or 0
            self._here = _nothing

    def check(self) -> None:
        """See that every file begins as it should, before hours are spent on those before it.

        Raises:
            InputError: for a file that cannot be read, or has not the columns that are wanted.
        """
        for one in self.inputs:
            if one.again:
                with self._opened(one) as raw:
                    next(self._records(one, raw), None)
        self._here = _nothing

    def _records(self, one: Input, raw: io.BufferedReader) -> Iterator[Record | Fault]:
        if one.again:
            self._here = raw.tell
        if one.format == "parquet":
            if not one.again:
                raise InputError("Parquet cannot be read from a pipe: give the file.")
            size = one.bytes or 0
            return read_parquet(
                raw, one.name, self.wanted, lambda share: self._reached(share * size)
            )
        stream = plain_stream(raw, one.name)
        form = one.format or ("jsonl" if stream.peek(64).lstrip(_BLANK)[:1] == b"{" else "csv")
        if form == "jsonl":
            return read_jsonl(stream, one.name, self.wanted)
        return read_csv(stream, one.name, self.wanted, self.layout)

    def _reached(self, read: float) -> None:
        self._here = lambda: read

    def _checked(self, record: Record | Fault, file: str, after: Position) -> Row | Reject:
        if isinstance(record, Fault):
            return Reject(after, file, record.line, record.reason)
        carried: dict[str, Plain] = {}
        if self.identity is None:
            carried = {"file": file, "row": after.row}
        try:
            text = _text(record.text)
            for name, value in zip(self._names, record.carried, strict=True):
                carried[name] = _plain(name, value)
            if self.identity is not None and record.carried[0] is None:
                raise InputError(f"The column {self.identity!r} is empty.")
        except InputError as error:
            return Reject(after, file, record.line, str(error).rstrip("."))
        return Row(after, text, carried)


def _nothing() -> float:
    return 0.0


def _text(value: object) -> str:
    if isinstance(value, str):
        return check_text(value)
    kind = "nothing" if value is None else _KINDS.get(type(value), "no text")
    raise InputError(f"The message is {kind}, not text.")


def _plain(name: str, value: object) -> Plain:
    """Make of a value to carry one that every format can hold; what has no such form, is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return str(value)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"The column {name!r} holds half a surrogate pair.") from None
    return value
