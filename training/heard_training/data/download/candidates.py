"""Every string of a place that may be a wanted text, one after the other.

A candidate is a pair: the string, and the id that the collection gives it, where it gives one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import httpx2
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict, load_dataset
from datasets.exceptions import DatasetsError

from heard_training.data.download.fetch import fetch
from heard_training.data.download.places import Place
from heard_training.data.download.records import KINDS, is_readable, read_records
from heard_training.errors import TrainingError

__all__ = ["candidates", "load_splits", "rows_of"]

Candidate = tuple[str, str | None]

#: What loading and reading a data set may raise; pyarrow's errors are among them by their bases.
_LIBRARY_ERRORS = (OSError, ValueError, RuntimeError, httpx2.HTTPError, DatasetsError)


def candidates(place: Place, archives: Path) -> Generator[Candidate]:
    """Give every candidate of ``place``, streamed; an archive is first fetched into ``archives``.

    Raises:
        TrainingError: when the place cannot be reached or read.
    """
    pieces = re.compile(place.pieces, re.DOTALL) if place.pieces else None
    for record in _records(place, archives):
        own_id = _as_id(record.get(place.id)) if place.id else None
        for text in _strings(_relevant(record, place.columns)):
            yield text, own_id
            if pieces:
                for found in pieces.finditer(text):
                    yield found.group(1), own_id


def _records(place: Place, archives: Path) -> Iterator[Mapping[str, Any]]:
    if place.kind == "archive":
        name = PurePosixPath(urlsplit(place.where).path).name
        if not is_readable(name):
            raise TrainingError(f"{place.where} does not end in a known kind of file: {KINDS}.")
        sha256 = place.sha256 if isinstance(place.sha256, str) else None
        # Another URL may end in the same name.
        folder = archives / hashlib.sha256(place.where.encode()).hexdigest()[:12]
        archive = fetch(place.where, folder / name, sha256=sha256)
        try:
            yield from read_records(archive)
        except TrainingError:
            archive.unlink()  # or the damaged one would be taken for whole the next time
            raise
    elif place.kind == "given":
        yield from read_records(Path(place.where))
    else:
        for split in load_splits(place).values():
            yield from rows_of(place, split)


def load_splits(place: Place) -> DatasetDict | IterableDatasetDict:
    """Load every split of a hub's data set, or of a data set's folder.

    A folder is streamed, so that no second copy of it is made; what comes from the hub goes through
    the library's own cache, which takes up broken downloads and serves without a network.

    Raises:
        TrainingError: when it cannot be loaded.
    """
    folder = Path(place.where)
    try:
        if (folder / "dataset_dict.json").is_file():
            return DatasetDict.load_from_disk(folder)
        return load_dataset(
            place.where, place.name, revision=place.revision, streaming=folder.is_dir()
        )
    except _LIBRARY_ERRORS as error:
        # These say what is missing; words of errors about content may quote it.
        plain = isinstance(error, OSError) or type(error) in (ValueError, RuntimeError)
        reason = str(error).partition("\n")[0].rstrip(".") if plain else type(error).__name__
        raise TrainingError(f"The data set {place.where} cannot be loaded: {reason}.") from None


def rows_of(place: Place, split: Dataset | IterableDataset) -> Iterator[Mapping[str, Any]]:
    """Give the rows of a split that :func:`load_splits` loaded.

    Raises:
        TrainingError: when they break off.
    """
    try:
        yield from split
    except _LIBRARY_ERRORS as error:
        # Not the error's own words: they may quote a row.
        raise TrainingError(
            f"The data set {place.where} broke off ({type(error).__name__})."
        ) from None


def _relevant(record: Mapping[str, Any], columns: Iterable[str]) -> Iterable[Any]:
    return [record[name] for name in columns if name in record] or record.values()


def _strings(values: Iterable[Any]) -> Iterator[str]:
    """Give the strings among ``values``, however deep they lie."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _strings(value.values())
        elif isinstance(value, list | tuple):
            yield from _strings(value)


def _as_id(value: object) -> str | None:
    return str(value).strip() if isinstance(value, str | int) else None
