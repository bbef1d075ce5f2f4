"""API keys: read from a file or the environment, kept as hashes, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time
from pathlib import Path

from heard.errors import InputError

__all__ = ["ADMIN_VARIABLE", "KEYS_VARIABLE", "KeyRing"]

KEYS_VARIABLE = "HEARD_API_KEYS"
ADMIN_VARIABLE = "HEARD_ADMIN_KEYS"

_SHORTEST = 16
#: Seconds between two looks at the file.
_LOOK_AGAIN = 1.0

_logger = logging.getLogger("heard.serve")


class KeyRing:
    """Some keys, any of which opens: so that one can be added before another is taken away.

    Keys come from a file (one a line, ``#`` begins a comment), which is read again when it changes,
    and from an environment variable (separated by commas).
    """

    def __init__(self, path: Path | None, variable: str) -> None:
        """Read the keys.

        Raises:
            InputError: for a file that cannot be read, and for a key that is too short.
        """
        self._path = path
        self._fixed = _hashes(os.environ.get(variable, "").split(","), f"${variable}")
        self._hashes = self._fixed
        self._seen: tuple[int, int] | None = None
        self._looked = 0.0
        if path is not None:
            self._read(path)

    def __bool__(self) -> bool:
        """Whether there is any key, or a file that may come to hold one."""
        return bool(self._hashes) or self._path is not None

    def opens(self, key: str) -> bool:
        """Whether ``key`` is one of these; the time it takes tells nothing about them."""
        self._refresh()
        given = _hash(key)
        # Every comparison is made, whatever the ones before it said.
        return sum(hmac.compare_digest(given, known) for known in self._hashes) > 0

    def _refresh(self) -> None:
        now = time.monotonic()
        if self._path is None or now - self._looked < _LOOK_AGAIN:
            return
        self._looked = now
        try:
            if _stamp(self._path) != self._seen:
                self._read(self._path)
        except (OSError, InputError) as error:
            # The old keys stay: a file half written must not lock everybody out.
            _logger.error("keys_not_read", extra={"fields": {"why": str(error)}})

    def _read(self, path: Path) -> None:
        try:
            seen = _stamp(path)
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The keys in {path} cannot be read: {_why(error)}.") from error
        self._hashes = self._fixed + _hashes([line.split("#")[0] for line in lines], str(path))
        self._seen = seen


def _hashes(keys: list[str], source: str) -> tuple[bytes, ...]:
    found = [key.strip() for key in keys if key.strip()]
    if any(len(key) < _SHORTEST for key in found):
        raise InputError(
            f"{source} holds a key of fewer than {_SHORTEST} characters: make a longer one, for "
            "instance with `openssl rand -hex 24`."
        )
    return tuple(map(_hash, found))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unknown") if isinstance(error, OSError) else "it is not UTF-8"
