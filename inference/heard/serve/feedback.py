"""Corrections by agents, kept in a local SQLite file until they are used to train."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heard.errors import InputError

__all__ = ["FeedbackStore"]

_TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY,
    given_at REAL NOT NULL,
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    conversation_id TEXT,
    text_sha256 TEXT NOT NULL,
    text TEXT,
    agree INTEGER NOT NULL,
    labels TEXT NOT NULL
)
"""
_DAY = 86_400


class FeedbackStore:
    """One SQLite file, shared by all processes of the service.

    A message's text is kept only where that was asked for; its hash always is, so that whoever has
    the text can join it. A row that was acknowledged is on disk: it outlives a killed process and a
    lost power line.
    """

    def __init__(self, path: Path, store_texts: bool, keep_days: int) -> None:
        """Open the file, or make it.

        Raises:
            InputError: when it cannot be opened or is no such file.
        """
        self._store_texts = store_texts
        self._keep = keep_days * _DAY
        self._lock = threading.Lock()
        try:
            # Made before SQLite opens it, so that its log, too, is nobody else's to read.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(
                path, timeout=10, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
            self._database.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"{path} cannot be used for feedback: {why}.") from error

    def add(
        self,
        text: str,
        *,
        agree: bool,
        labels: Mapping[str, Any],
        model: tuple[str, str, str],
        conversation_id: str | None = None,
    ) -> str:
        """Keep a correction; returns its id once it is on disk.

        ``labels`` has ``levels`` and ``signals``, those that are known to be right.
        """
        key = uuid.uuid4().hex
        row = (
            key,
            time.time(),
            *model,
            conversation_id,
            hashlib.sha256(text.encode()).hexdigest(),
            text if self._store_texts else None,
            int(agree),
            json.dumps(labels, sort_keys=True),
        )
        with self._lock:
            self._database.execute(
                f"INSERT INTO feedback VALUES ({', '.join('?' * len(row))})",  # noqa: S608 - marks
                row,
            )
        return key

    def delete(self, key: str) -> bool:
        """Delete one; returns whether there was one."""
        return self._delete("id = ?", key) > 0

    def forget_old(self) -> int:
        """Delete what is older than is kept; returns how many."""
        return self._delete("given_at < ?", time.time() - self._keep)

    def _delete(self, which: str, value: object) -> int:
        with self._lock:
            done = self._database.execute(f"DELETE FROM feedback WHERE {which}", (value,))  # noqa: S608
            if done.rowcount:  # the log still holds what was deleted, until it is written back
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return done.rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
