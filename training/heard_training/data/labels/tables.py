"""Tables as spreadsheets write and read them: CSV in UTF-8, with no cell that is a formula."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from heard_training.errors import TrainingError
from heard_training.files import write_whole

__all__ = ["read_table", "write_table"]

#: What a spreadsheet may take for a formula: the signs, their wide forms, and white space before.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # noqa: RUF001
_DELIMITERS = ",;\t"


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

    The delimiter is a comma, a semicolon or a tab, whichever cuts the first row into most cells.

    Raises:
        TrainingError: for a file that is missing, is no CSV in UTF-8, or whose rows are longer
            than its header; no cell is quoted.
    """
    if not path.is_file():
        raise TrainingError(f"There is no file {path}: name a table, as CSV.")
    try:
        text = path.read_bytes().decode("utf-8-sig")  # line breaks within cells stay as they are
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path} is not in UTF-8: save it as CSV UTF-8.") from error
    csv.field_size_limit(sys.maxsize)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(path, next(rows, []))
        for cells in rows:
            place = f"{path}, line {rows.line_num}"
            if len(cells) > len(columns):
                raise TrainingError(
                    f"{place} has {len(cells)} cells, and the header {len(columns)}: put texts "
                    "with a delimiter or a line break into quotation marks."
                )
            if any(cells):
                yield (
                    place,
                    dict.fromkeys(columns, "")
                    | dict(zip(columns, map(_unguarded, cells), strict=False)),
                )
    except csv.Error as error:
        raise TrainingError(f"{path}, line {rows.line_num} is not CSV: {error}.") from error


def _columns(path: Path, header: Sequence[str]) -> list[str]:
    columns = [_unguarded(name.strip()) for name in header]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if not any(columns):
        raise TrainingError(f"{path} has no header: name its columns in the first row.")
    if twice:
        raise TrainingError(f"{path} has two columns {twice[0]!r}: keep one.")
    return columns


def _guarded(cell: str) -> str:
    """Put an apostrophe before what may be a formula, and before what looks guarded already."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
