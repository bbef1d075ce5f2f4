"""The whole of it: every labelled text that can be had, joined to its labels."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tqdm import tqdm

from heard_training.data.download.annotations import Annotation, read_annotations
from heard_training.data.download.candidates import candidates
from heard_training.data.download.goemotions import write_goemotions
from heard_training.data.download.join import Matcher
from heard_training.data.download.messages import refuse_foreign, write_messages
from heard_training.data.download.places import Place, place_of
from heard_training.data.download.store import load, origin_of, save
from heard_training.data.sources import read_sources
from heard_training.errors import TrainingError

__all__ = ["download"]

_log = logging.getLogger(__name__)

_GOEMOTIONS = "goemotions"


def download(
    texts: Path, annotations: Path, sources: Path, given: Mapping[str, str]
) -> dict[str, Any]:
    """Find the texts that ``annotations`` label, and write both under ``texts``.

    Args:
        texts: the folder to write: messages/{train,dev}.jsonl, as
            :func:`heard_training.data.sources.read_local` reads them; goemotions/; downloads/, what
            was found so far per source; archives/, what is being fetched, until it has been read.
        annotations: the folder that :func:`heard_training.data.download.annotations.strip` wrote.
        sources: the table of sources, whose [NAME.fetch] tables say where texts lie.
        given: per source a place of the user's own: a path, a URL, or another data set's name.

    A source that cannot be had does not keep the others from coming: it is counted. One that was
    read to its end is read again only for texts still missing, and only when its place, the files
    there or its [NAME.fetch] table have changed, or its folder below downloads/ was deleted.

    Returns:
        ``sources``: per source ``wanted``, ``found``, ``missing`` (numbers of texts), and ``why``,
        a sentence where some are missing. ``rows``: rows written per split. ``goemotions``, where
        the table of sources says how to fetch it: ``differ``, files of another SHA-256 than known,
        and ``why``.

    Raises:
        TrainingError: for wrong use: broken annotations or sources, a given place that is none, or
            messages below ``texts`` that this command did not write.
    """
    wanted: dict[str, list[Annotation]] = {}
    rows = read_annotations(annotations)
    for row in rows:
        wanted.setdefault(row.source, []).append(row)
    table = read_sources(sources)
    _check_given(given, {*wanted, *({_GOEMOTIONS} & set(table))})
    places = {
        source: place_of(source, table.get(source, {}), given.get(source))
        for source in (*wanted, *({_GOEMOTIONS} & set(table)))
    }
    try:
        refuse_foreign(texts)
        found: dict[str, Mapping[str, str]] = {}
        summary: dict[str, Any] = {"sources": {}}
        for source in sorted(wanted):
            found[source], why = _source(source, wanted[source], places[source], texts)
            summary["sources"][source] = _counts(source, wanted[source], found[source], why)
        summary["rows"] = write_messages(texts, rows, found)
        if _GOEMOTIONS in places and (given.get(_GOEMOTIONS) or "fetch" in table[_GOEMOTIONS]):
            summary[_GOEMOTIONS] = _goemotions(places[_GOEMOTIONS], texts / _GOEMOTIONS)
    except OSError as error:
        raise TrainingError(f"{error.filename or texts}: {error.strerror}.") from error
    for split, number in summary["rows"].items():
        of = sum(row.split == split for row in rows)
        _log.info("messages/%s.jsonl: %d of %d rows have their texts", split, number, of)
    return summary


def _check_given(given: Mapping[str, str], known: Iterable[str]) -> None:
    unknown = sorted(given.keys() - {*known})
    if unknown:
        raise TrainingError(
            f"No texts are wanted of {unknown[0]!r}: choose among {', '.join(sorted(known))}."
        )


def _source(
    source: str, wanted: Sequence[Annotation], place: Place | str, texts: Path
) -> tuple[Mapping[str, str], str]:
    """Give the texts of one source by their SHA-256, and why some are missing."""
    folder, archives = texts / "downloads" / source, texts / "archives" / source
    hashes = {row.sha256 for row in wanted}
    known: Mapping[str, str] = {}
    try:
        stored = load(folder)
        known = {key: text for key, text in stored.texts.items() if key in hashes}
        missing = [row for row in wanted if row.sha256 not in known]
        if not missing:
            return known, ""
        if isinstance(place, str):
            return known, place
        origin = origin_of(place)
        if origin == stored.origin and stored.missing.issuperset(row.sha256 for row in missing):
            return known, (
                f"They were not found at {place.where}, where nothing has changed since: to read "
                f"it again, delete {folder}."
            )
        matcher = Matcher(missing, place.cut)
        _read(source, place, archives, matcher)
        # Texts of other annotations stay: reading them took its time.
        save(folder, {**stored.texts, **matcher.found}, origin, matcher.missing)
    except TrainingError as error:
        return known, str(error)
    # An archive holds far more than what was wanted; nothing of that is kept.
    shutil.rmtree(archives, ignore_errors=True)
    why = f"They are not at {place.where}, or differ there from what was labelled."
    return {**known, **matcher.found}, why if matcher.missing else ""


def _read(source: str, place: Place, archives: Path, matcher: Matcher) -> None:
    """Offer candidates until all are found, or all are read."""
    with closing(candidates(place, archives)) as stream:
        for text, own_id in tqdm(stream, desc=source, unit=" texts", disable=None):
            matcher.offer(text, own_id)
            if not matcher.missing:
                break


def _counts(
    source: str, wanted: Sequence[Annotation], found: Mapping[str, str], why: str
) -> dict[str, Any]:
    hashes = {row.sha256 for row in wanted}
    count = len(hashes & found.keys())
    reason = f". {why}" if why else ""
    _log.info("%s: %d of %d texts found%s", source, count, len(hashes), reason)
    return {
        "wanted": len(hashes),
        "found": count,
        "missing": len(hashes) - count,
        "why": why,
    }


def _goemotions(place: Place | str, target: Path) -> dict[str, Any]:
    differ: list[str] = []
    why = place if isinstance(place, str) else ""
    if not isinstance(place, str):
        try:
            differ = write_goemotions(place, target)
        except TrainingError as error:
            why = str(error)
    if differ:
        why = f"{', '.join(differ)} are not the published files: figures may differ a little."
    _log.info("goemotions: %s", why or "all files are there")
    return {"differ": differ, "why": why}
