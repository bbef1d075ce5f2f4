"""What can go wrong, as classes: one base, so that a caller can catch everything that is ours."""

from __future__ import annotations

__all__ = ["BundleError", "HeardError", "InputError"]


class HeardError(Exception):
    """Base of every error that ``heard`` raises on purpose; its text is one clear sentence.

    The text never contains a customer's message: messages are private.
    """


class InputError(HeardError, ValueError):
    """A message or an argument that cannot be used as it is; the sentence names the mend."""


class BundleError(HeardError):
    """A model bundle that is missing, damaged, or of another make than this version reads."""
