"""What a user of ``heard-train`` can get wrong, told in one sentence; exit code 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from heard.errors import HeardError

__all__ = ["TrainingError", "did_you_mean"]


class TrainingError(HeardError):
    """A configuration, a data file or a result that cannot be used; the sentence says why."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question with the nearest of the ``known`` names, or nothing where none is near."""
    by_fold = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=1)
    return f" (did you mean {by_fold[near[0]]!r}?)" if near else ""
