"""Files opened, decompressed, and read line by line within bounds."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from heard.batch.source.inputs import Input
from heard.errors import InputError

__all__ = ["LONGEST", "Line", "lines", "needs_pyarrow", "open_raw", "plain_stream"]

#: Bytes of the longest row that is read: what bounds the memory that a row can take.
LONGEST = 4 * 1024 * 1024

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number, from 1, and its end; ``text`` is ``None`` where it is too long.

    Bytes that are not UTF-8 stand in ``text`` as lone surrogates.
    """

    number: int
    text: str | None


@contextmanager
def open_raw(source: Input) -> Iterator[io.BufferedReader]:
    """Open a file, or standard input.

    Raises:
        InputError: when it cannot be opened.
    """
    if source.path is None:
        if sys.stdin is None:
            raise InputError("Standard input is closed: pipe rows into it.")
        yield cast(io.BufferedReader, sys.stdin.buffer)
        return
    try:
        file = source.path.open("rb")
    except OSError as error:
        raise InputError(f"{source.name} cannot be read: {error.strerror}.") from error
    with file:
        yield file


def plain_stream(raw: io.BufferedReader, name: str) -> io.BufferedReader:
    """Decompress ``raw`` if it begins as gzip or Zstandard does, whatever its name.

    Raises:
        InputError: for Zstandard without pyarrow.
    """
    start = raw.peek(len(_ZSTD))
    if start.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if start.startswith(_ZSTD):
        with needs_pyarrow(name):
            import pyarrow
        return io.BufferedReader(pyarrow.CompressedInputStream(pyarrow.PythonFile(raw), "zstd"))
    return raw


@contextmanager
def needs_pyarrow(what: str) -> Iterator[None]:
    """Say in one sentence what is missing where pyarrow is imported for ``what``."""
    try:
        yield
    except ImportError as error:
        raise InputError(
            f"{what} needs {error.name}: install it with pip install 'heard[batch]'."
        ) from error


def lines(stream: BinaryIO, name: str) -> Iterator[Line]:
    """Give a stream's lines, of which no more than :data:`LONGEST` bytes are held at a time.

    A byte order mark is no part of the first.

    Raises:
        InputError: for UTF-16, and a file that is damaged.
    """
    number = 0
    while True:
        number += 1
        try:
            raw = stream.readline(LONGEST)
            whole = len(raw) < LONGEST or raw.endswith(b"\n")
            rest = raw
            while not whole and rest and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{name} is damaged or cut off at line {number} ({type(error).__name__}): "
                "get the whole file."
            ) from error
        if not raw:
            return
        if number == 1:
            if raw.startswith(_UTF16_MARKS):
                raise InputError(
                    f"{name} is UTF-16: convert it, for instance with iconv -f UTF-16 -t UTF-8."
                )
            raw = raw.removeprefix(_UTF8_MARK)
        yield Line(number, raw.decode("utf-8", "surrogateescape") if whole else None)
