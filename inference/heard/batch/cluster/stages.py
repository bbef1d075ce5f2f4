"""What runs on the nodes: a reader of files, a scorer that holds a model, a writer of parts.

Rows travel between them as JSON, in tables of one shape whatever the input's columns are: a column
of JSONL may hold values of several types, which no column of Arrow does.

What a library says of a row that it cannot take may quote it, and Ray prints and logs what goes
wrong on its nodes: out of these classes come only errors of our own, and those of storage.
"""

from __future__ import annotations

import io
import json
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
from ray.data import Datasink
from ray.data.datasource import WriteResult

import heard
from heard.analyzer import load
from heard.batch.cluster.storage import Folder, locate
from heard.batch.columns import flat
from heard.batch.counts import Counts
from heard.batch.output import convert, kind
from heard.batch.source.csv_rows import Layout
from heard.batch.source.inputs import Input
from heard.batch.source.rows import Position, Reject, Row, Source
from heard.errors import BundleError, HeardError, InputError
from heard.types import Assessment

__all__ = ["Part", "Reader", "Scorer", "Writer"]

#: Rows of a table that a reader gives.
_ROWS = 512
#: Bytes of a file that are fetched at a time: storage behind a network answers slowly.
_FETCH = 1024 * 1024

_READ = pyarrow.schema([("text", pyarrow.string()), ("rest", pyarrow.string())])
_SCORED = pyarrow.schema([("row", pyarrow.string()), ("rejected", pyarrow.bool_())])


@contextmanager
def _private(stage: str) -> Iterator[None]:
    """Let nothing out that may hold a message."""
    try:
        yield
    except (HeardError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whichever it is, its words stay here
        raise HeardError(f"{stage} failed on a node ({type(error).__name__}).") from None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class Reader:
    """Reads files as the local engine does, one after the other.

    Files come as tables of ``path`` (where a node finds it), ``name`` (what results call it),
    ``format`` and ``bytes``. Not Ray's own ``read_csv`` and ``read_json``: they guess the types of
    columns, and fail the whole run at the first line that is of another make.
    """

    def __init__(
        self, text: str | None, identity: str | None, keep: Sequence[str], layout: Layout
    ) -> None:
        """Take what the source of the local engine takes."""
        self._wanted: dict[str, Any] = {
            "text": text,
            "identity": identity,
            "keep": keep,
            "layout": layout,
        }

    def read(self, files: pyarrow.Table) -> Iterator[pyarrow.Table]:
        """Give tables of rows: text and what goes with it, or no text, and the reject."""
        with _private("Reading"):
            for file in files.to_pylist():
                rows = map(_sent, self._rows(file))
                while some := list(islice(rows, _ROWS)):
                    yield pyarrow.Table.from_pylist(some, _READ)

    def survey(self, files: pyarrow.Table) -> pyarrow.Table:
        """Tell of each file how many rows it has, and what they carry, without scoring them."""
        with _private("Reading"):
            found = [
                {"name": file["name"], **_surveyed(self._rows(file))} for file in files.to_pylist()
            ]
        return pyarrow.Table.from_pylist(found)

    def _rows(self, file: Mapping[str, Any]) -> Iterator[Row | Reject]:
        @contextmanager
        def opened(one: Input) -> Iterator[io.BufferedReader]:
            storage, path = locate(file["path"])
            try:
                raw = storage.open_input_file(path)
            except OSError as error:
                raise InputError(
                    f"{one.name} cannot be read on a node ({type(error).__name__}): every node "
                    "must have it under this name."
                ) from error
            with raw:
                yield io.BufferedReader(raw, _FETCH)

        one = Input(file["name"], None, file["format"], file["bytes"])
        return Source([one], **self._wanted, opened=opened).rows(Position())


def _sent(one: Row | Reject) -> dict[str, str | None]:
    if isinstance(one, Row):
        return {"text": one.text, "rest": _json(one.carried)}
    return {"text": None, "rest": _json(one.to_dict())}


def _surveyed(rows: Iterable[Row | Reject]) -> dict[str, Any]:
    scored, rejected, first = 0, 0, None
    kinds: dict[str, set[str]] = {}
    for one in rows:
        if isinstance(one, Row):
            scored += 1
            for name, value in one.carried.items():
                if (found := kind(value)) is not None:
                    kinds.setdefault(name, set()).add(found.__name__)
        else:
            rejected += 1
            first = first or str(one)
    listed = {name: sorted(found) for name, found in kinds.items()}
    return {"scored": scored, "rejected": rejected, "first": first, "kinds": _json(listed)}


class Scorer:
    """Scores tables of rows with a model that it loads once, in one thread."""

    def __init__(
        self, model: str | None, thresholds: Mapping[str, Any], made: Sequence[str], *, full: bool
    ) -> None:
        """Load the model.

        Args:
            model: the bundle's folder, on this node; ``None`` for the one shipped.
            thresholds: all decision thresholds.
            made: what must be the same on every node: SHA-256 of the bundle, version of ``heard``.
            full: give whole assessments instead of flat columns.

        Raises:
            BundleError: when the bundle or ``heard`` is another one here.
        """
        with _private("Loading the model"):
            self._analyzer = load(model, thresholds=thresholds, threads=1)
            if [self._analyzer.model.sha256, heard.__version__] != list(made):
                raise BundleError(
                    "A node has another model or another version of heard than the machine that "
                    "started the run: install the same on all."
                )
        self._full = full

    def __call__(self, rows: pyarrow.Table) -> pyarrow.Table:
        """Give each row as it will be written, and each reject as it is."""
        with _private("Scoring"):
            texts, rest = (rows[name].to_pylist() for name in _READ.names)
            found = self._analyzer.assess_iter(text for text in texts if text is not None)
            made = [
                text if one is None else self._row(json.loads(text), next(found))
                for one, text in zip(texts, rest, strict=True)
            ]
            rejected = [text is None for text in texts]
            return pyarrow.table([made, rejected], schema=_SCORED)

    def _row(self, carried: dict[str, Any], found: Assessment) -> str:
        return _json({**carried, **(found.to_dict() if self._full else flat(found))})


@dataclass(frozen=True)
class Part:
    """What one write has written: the names of its files, and what it counted in them."""

    rows: str | None
    rejects: str | None
    counts: Counts


class Writer(Datasink[Part]):
    """Writes tables of scored rows as parts, with the local engine's own writers.

    A write that is tried again writes under other names: of several, only the one whose
    :class:`Part` came back counts.
    """

    def __init__(
        self, out: str, carried: Sequence[str], kinds: Mapping[str, type], rows: int
    ) -> None:
        """Take the folder to write to, columns that go first and their types, rows of a part."""
        self._out = out
        self._carried = carried
        self._kinds = kinds
        self._rows = rows
        self.parts: list[Part] = []

    @property
    def min_rows_per_write(self) -> int:
        """How many rows Ray collects for a part."""
        return self._rows

    def write(self, blocks: Iterable[pyarrow.Table], ctx: object) -> Part:
        """Write the rows and the rejects of one part, on a node."""
        folder = Folder(self._out)
        name = uuid.uuid4().hex
        rows = rejects = None
        with _private("Writing"), tempfile.TemporaryDirectory(prefix="heard-") as scratch:
            made = Path(scratch) / "rows.jsonl"
            bad = Path(scratch) / "rejects.jsonl"
            counts = _split(blocks, made, bad)
            if counts.scored:
                whole = convert(made, Path(folder.path), self._carried, self._kinds)
                rows = f"rows-{name}"
                folder.put(whole, rows)
            if counts.rejected:
                rejects = f"rejects-{name}"
                folder.put(bad, rejects)
        return Part(rows, rejects, counts)

    def on_write_complete(self, write_result: WriteResult[Part]) -> None:
        """Keep the parts that count."""
        self.parts = write_result.write_returns


def _split(blocks: Iterable[pyarrow.Table], made: Path, bad: Path) -> Counts:
    """Write rows to one file and rejects to another, a line each, and count them."""
    counts = Counts()
    with made.open("w", encoding="utf-8") as rows, bad.open("w", encoding="utf-8") as rejects:
        for block in blocks:
            for one in block.to_pylist():
                if one["rejected"]:
                    counts.rejected += 1
                else:
                    _count(counts, json.loads(one["row"]))
                (rejects if one["rejected"] else rows).write(one["row"] + "\n")
    return counts


def _count(counts: Counts, row: Mapping[str, Any]) -> None:
    risen = row["escalation"]
    counts.scored += 1
    counts.truncated += row["truncated"]
    counts.other_language += row["language"] == "other"
    counts.primary[row["primary"]] += 1
    counts.escalation[risen if isinstance(risen, str) else risen["name"]] += 1
