"""Records out of files as people have them: CSV, TSV, JSON and Parquet, packed or not, streamed.

What a record means is not known here: a record is a mapping of names to values, strings somewhere
among them. No more than a piece of a file is held in memory; a JSON file that is one object, not a
list of them, is the exception.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from heard_training.errors import TrainingError

__all__ = ["KINDS", "is_readable", "read_records"]

Record = Mapping[str, Any]

_PIECE = 1 << 20
#: The csv module refuses fields above 128 KiB unless told otherwise.
_LONGEST_FIELD = 1 << 30
#: Between values that follow each other in a file, be they in a list, one a line, or both.
_BETWEEN = re.compile(r"[\s,\[\]]*")


def read_records(path: Path) -> Iterator[Record]:
    """Read every record of a file, or of all files of known kinds below a folder.

    Raises:
        TrainingError: when there is nothing to read, or a file is damaged; its words are not
            quoted.
    """
    for file in _files(path):
        try:
            with file.open("rb") as stream:
                yield from _unpacked(file.name, stream)
        except json.JSONDecodeError as error:
            raise TrainingError(f"{file} cannot be read as JSON: {error.msg}.") from None
        except (EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise TrainingError(f"{file} is damaged or cut short: get it anew.") from error
        except OSError as error:
            reason = error.strerror or "it is damaged or cut short"
            raise TrainingError(f"{file} cannot be read: {reason}.") from error
        except (csv.Error, pa.ArrowException, RuntimeError, ValueError) as error:
            # Their own words may quote the file.
            raise TrainingError(
                f"{file} is not what its name says, or it is damaged or locked "
                f"({type(error).__name__})."
            ) from None


def is_readable(name: str) -> bool:
    """Say by its name whether a file is of a known kind."""
    path = PurePath(name.lower())
    if path.suffix in _PACKED:
        path = path.with_suffix("")
    return path.suffix in _READERS or path.suffix == ".zip"


def _files(path: Path) -> list[Path]:
    if path.is_file():
        files = [path] if is_readable(path.name) else []
    elif path.is_dir():
        below = (found.relative_to(path) for found in path.rglob("*") if found.is_file())
        visible = (name for name in below if not any(part.startswith(".") for part in name.parts))
        files = sorted(path / name for name in visible if is_readable(name.name))
    else:
        raise TrainingError(f"There is no file or folder at {path}.")
    if not files:
        raise TrainingError(f"{path} holds nothing that can be read: give one of {KINDS}.")
    return files


def _unpacked(name: str, stream: IO[bytes]) -> Iterator[Record]:
    suffix = PurePath(name.lower()).suffix
    if suffix == ".zip":
        with zipfile.ZipFile(stream) as archive:
            for member in archive.namelist():
                if is_readable(member):
                    with archive.open(member) as unpacked:
                        yield from _unpacked(member, unpacked)
    elif suffix in _PACKED:
        with _PACKED[suffix](stream) as unpacked:
            yield from _unpacked(str(PurePath(name).with_suffix("")), unpacked)
    else:
        yield from _READERS[suffix](stream)


def _text(stream: IO[bytes]) -> io.TextIOWrapper:
    # A byte that is not UTF-8 spoils its own record, which then matches nothing, and no other.
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")


def _csv(stream: IO[bytes]) -> Iterator[Record]:
    csv.field_size_limit(_LONGEST_FIELD)
    yield from _named(csv.reader(_text(stream)))


def _tsv(stream: IO[bytes]) -> Iterator[Record]:
    """Read tab-separated values: as they stand, and without quotes where they stand in quotes.

    Some write quotes around fields and some do not; a stray quote must not swallow what follows.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    for record in _named(csv.reader(_text(stream), delimiter="\t", quoting=csv.QUOTE_NONE)):
        yield {name: _unquoted(value) for name, value in record.items()}


def _unquoted(value: str) -> str | list[str]:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return [value, value[1:-1].replace('""', '"')]
    return value


def _named(rows: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    """Name fields by the first row; it is a record, too, for a file that has no header."""
    header = next(rows, [])
    names = [
        f"column {place}" if name in header[: place - 1] else name
        for place, name in enumerate(header, start=1)
    ]
    yield dict(zip(names, header, strict=True))
    for row in rows:
        names += (f"column {place}" for place in range(len(names) + 1, len(row) + 1))
        yield dict(zip(names, row, strict=False))


def _json_lines(stream: IO[bytes]) -> Iterator[Record]:
    for line in _text(stream):
        if line.strip():
            yield _record(json.loads(line))


def _json(stream: IO[bytes]) -> Iterator[Record]:
    """Read a list of values, or values one after the other, piece by piece."""
    decoder = json.JSONDecoder()
    text = _text(stream)
    buffer = ""
    # As much again as is left: a long value is not tried again and again for every piece.
    while piece := text.read(max(_PIECE, len(buffer))):
        buffer += piece
        place = _after(_BETWEEN, buffer, 0)
        while place < len(buffer):
            try:
                value, place = decoder.raw_decode(buffer, place)
            except json.JSONDecodeError:
                break
            yield _record(value)
            place = _after(_BETWEEN, buffer, place)
        buffer = buffer[place:]
    if buffer:
        raise json.JSONDecodeError("a value is broken or cut short", "", 0)


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _record(value: Any) -> Record:  # noqa: ANN401 - any JSON
    return value if isinstance(value, dict) else {"": value}


def _parquet(stream: IO[bytes]) -> Iterator[Record]:
    for batch in pq.ParquetFile(stream).iter_batches(batch_size=1024):
        yield from batch.to_pylist()


def _arrow(stream: IO[bytes]) -> Iterator[Record]:
    """Read an Arrow stream: what ``datasets`` writes with ``save_to_disk``."""
    for batch in pa.ipc.open_stream(stream):
        yield from batch.to_pylist()


_READERS: dict[str, Callable[[IO[bytes]], Iterator[Record]]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _json_lines,
    ".json": _json,
    ".parquet": _parquet,
    ".arrow": _arrow,
}
_PACKED: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": lambda stream: gzip.GzipFile(fileobj=stream),
    ".bz2": bz2.BZ2File,
}
#: What can be read, for error messages and help.
KINDS = f"{', '.join(_READERS)}, these with {' or '.join(_PACKED)}, .zip, or a folder of such"
