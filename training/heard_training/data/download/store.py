"""What was found so far, source by source, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heard_training.data.download.annotations import sha256_of
from heard_training.data.download.places import Place
from heard_training.errors import TrainingError
from heard_training.files import write_lines, written_whole

__all__ = ["Origin", "Stored", "load", "origin_of", "save"]

_TEXTS, _ORIGIN = "texts.jsonl", "origin.json"

Origin = Mapping[str, Any]


@dataclass(frozen=True)
class Stored:
    """Texts by their SHA-256; where they were looked for last; the hashes not found there."""

    texts: Mapping[str, str]
    origin: Origin
    missing: frozenset[str]


def load(folder: Path) -> Stored:
    """Read what :func:`save` wrote; nothing where there is nothing.

    Raises:
        TrainingError: when the files are damaged.
    """
    if not folder.is_dir():
        return Stored({}, {}, frozenset())
    try:
        texts = dict(_texts(folder / _TEXTS))
        said = json.loads((folder / _ORIGIN).read_text(encoding="utf-8"))
        stored = Stored(texts, said["origin"], frozenset(said["missing"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise TrainingError(
            f"{folder} is damaged: delete it, and the source is read again."
        ) from None
    return stored


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_bytes().splitlines():
        text = json.loads(line)["text"]
        yield sha256_of(text), text


def save(folder: Path, texts: Mapping[str, str], origin: Origin, missing: Collection[str]) -> None:
    """Write a source that was read to its end."""
    with written_whole(folder) as partial:
        write_lines(partial / _TEXTS, (json.dumps({"text": texts[key]}) for key in sorted(texts)))
        said = {"origin": origin, "missing": sorted(missing)}
        write_lines(partial / _ORIGIN, [json.dumps(said)])


def origin_of(place: Place) -> Origin:
    """Describe a place so that a change of it shows: of the table, the path, or the files there."""
    said = dataclasses.asdict(place)
    if place.kind == "given":
        path = Path(place.where).resolve()
        files = [path] if path.is_file() else (p for p in path.rglob("*") if p.is_file())
        said |= {"where": str(path), "bytes": sum(file.stat().st_size for file in files)}
    plain: Origin = json.loads(json.dumps(said))  # tuples to lists, as it is read back
    return plain
