"""Finds labelled texts again among candidates, by their hashes alone.

A text is found when its SHA-256 is a wanted one, and never otherwise: nothing is guessed. Public
collections differ in small ways in how they hold one and the same text, so each candidate is also
tried in a few plain variants, and cut short where the labelled text was.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Iterator

from heard_training.data.download.annotations import Annotation, sha256_of

__all__ = ["Matcher", "variants"]


def variants(text: str) -> Iterator[str]:
    """Give ``text`` as it is, then otherwise written; one string may come more than once.

    Line ends as LF, HTML entities read, white space stripped at both ends, and every run of white
    space as one space, and these together.
    """
    bases = [text]
    if "\r" in text:
        bases.append(text.replace("\r\n", "\n"))
    if "&" in text:
        bases += [html.unescape(base) for base in bases]
    for base in bases:
        yield base
        yield base.strip()
        yield " ".join(base.split())


class Matcher:
    """Holds what is wanted of one source, and what of it was found.

    Args:
        wanted: annotations of one source.
        cut: lengths, in code points, to which texts were cut before they were labelled. A wanted
            text of such a length may be the beginning of any candidate. One of another length may
            be the beginning only of the candidate that carries its id.

    An archive has millions of candidates: what has no wanted length is never hashed.
    """

    def __init__(self, wanted: Iterable[Annotation], cut: Collection[int] = ()) -> None:
        rows = list(wanted)
        self.found: dict[str, str] = {}
        self.missing = {row.sha256 for row in rows}
        self._lengths = frozenset(row.characters for row in rows)
        self._cuts = tuple(sorted(self._lengths & set(cut)))
        self._cuts_by_id: dict[str, tuple[int, ...]] = {}
        for row in rows:
            if row_id := _own_id(row.source_id):
                others = self._cuts_by_id.get(row_id, self._cuts)
                self._cuts_by_id[row_id] = tuple({*others, row.characters})

    def offer(self, text: str, candidate_id: str | None = None) -> None:
        """Try one candidate, which its own collection may know by ``candidate_id``."""
        cuts = self._cuts if candidate_id is None else self._cuts_of(candidate_id)
        tried: set[str] = set()
        for variant in variants(text):
            if variant in tried:
                continue
            tried.add(variant)
            self._try(variant)
            for cut in cuts:
                if len(variant) > cut and (beginning := variant[:cut]) not in tried:
                    tried.add(beginning)
                    self._try(beginning)

    def _cuts_of(self, candidate_id: str) -> tuple[int, ...]:
        return self._cuts_by_id.get(candidate_id, self._cuts)

    def _try(self, text: str) -> None:
        if len(text) in self._lengths and (digest := sha256_of(text)) in self.missing:
            self.found[digest] = text
            self.missing.remove(digest)


def _own_id(source_id: str) -> str | None:
    """Read the id that the collection itself gave out of ``cfpb-3338777``.

    A hash of the text stands in for it in ids such as ``cfpb-sha1-2fd4...``.
    """
    _, _, own = source_id.partition("-")
    return None if not own or own.startswith("sha1-") else own
