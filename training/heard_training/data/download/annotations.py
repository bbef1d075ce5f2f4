"""The labels of public messages without their texts: what of them may lie in a repository.

A text is named by its source, its id there, the SHA-256 of its UTF-8 bytes and its length; spans
are offsets into it. Whoever has the text finds it again by these; nobody can read it out of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heard.labels import MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.data.sources import present_message_files
from heard_training.errors import TrainingError
from heard_training.files import read_objects, write_lines

__all__ = ["SPLITS", "Annotation", "read_annotations", "sha256_of", "strip"]

SPLITS = ("train", "dev")

#: Names hold no spaces, so that no message can pass for one.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IDENTITY = ("source", "source_id", "sha256", "characters")
_LABELLING = ("levels", "signals", "spans")
_LABELS = (*_LABELLING, "annotation_count", "annotations", "sample")


@dataclass(frozen=True)
class Annotation:
    """The labels of one message, and what its text must be.

    ``sha256`` is that of the text's UTF-8 bytes, ``characters`` its length in code points.
    ``labels`` holds ``levels``, ``signals``, ``annotation_count`` and, where they are known,
    ``spans``, ``annotations`` and ``sample``: plain values, as they stand in the file.
    """

    split: str
    source: str
    source_id: str
    sha256: str
    characters: int
    labels: Mapping[str, Any]

    def with_text(self, text: str) -> dict[str, Any]:
        """Give the row of a messages file: these labels, and the text that they were made for.

        Raises:
            TrainingError: when ``text`` is another one.
        """
        if sha256_of(text) != self.sha256:
            raise TrainingError(f"The text given for {self.source_id} is not the one labelled.")
        labels = {name: value for name, value in self.labels.items() if name != "annotation_count"}
        identity = {"source": self.source, "source_id": self.source_id, "sha256": self.sha256}
        return identity | {"text": text} | labels


def sha256_of(text: str) -> str:
    """Hash a text as annotations do; half surrogate pairs count as they are, and so never match."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def strip(texts: Path, target: Path) -> None:
    """Write ``target``/{train,dev}.jsonl: ``texts``/messages/{train,dev}.jsonl without texts.

    Only labels, hashes, lengths and names are taken over, each checked for what it is; any other
    field of a row stays behind. Rows are sorted, so that the same labels make the same files.

    Raises:
        TrainingError: when there are no messages, or a row is broken.
    """
    for path in present_message_files(texts).values():
        rows = [_stripped(place, row) for place, row in read_objects(path)]
        rows.sort(key=lambda row: (row["source"], row["source_id"], row["sha256"]))
        write_lines(target / path.name, (json.dumps(row) for row in rows))


def read_annotations(folder: Path) -> list[Annotation]:
    """Read what :func:`strip` wrote: the annotations of train, then those of dev.

    Raises:
        TrainingError: when there are none, a row is broken, a span reaches beyond its text, or a
            row holds a field that it should not, such as a text.
    """
    files = [(split, folder / f"{split}.jsonl") for split in SPLITS]
    if not any(path.is_file() for _, path in files):
        raise TrainingError(f"{folder} holds neither train.jsonl nor dev.jsonl: name annotations.")
    return [
        _annotation(place, split, row)
        for split, path in files
        if path.is_file()
        for place, row in read_objects(path)
    ]


def _stripped(place: str, row: dict[str, Any]) -> dict[str, Any]:
    text = row.get("text")
    if not isinstance(text, str):
        raise TrainingError(f"{place} has no `text`, or it is no text.")
    found = sha256_of(text)
    if row.get("sha256", found) != found:
        raise TrainingError(f"{place}: sha256 is not that of the text, which has {found}.")
    kept: dict[str, Any] = {name: row.get(name) for name in ("source", "source_id")}
    kept |= {"sha256": found, "characters": len(text)}
    kept |= {name: row[name] for name in (*_LABELLING, "sample") if name in row}
    views = row.get("annotations")
    kept["annotation_count"] = len(views) if isinstance(views, list) else 1
    if views is not None:
        kept["annotations"] = views
    _annotation(place, "", kept)
    return kept


def _annotation(place: str, split: str, row: dict[str, Any]) -> Annotation:
    """Check one row, field by field."""
    unknown = sorted(set(row) - {*_IDENTITY, *_LABELS})
    if unknown:
        raise TrainingError(f"{place}: annotations have no field {unknown[0]!r}: take it out.")
    for name in ("source", "source_id"):
        _check(_is_name(row.get(name)), place, f"{name} must be a name without spaces")
    _check(_matches(_SHA256, row.get("sha256")), place, "sha256 must be 64 hexadecimal digits")
    characters = row.get("characters")
    _check(type(characters) is int and characters >= 0, place, "characters must be a number")
    if "sample" in row:
        _check(_is_name(row["sample"]), place, "sample must be a name without spaces")
    views = row.get("annotations", [None])
    _check(isinstance(views, list), place, "annotations must be a list of labellings")
    counted = row.get("annotation_count") == len(views)
    _check(counted, place, "annotation_count must be the number of annotations")
    _check_labelling(place, {name: row[name] for name in _LABELLING if name in row}, characters)
    for view in row.get("annotations", ()):
        _check(isinstance(view, dict), place, "every annotation must be an object")
        _check_labelling(place, view, characters)
    labels = {name: row[name] for name in _LABELS if name in row}
    return Annotation(
        split, row["source"], row["source_id"], row["sha256"], row["characters"], labels
    )


def _check_labelling(place: str, view: Mapping[str, Any], characters: Any) -> None:  # noqa: ANN401
    unknown = sorted(set(view) - {*_LABELLING})
    _check(not unknown, place, f"a labelling holds {', '.join(_LABELLING)} and nothing else")
    levels, signals, spans = (view.get(name) for name in _LABELLING)
    if levels is not None:
        sound = isinstance(levels, dict) and all(
            name in TARGET_NAMES and type(level) is int and 0 <= level <= MAX_LEVEL
            for name, level in levels.items()
        )
        _check(sound, place, f"levels must be 0 to {MAX_LEVEL} under {', '.join(TARGET_NAMES)}")
    if signals is not None:
        sound = isinstance(signals, list) and all(name in SIGNAL_NAMES for name in signals)
        _check(sound, place, f"signals must be a list out of {', '.join(SIGNAL_NAMES)}")
    if spans is not None:
        sound = isinstance(spans, dict) and all(
            kind in SPAN_NAMES and _are_spans(found, characters) for kind, found in spans.items()
        )
        _check(sound, place, f"spans must be [start, end) within {characters} characters")


def _are_spans(found: Any, characters: int) -> bool:  # noqa: ANN401 - checked right here
    return isinstance(found, list) and all(
        isinstance(span, list)
        and len(span) == 2
        and all(type(place) is int for place in span)
        and 0 <= span[0] < span[1] <= characters
        for span in found
    )


def _is_name(value: object) -> bool:
    return _matches(_NAME, value)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _check(sound: bool, place: str, rule: str) -> None:
    if not sound:
        raise TrainingError(f"{place}: {rule}.")
