"""What makes two texts one, and lots that every machine draws alike."""

from __future__ import annotations

import hashlib

from heard.text import normalise

__all__ = ["chance", "essence"]


def essence(text: str) -> str:
    """Fold case, spacing and normalisation: texts of one essence are one text."""
    return " ".join(normalise(text).text.lower().split())


def chance(name: str) -> float:
    """Turn a name into a number from 0 to 1 that is the same on every machine."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32
