"""Rows of Parquet, a few at a time whatever the size of a row group."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from heard.batch.source.record import Fault, Record, Wanted
from heard.batch.source.streams import needs_pyarrow
from heard.errors import InputError

__all__ = ["read_parquet"]

#: Rows, and bytes of a column, that are read at a time.
_ROWS = 256
_BUFFER = 1024 * 1024


def read_parquet(
    raw: io.BufferedReader, name: str, wanted: Wanted, progress: Callable[[float], None]
) -> Iterator[Record | Fault]:
    """Read the rows of Parquet; ``progress`` is told the share that was read, from 0 to 1.

    Raises:
        InputError: without pyarrow, for a file that is no whole Parquet, and for columns that are
            not there.
    """
    with needs_pyarrow(name):
        import pyarrow
        import pyarrow.parquet
    try:
        # Without a buffer, and with one before the read, a whole row group would be held.
        file = pyarrow.parquet.ParquetFile(raw, pre_buffer=False, buffer_size=_BUFFER)
        names = file.schema_arrow.names
        text, carried = wanted.places(names, name)
        places = list(dict.fromkeys([text, *carried]))
        batches = file.iter_batches(_ROWS, columns=[names[place] for place in places])
        done = 0
        for batch in batches:
            values = {place: _values(batch.column(names[place])) for place in places}
            for row in range(batch.num_rows):
                of_row = {place: column[row] for place, column in values.items()}
                if any(value is _NOT_UTF8 for value in of_row.values()):
                    yield Fault(None, "it is not UTF-8")
                else:
                    yield Record(None, of_row[text], [of_row[place] for place in carried])
            done += batch.num_rows
            progress(done / file.metadata.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(
            f"{name} cannot be read as Parquet ({type(error).__name__}): get the whole file, "
            "uncompressed."
        ) from error


_NOT_UTF8 = object()


def _values(column: Any) -> list[object]:  # noqa: ANN401 - pyarrow has no types
    """Give a column's values in Python, with a mark for those that cannot be decoded."""
    import pyarrow

    if pyarrow.types.is_timestamp(column.type):  # Python's own has no nanoseconds
        column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> object:  # noqa: ANN401
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _NOT_UTF8
