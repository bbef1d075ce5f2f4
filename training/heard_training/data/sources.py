"""Messages with labels, as they lie in files, each with what is known of it and its rights."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from heard.errors import InputError
from heard.labels import MAX_LEVEL
from heard.text import check_text
from heard_training.config import Heads
from heard_training.errors import TrainingError
from heard_training.files import read_objects

__all__ = [
    "Labelling",
    "Message",
    "agreed",
    "labelling",
    "message_files",
    "present_message_files",
    "read_authored",
    "read_labelled",
    "read_local",
    "read_sources",
]

Spans = Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Labelling:
    """One view of one message; ``None`` or a missing name stands for "not known".

    A level of true or false says whether it is expressed at all, and not how strongly. ``signals``
    are those present; where not all were asked for, ``asked`` names those that were.
    """

    levels: Mapping[str, int | bool]
    signals: frozenset[str] | None
    spans: Spans | None
    asked: frozenset[str] | None = None

    def signal(self, name: str) -> bool | None:
        """Whether a signal is present; ``None`` where that is not known."""
        if self.signals is None or (self.asked is not None and name not in self.asked):
            return None
        return name in self.signals


@dataclass(frozen=True)
class Message:
    """One message with its labels.

    ``gold`` is what evaluation compares with. ``views`` are the labellings that training averages.
    ``split`` is the split that the file declares (train, dev or test; calibrate in benchmarks).
    """

    source: str
    source_id: str
    text: str
    split: str
    gold: Labelling
    views: tuple[Labelling, ...]
    channel: str = ""
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
    except FileNotFoundError:
        raise TrainingError(
            f"There is no table of sources at {path}: install from a clone with pip install -e, or "
            "name a table as data.sources."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"The table of sources at {path} cannot be read: {error}.") from error
    for name, source in sources.items():
        if not isinstance(source, dict) or not isinstance(source.get("train"), bool):
            raise TrainingError(f"{path}, [{name}]: say `train = true` or `train = false`.")
    return sources


def read_authored(folder: Path, heads: Heads) -> Iterator[Message]:
    """Read the authored corpus: each row has its author's view and, mostly, a second one."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise TrainingError(f"There are no .jsonl files in {folder}: name the authored corpus.")
    for path in files:
        for place, row in _rows(path, ("id", "split")):
            if row["split"] not in ("train", "test"):
                raise TrainingError(f"{place}: the split is {row['split']!r}, not train or test.")
            read = partial(labelling, place, length=len(row["text"]), heads=heads)
            author = read(row)
            second = read(row["second"]) if row.get("second") else None
            yield Message(
                source="authored",
                source_id=row["id"],
                text=row["text"],
                split=row["split"],
                gold=Labelling(author.levels, author.signals, second.spans if second else None),
                views=(author, second) if second else (author,),
                channel=str(row.get("channel", "")),
                block=_block(place, row["id"]),
            )


def _block(place: str, row_id: str) -> str:
    """Name the block of 25 that an id lies in.

    Neighbouring ids hold minimal pairs: a block is never cut between two splits.
    """
    name, _, number = row_id.rpartition("-")
    if not number.isdecimal():
        raise TrainingError(f"{place}: the id {row_id!r} does not end in a number, as in x-0001.")
    return f"{name}-{(int(number) - 1) // 25}"  # ids count from one


def message_files(folder: Path) -> dict[str, Path]:
    """Name the files of a local folder of public texts, by their splits."""
    return {split: folder / "messages" / f"{split}.jsonl" for split in ("train", "dev")}


def present_message_files(folder: Path) -> dict[str, Path]:
    """Name those of the :func:`message_files` that are there.

    Raises:
        TrainingError: when none is.
    """
    present = {split: path for split, path in message_files(folder).items() if path.is_file()}
    if not present:
        raise TrainingError(
            f"{folder} holds neither messages/train.jsonl nor messages/dev.jsonl: name the folder "
            "above messages/."
        )
    return present


def read_local(folder: Path, heads: Heads) -> Iterator[Message]:
    """Read a local folder of public texts: ``messages/train.jsonl`` and ``messages/dev.jsonl``."""
    for split, path in present_message_files(folder).items():
        for place, row in _rows(path, ("source", "source_id")):
            yield _message(place, row, split, heads)


def read_labelled(path: Path, heads: Heads) -> Iterator[Message]:
    """Read any file of labelled messages, an object a line, to measure with.

    Each has ``text`` and as much as is known of ``levels``, ``signals`` and ``spans``, or of
    ``annotations``; ``source``, ``source_id`` and ``channel`` where there are some.
    """
    if not path.is_file():
        raise TrainingError(f"There is no file {path}: name one of labelled messages, as JSONL.")
    for number, (place, row) in enumerate(_rows(path, ()), start=1):
        known = {name: value for name, value in row.items() if value is not None}
        named = {"source": path.stem, "source_id": str(known.get("id", number))}
        second = known.get("second")  # as in the authored corpus, where spans are the second's
        if isinstance(second, dict) and second.get("spans") and "annotations" not in known:
            known["spans"] = second["spans"]
        yield _message(place, named | known, "test", heads)


def _message(place: str, row: dict[str, Any], split: str, heads: Heads) -> Message:
    read = partial(labelling, place, length=len(row["text"]), heads=heads)
    gold = read(row)
    annotations = row.get("annotations") or []
    if not isinstance(annotations, list):
        raise TrainingError(f"{place}: annotations must be a list of labellings.")
    views = tuple(map(read, annotations))
    if views and not gold.levels and gold.signals is None:
        gold = agreed(views, gold.spans, heads)
    source = str(row["source"])
    return Message(
        source=source,
        source_id=str(row["source_id"]),
        text=row["text"],
        split=split,
        gold=gold,
        views=views or (gold,),
        channel=str(row.get("channel", _CHANNELS.get(source, ""))),
    )


def agreed(views: Sequence[Labelling], spans: Spans | None, heads: Heads) -> Labelling:
    """Take the median level (the lower of two) and the signals that more than half name.

    Where no view says how strongly, more than half decide whether a level is expressed.
    """
    levels: dict[str, int | bool] = {}
    for name in heads.levels:
        given = [view.levels[name] for view in views if name in view.levels]
        exact = sorted(level for level in given if type(level) is not bool)
        if exact:
            levels[name] = exact[(len(exact) - 1) // 2]
        elif given:
            levels[name] = 2 * sum(given) > len(given)
    said = {name: [view.signal(name) for view in views] for name in heads.signals}
    known = {name: [one for one in given if one is not None] for name, given in said.items()}
    signals = frozenset(name for name, given in known.items() if 2 * sum(given) > len(given))
    asked = frozenset(name for name, given in known.items() if given)
    return Labelling(levels, signals if asked else None, spans, asked)


_CHANNELS = {
    "cfpb": "letter",
    "multidogo": "chat",
    "banking77": "chat",
    "twcs": "public_post",
    "asapp_airlines": "public_post",
    "airline_tweets": "public_post",
    "ba_reviews": "review",
}


def _rows(path: Path, required: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read JSON lines; ``required`` names the fields that must be there as text."""
    for place, row in read_objects(path):
        for name in ("text", *required):
            if not isinstance(row.get(name), str):
                raise TrainingError(f"{place} has no `{name}`, or it is no text.")
        try:
            check_text(row["text"])
        except InputError as error:
            raise TrainingError(f"{place}: {error}") from None
        yield place, row


def labelling(place: str, row: Any, *, length: int, heads: Heads) -> Labelling:  # noqa: ANN401
    """Read one labelling of a text of ``length`` characters; ``place`` names it in errors.

    Raises:
        TrainingError: for labels that do not exist, and values out of range.
    """
    if not isinstance(row, dict):
        raise TrainingError(f"{place}: a labelling must be an object, not {type(row).__name__}.")
    signals, asked = _signals(place, row.get("signals"), heads)
    return Labelling(
        levels=_levels(place, row.get("levels") or {}, heads),
        signals=signals,
        spans=_spans(place, row.get("spans"), length, heads),
        asked=asked,
    )


def _signals(
    place: str,
    signals: Any,  # noqa: ANN401
    heads: Heads,
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Read the names that are present, of all; or yes and no by name, the others not known."""
    if signals is None:
        return None, None
    if not isinstance(signals, list | dict):
        kind = type(signals).__name__
        raise TrainingError(
            f"{place}: signals must be a list of names, or true and false by name, not {kind}."
        )
    unknown = [name for name in signals if name not in heads.signals]
    if unknown:
        raise TrainingError(f"{place}: there is no signal {_short(unknown[0])}.")
    if isinstance(signals, list):
        return frozenset(signals), None
    for name, present in signals.items():
        if type(present) is not bool:
            raise TrainingError(f"{place}: {name} is {_short(present)}, not true or false.")
    return frozenset(name for name, there in signals.items() if there), frozenset(signals)


def _short(value: object) -> str:
    """Name a value that may be somebody's words by its kind, unless it is short as names are."""
    return repr(value) if len(repr(value)) <= 30 else f"of {type(value).__name__}"


def _levels(
    place: str,
    levels: Any,  # noqa: ANN401
    heads: Heads,
) -> dict[str, int | bool]:
    """Read levels by name, each a number, or true or false where only that is known."""
    if not isinstance(levels, dict):
        raise TrainingError(f"{place}: levels must be an object, not {type(levels).__name__}.")
    for name, level in levels.items():
        if name not in heads.levels:
            raise TrainingError(f"{place}: there is no level {_short(name)}.")
        number = type(level) is int and level in range(MAX_LEVEL + 1)
        if not number and type(level) is not bool:
            raise TrainingError(f"{place}: {name} is {_short(level)}, not 0 to {MAX_LEVEL}.")
    return dict(levels)


def _spans(place: str, spans: Any, length: int, heads: Heads) -> Spans | None:  # noqa: ANN401
    if spans is None:
        return None
    lists = isinstance(spans, dict) and all(isinstance(found, list) for found in spans.values())
    if not lists or set(spans) - set(heads.spans):
        raise TrainingError(f"{place}: spans must be lists under {', '.join(heads.spans)}.")
    for kind, found in spans.items():
        for span in found:
            pair = isinstance(span, list) and len(span) == 2 and all(type(n) is int for n in span)
            if not pair or not 0 <= span[0] < span[1] <= length:
                raise TrainingError(f"{place}: a {kind} span is no [start, end) within the text.")
    return {kind: [(start, stop) for start, stop in found] for kind, found in spans.items()}
