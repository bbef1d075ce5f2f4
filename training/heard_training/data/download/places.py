"""Where the texts of a source may lie: what the table of sources says of it, or the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heard_training.errors import TrainingError

__all__ = ["Place", "place_of"]

#: Keys of a [NAME.fetch] table by kind, those that must be there first.
_KEYS = {
    "hub": (("path",), ("name", "revision")),
    "archive": (("url",), ()),
    "given": (("how",), ()),
}
_COMMON = ("kind", "columns", "id", "cut", "pieces", "sha256")
_URL = re.compile(r"https?://")
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")


@dataclass(frozen=True)
class Place:
    """Where candidates come from, and how they lie there.

    Attributes:
        kind: ``hub``, a data set that ``datasets`` loads; ``archive``, a file at a URL; ``given``,
            a file or folder on this machine.
        where: the data set's name or folder, the URL, or the path.
        name: a hub data set's configuration.
        revision: a hub data set's revision.
        columns: fields that may hold the text; a record that has none of them is read in whole.
        id: the field that holds the collection's own id.
        cut: lengths, in code points, to which texts were cut before they were labelled.
        pieces: a pattern whose first group is one of several messages that lie in one field.
        sha256: of the archive, or of the files that are made from a data set, by name.
    """

    kind: str
    where: str
    name: str | None = None
    revision: str | None = None
    columns: tuple[str, ...] = ()
    id: str | None = None
    cut: tuple[int, ...] = ()
    pieces: str | None = None
    sha256: str | Mapping[str, str] | None = None


def place_of(source: str, table: Mapping[str, Any], given: str | None) -> Place | str:
    """Say where a source's texts lie; where nobody has said it, the sentence on how to get them.

    Args:
        source: the source's name.
        table: its table in sources.toml; its ``fetch`` may be missing.
        given: what the user says instead: a path, a URL, or another data set's name for a source
            that comes from the hub.

    Raises:
        TrainingError: when the table is broken, or nothing lies where the user says.
    """
    fetch = _checked(source, table.get("fetch", {"kind": "given", "how": ""}))
    kind = fetch["kind"]
    if kind == "given" and given is None:
        how = fetch["how"] or "The table of sources does not say where its texts are."
        return f"{how} Then give the path: {source}=PATH."
    place = Place(
        kind=kind,
        where=fetch.get("url") or fetch.get("path") or "",
        name=fetch.get("name"),
        revision=fetch.get("revision"),
        columns=tuple(fetch.get("columns", ())),
        id=fetch.get("id"),
        cut=tuple(fetch.get("cut", ())),
        pieces=fetch.get("pieces"),
        sha256=fetch.get("sha256"),
    )
    if given is None:
        return place
    # The table's revision, and the hash of its archive, are not those of what is given instead.
    known = place.sha256 if isinstance(place.sha256, dict) else None
    kind = _given_kind(source, kind, given)
    return replace(place, kind=kind, where=given, revision=None, sha256=known)


def _given_kind(source: str, kind: str, given: str) -> str:
    if _URL.match(given):
        return "archive"
    if Path(given).exists():
        return "given"
    if kind == "hub" and _HUB_NAME.fullmatch(given):
        return "hub"
    raise TrainingError(f"{source}={given}: there is no such file or folder.")


def _checked(source: str, fetch: Any) -> dict[str, Any]:  # noqa: ANN401 - checked right here
    where = f"The table of sources, [{source}.fetch]"
    if not isinstance(fetch, dict) or fetch.get("kind") not in _KEYS:
        raise TrainingError(f"{where}: say `kind`, one of {', '.join(_KEYS)}.")
    needed, others = _KEYS[fetch["kind"]]
    for key in needed:
        if key not in fetch:
            raise TrainingError(f"{where}: kind {fetch['kind']!r} needs `{key}`.")
    for key, value in fetch.items():
        if key not in (*_COMMON, *needed, *others):
            raise TrainingError(f"{where} has no key {key!r} for kind {fetch['kind']!r}.")
        if not _is_sound(key, value):
            raise TrainingError(f"{where}: {key} = {value!r} is of the wrong type.")
    return fetch


def _is_sound(key: str, value: object) -> bool:
    if key == "columns":
        return isinstance(value, list) and all(isinstance(name, str) for name in value)
    if key == "cut":
        return isinstance(value, list) and all(type(n) is int and n > 0 for n in value)
    if key == "pieces":
        return isinstance(value, str) and _has_a_group(value)
    if key == "sha256" and isinstance(value, dict):
        return all(isinstance(digest, str) for digest in value.values())
    return isinstance(value, str)


def _has_a_group(pattern: str) -> bool:
    try:
        return re.compile(pattern).groups > 0
    except re.error:
        return False
