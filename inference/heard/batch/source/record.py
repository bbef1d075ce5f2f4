"""What the readers of all formats give: the wanted columns of each row, or why there are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from heard.errors import InputError

__all__ = ["TEXT", "Fault", "Record", "Wanted"]

#: The column of messages where none is named.
TEXT = "text"

#: What a list of columns may show: a first line that is a customer's message must not be shown.
_NAME = re.compile(r"\S{1,30}(?: \S{1,30}){0,3}")


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the value of its text column, and those of the columns to carry, as they were read.

    ``line`` is the line on which it starts, ``None`` in a format without lines.
    """

    line: int | None
    text: object
    carried: Sequence[object]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be read: why, in words that hold nothing of it."""

    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns to read: that of the text (``None``: the usual), and those to carry.

    ``numbers`` says that they are numbers, from 1, of columns without names.
    """

    text: str | None
    carried: tuple[str, ...] = ()
    numbers: bool = False

    def places(self, names: Sequence[str], file: str) -> tuple[int, list[int]]:
        """Find the columns among ``names``: the place of the text, and those to carry.

        Raises:
            InputError: for a column that is not there, or there twice.
        """
        text = self.text
        if text is None:
            text = names[0] if len(names) == 1 else TEXT
        return self._place(text, names, file), [
            self._place(name, names, file) for name in self.carried
        ]

    def _place(self, name: str, names: Sequence[str], file: str) -> int:
        if self.numbers:
            if name.isdecimal() and 1 <= int(name) <= len(names):
                return int(name) - 1
            raise InputError(
                f"{file} has no column {name!r}: without a header columns are named by number, "
                f"from 1 to {len(names)}, as in --text-column 1."
            )
        if (count := names.count(name)) == 1:
            return names.index(name)
        if count:
            raise InputError(f"{file} has {count} columns {name!r}: rename them.")
        if all(_NAME.fullmatch(one) for one in names):
            there = f"it has {', '.join(names)}"
        else:
            there = "nor does its first line look like one of names (--no-header?)"
        option = " (--text-column names that of the messages)" if name == TEXT else ""
        raise InputError(f"{file} has no column {name!r}: {there}{option}.")
