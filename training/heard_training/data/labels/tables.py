"""Tables as spreadsheets write and read them: CSV in UTF-8, with no cell that is a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from heard_training.data.csv_table import read_csv_table
from heard_training.files import write_whole

__all__ = ["read_table", "write_table"]

#: What a spreadsheet may take for a formula: the signs, their wide forms, and white space before.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # noqa: RUF001


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; :func:`read_table` gives back just the cells that were written, as text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_guarded(str(cell)) for cell in row] for row in rows)
    # Without the mark, spreadsheets take the file for one in the code page of the system.
    write_whole(path, f"\ufeff{text.getvalue()}")


def read_table(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a table whose first row names its columns: per row its place, and cells by column.

    Raises:
        TrainingError: as ``read_csv_table``.
    """
    found = read_csv_table(path, short_rows=True)
    columns = [_unguarded(name) for name in found.columns]
    for line, cells in found.rows:
        place = f"{path}, line {line}"
        yield place, dict(zip(columns, map(_unguarded, cells), strict=True))


def _guarded(cell: str) -> str:
    """Put an apostrophe before what may be a formula, and before what looks guarded already."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
