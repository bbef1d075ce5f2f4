"""The run on Ray: survey the input, score it, check the account, and only then call it finished."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray
import ray.data
from ray.data import ActorPoolStrategy, TaskPoolStrategy

import heard
from heard.analyzer import Analyzer
from heard.batch.cluster.connection import block_size, connected, sentences
from heard.batch.cluster.stages import Part, Reader, Scorer, Writer
from heard.batch.cluster.storage import REJECTS, Folder, absolute
from heard.batch.counts import Counts
from heard.batch.output import joined
from heard.batch.source.inputs import Input
from heard.batch.source.rows import Source
from heard.bundle import default_path
from heard.errors import HeardError, InputError

__all__ = ["score_with_ray"]

#: Rows of a part of the output: a billion make ten thousand files of some ten megabytes.
_PART = 100_000
#: Bytes of a block, which is scored in one go, and anew when its actor is lost: some ten seconds of
#: work, and less where the input would not make several for every actor.
_SMALLEST, _LARGEST = 4 * 1024, 256 * 1024
_BLOCKS_PER_ACTOR = 8
#: Actors for which there is one reader and one writer, of at least two: they mostly wait.
_ACTORS_PER_READER = 16
#: An actor comes back as often as nodes are lost; a block that costs one after the other ends the
#: run. A lost node costs several tries until the cluster has noticed.
_RESTARTS = -1
_TASK_RETRIES = 32
#: Tasks that the files to read are dealt out to.
_MOST_TASKS = 4096

_KINDS = {one.__name__: one for one in (str, int, float, bool)}


@dataclass(frozen=True)
class _Survey:
    """What there is to score: rows that can be, rows that cannot, and types that columns carry."""

    scored: int
    rejected: int
    first: str | None
    kinds: Mapping[str, type]


def score_with_ray(
    analyzer: Analyzer,
    source: Source,
    out: str,
    *,
    full: bool = False,
    strict: bool = False,
    force: bool = False,
    address: str | None = None,
    concurrency: int | None = None,
    part_rows: int | None = None,
) -> Counts:
    """Score the rows of ``source`` with Ray Data, to the parts of a folder, in no order.

    Args:
        analyzer: the model and the thresholds that every node is to have.
        source: the rows; every node must find their files.
        out: a folder that every node can write to, a local path or a URL, empty or not there yet;
            its ending names the format.
        full: give whole assessments instead of flat columns.
        strict: score nothing where one row cannot be scored.
        force: replace what a run has left in the folder.
        address: a cluster; by default the one that this process or machine belongs to, or else Ray
            is started here, and ends with the run.
        concurrency: actors, each with a CPU and a model; by default as many as there are CPUs.
        part_rows: the fewest rows that a part holds, but for the last (by default 100,000).

    Raises:
        InputError: for what cannot be read or written, and with ``strict`` for the first bad row.
        HeardError: when the cluster fails, or the rows do not add up.
    """
    files = [_file(one) for one in source.inputs]
    folder = Folder(out)
    with connected(address), sentences():
        actors = concurrency or max(1, _cpus())
        share = sum(file["bytes"] for file in files) // (actors * _BLOCKS_PER_ACTOR)
        reader = Reader(source.wanted.text, source.identity, source.wanted.carried, source.layout)
        with block_size(min(max(share, _SMALLEST), _LARGEST)):
            there = _survey(files, reader, source.columns)
            if strict and there.first is not None:
                raise InputError(f"{there.first} (--strict scores nothing).")
            folder.start(force=force)
            writer = Writer(folder.name, source.columns, there.kinds, part_rows or _PART)
            try:
                _score(files, reader, _settings(analyzer, full=full), writer, actors)
                counts = _checked(writer.parts, there)
                folder.commit(_names(writer.parts, folder), _account(analyzer, counts))
            except BaseException:
                folder.clear()
                raise
    return counts


def _cpus() -> int:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return int(resources.get("CPU", 1))


def _file(one: Input) -> dict[str, Any]:
    if one.bytes is None:
        raise InputError(f"{one.name} is no file: a cluster reads files that every node finds.")
    return {
        "name": one.name,
        "path": absolute(one.name),
        "format": one.format,
        "bytes": one.bytes,
    }


def _settings(analyzer: Analyzer, *, full: bool) -> dict[str, Any]:
    path = analyzer.bundle.path.absolute()
    return {
        "model": None if path == default_path() else str(path),  # it lies elsewhere on a node
        "thresholds": analyzer.thresholds.to_dict(),
        "made": [analyzer.model.sha256, heard.__version__],
        "full": full,
    }


def _dataset(files: list[dict[str, Any]]) -> ray.data.Dataset:
    return ray.data.from_items(files, override_num_blocks=min(len(files), _MOST_TASKS))


def _survey(files: list[dict[str, Any]], reader: Reader, carried: Sequence[str]) -> _Survey:
    """Read everything once: what is counted here is what must come out."""
    places = {file["name"]: place for place, file in enumerate(files)}
    surveyed = _dataset(files).map_batches(reader.survey, batch_size=1, batch_format="pyarrow")
    found = sorted(surveyed.take_all(), key=lambda one: places[one["name"]])
    kinds: dict[str, set[type]] = {name: set() for name in carried}
    for one in found:
        for name, some in json.loads(one["kinds"]).items():
            kinds[name].update(_KINDS[kind] for kind in some)
    return _Survey(
        sum(one["scored"] for one in found),
        sum(one["rejected"] for one in found),
        next((one["first"] for one in found if one["first"] is not None), None),
        {name: joined(some) for name, some in kinds.items()},
    )


def _score(
    files: list[dict[str, Any]],
    reader: Reader,
    settings: Mapping[str, Any],
    writer: Writer,
    actors: int,
) -> None:
    """Read, score and write, all at the same time.

    Readers and writers take no CPU of their own: actors that come back after their node was lost
    could otherwise take the last one, and wait for rows that nobody is left to read.
    """
    writers = max(2, actors // _ACTORS_PER_READER)
    _dataset(files).map_batches(
        reader.read,
        batch_size=1,
        batch_format="pyarrow",
        compute=TaskPoolStrategy(min(writers, len(files))),
        num_cpus=0,
    ).map_batches(
        Scorer,
        fn_constructor_kwargs=dict(settings),
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=actors),
        num_cpus=1,
        max_restarts=_RESTARTS,
        max_task_retries=_TASK_RETRIES,
    ).write_datasink(writer, ray_remote_args={"num_cpus": 0}, concurrency=writers)


def _checked(parts: Sequence[Part], there: _Survey) -> Counts:
    """Add up the parts, and compare the sum with what there was to score."""
    counts = Counts()
    for part in parts:
        counts.scored += part.counts.scored
        counts.rejected += part.counts.rejected
        counts.truncated += part.counts.truncated
        counts.other_language += part.counts.other_language
        counts.primary.update(part.counts.primary)
        counts.escalation.update(part.counts.escalation)
    if (counts.scored, counts.rejected) != (there.scored, there.rejected):
        raise HeardError(
            f"{there.scored:,} rows and {there.rejected:,} rejects were read, {counts.scored:,} "
            f"and {counts.rejected:,} written: nothing was kept. Did the input change meanwhile?"
        )
    return counts


def _names(parts: Sequence[Part], folder: Folder) -> dict[str, str]:
    """Give every file that counts its final name."""
    names = {}
    rows = sorted(part.rows for part in parts if part.rows)
    rejects = sorted(part.rejects for part in parts if part.rejects)
    for place, name in enumerate(rows):
        names[name] = f"part-{place:05}{folder.ending}"
    for place, name in enumerate(rejects):
        names[name] = f"{REJECTS}/part-{place:05}.jsonl"
    return names


def _account(analyzer: Analyzer, counts: Counts) -> dict[str, Any]:
    return {
        "rows": counts.scored + counts.rejected,
        **counts.to_dict(),
        "model": analyzer.model.to_dict(),
        "heard": heard.__version__,
    }
