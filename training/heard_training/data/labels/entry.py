"""What is handed to a labeller, and what comes back, whatever the file's make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heard import Assessment

__all__ = ["Entry", "Labels", "Returned"]

#: Labels as rows of the corpus hold them: ``levels`` by name, ``signals`` as true or false by name,
#: ``spans`` as lists of [start, end) by kind. What is missing is not known.
Labels = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A message for a labeller: ``about`` says why, ``given`` holds the labels that it has.

    ``found`` is what the model says. The lower ``score``, the sooner it should be seen.
    """

    about: Mapping[str, str | float]
    text: str
    given: Labels
    found: Assessment
    score: float


@dataclass(frozen=True)
class Returned:
    """A message that came back: ``place`` names it in errors; one labelling of each labeller."""

    place: str
    id: str
    text: str
    labellings: Sequence[Labels]
