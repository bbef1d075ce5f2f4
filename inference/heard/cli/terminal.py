"""What the commands share: reading messages, and saying results."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from heard.errors import InputError
from heard.text import check_text

__all__ = ["messages", "read_file", "say"]


def say(line: str) -> None:
    """Write a line of results to standard output."""
    sys.stdout.write(line + "\n")


def messages(given: Sequence[str]) -> Iterator[str]:
    """Give the messages of the command line, or with ``-`` one per line of standard input.

    Raises:
        InputError: for text that is not UTF-8, and ``-`` among others.
    """
    if list(given) == ["-"]:
        if sys.stdin is None:
            raise InputError("Standard input is closed: pipe messages into it.")
        return _lines(sys.stdin.buffer)
    if "-" in given:
        raise InputError("- stands for standard input, and must stand alone.")
    return iter(given)  # bytes that are not UTF-8 arrive from the shell as lone surrogates


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Read one message per line; a byte order mark and line ends are no part of one."""
    for number, line in enumerate(stream, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"Line {number} of standard input is not UTF-8 at byte {error.start}: "
                "convert it, for instance with iconv."
            ) from None
        try:
            yield check_text(text.rstrip("\r\n"))
        except InputError as error:
            raise InputError(f"Line {number} of standard input: {error}") from None


def read_file(path: str) -> str:
    """Read a text of any number of lines from a file, or with ``-`` from standard input.

    Raises:
        InputError: when it cannot be read or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return check_text(data.decode("utf-8-sig").rstrip("\r\n"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}.") from None
