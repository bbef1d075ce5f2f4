"""Messages with labels, as they lie in files, each with what is known of it and its rights."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heard.labels import MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.errors import TrainingError

__all__ = ["Labelling", "Message", "read_authored", "read_local", "read_sources"]

Spans = Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Labelling:
    """One view of one message; ``None`` or a missing name stands for "not known"."""

    levels: Mapping[str, int]
    signals: frozenset[str] | None
    spans: Spans | None


@dataclass(frozen=True)
class Message:
    """One message with its labels.

    ``gold`` is what evaluation compares with. ``views`` are the labellings that training averages.
    ``split`` is the split that the file declares (train, dev or test).
    """

    source: str
    source_id: str
    text: str
    split: str
    gold: Labelling
    views: tuple[Labelling, ...]
    channel: str = ""
    sample: str = ""
    block: str = field(default="", repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the text: what identifies a public message without its words."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_sources(path: Path) -> dict[str, dict[str, Any]]:
    """Read the table of sources and rights.

    Raises:
        TrainingError: when it is missing, broken, or does not say whether a source may be trained
            on.
    """
    try:
        sources = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"The table of sources at {path} cannot be read: {error}.") from error
    for name, source in sources.items():
        if not isinstance(source.get("train"), bool):
            raise TrainingError(f"{path}, [{name}]: say `train = true` or `train = false`.")
    return sources


def read_authored(folder: Path) -> Iterator[Message]:
    """Read the authored corpus: each row has its author's view and, mostly, a second one."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise TrainingError(f"There are no .jsonl files in {folder}: name the authored corpus.")
    for path in files:
        for place, row in _rows(path):
            author = _labelling(place, row)
            second = _labelling(place, row["second"]) if row.get("second") else None
            name, _, number = str(row["id"]).rpartition("-")
            yield Message(
                source="authored",
                source_id=row["id"],
                text=row["text"],
                split=row["split"],
                gold=Labelling(author.levels, author.signals, second.spans if second else None),
                views=(author, second) if second else (author,),
                channel=row.get("channel", ""),
                # Neighbouring ids hold minimal pairs: a block is never cut between two splits.
                block=f"{name}-{int(number) // 25}",
            )


def read_local(folder: Path) -> Iterator[Message]:
    """Read a local folder of public texts: ``messages/train.jsonl`` and ``messages/dev.jsonl``."""
    files = {split: folder / "messages" / f"{split}.jsonl" for split in ("train", "dev")}
    if not any(path.is_file() for path in files.values()):
        raise TrainingError(
            f"{folder} holds neither messages/train.jsonl nor messages/dev.jsonl: name the folder "
            "above messages/."
        )
    for split, path in files.items():
        if not path.is_file():
            continue
        for place, row in _rows(path):
            gold = _labelling(place, row)
            views = tuple(
                _labelling(place, view)
                for view in row.get("annotations", [])
                if view.get("spans") is not None
            )
            yield Message(
                source=row["source"],
                source_id=row["source_id"],
                text=row["text"],
                split=split,
                gold=gold,
                views=views or (gold,),
                sample=row.get("sample", ""),
                channel=_CHANNELS.get(row["source"], ""),
            )


_CHANNELS = {
    "cfpb": "letter",
    "multidogo": "chat",
    "banking77": "chat",
    "twcs": "public_post",
    "asapp_airlines": "public_post",
    "airline_tweets": "public_post",
    "ba_reviews": "review",
}


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            place = f"{path}, line {number}"
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise TrainingError(f"{place} is not JSON: {error.msg}.") from error
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise TrainingError(f"{place} has no `text`.")
            yield place, row


def _labelling(place: str, row: Mapping[str, Any]) -> Labelling:
    levels = row.get("levels") or {}
    for name, level in levels.items():
        if name not in TARGET_NAMES:
            raise TrainingError(f"{place}: there is no level {name!r}.")
        if level not in range(MAX_LEVEL + 1):
            raise TrainingError(f"{place}: {name} is {level!r}, not 0 to {MAX_LEVEL}.")
    signals = row.get("signals")
    unknown = set(signals or ()) - set(SIGNAL_NAMES)
    if unknown:
        raise TrainingError(f"{place}: there is no signal {sorted(unknown)[0]!r}.")
    spans = row.get("spans")
    if spans is not None and set(spans) - set(SPAN_NAMES):
        raise TrainingError(f"{place}: spans must be among {', '.join(SPAN_NAMES)}.")
    return Labelling(
        levels=dict(levels),
        signals=None if signals is None else frozenset(signals),
        spans=None
        if spans is None
        else {kind: [(int(a), int(b)) for a, b in found] for kind, found in spans.items()},
    )
