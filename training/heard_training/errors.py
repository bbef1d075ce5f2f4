"""What a user of ``heard-train`` can get wrong, told in one sentence; exit code 2."""

from __future__ import annotations

from heard.errors import HeardError

__all__ = ["TrainingError"]


class TrainingError(HeardError):
    """A configuration, a data file or a result that cannot be used; the sentence says why."""
