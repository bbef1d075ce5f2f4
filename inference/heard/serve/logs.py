"""Logs: one JSON object a line on standard error, and never a message's text."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import BufferingHandler
from typing import Any

__all__ = ["configure_logs", "write_logs"]

#: Lines that wait at the most, and bytes of a write: whole lines of several processes in one pipe
#: are not mixed up to so many (PIPE_BUF).
_MOST_LINES, _MOST_BYTES = 256, 4096


class _JsonLines(logging.Formatter):
    """Writes time, level, event and the fields of a record, and the kind of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; the text of an exception is left out, for it may quote a message."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["at"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def _places(traceback: Any) -> list[str]:  # noqa: ANN401 - a traceback or None
    """Name where an exception came from, innermost last: modules and lines, no values."""
    places: list[str] = []
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "?")
        places.append(f"{module}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places[-5:]


class _Gathered(BufferingHandler):
    """Writes many lines at once, warnings and what waited before them without delay.

    Each write lets go of Python's lock, and the event loop would wait for it once a request.
    """

    def shouldFlush(self, record: logging.LogRecord) -> bool:
        """Tell whether what has gathered is to be written now."""
        return super().shouldFlush(record) or record.levelno >= logging.WARNING

    def flush(self) -> None:
        """Write what has gathered."""
        self.acquire()
        try:
            records, self.buffer = self.buffer, []
            lines = b""
            for record in records:
                try:
                    line = self.format(record).encode() + b"\n"
                    if lines and len(lines) + len(line) > _MOST_BYTES:
                        lines = self._write(lines)
                    lines += line
                except Exception:  # noqa: BLE001 - who logs must not fail for it
                    self.handleError(record)
            self._write(lines)
        finally:
            self.release()

    @staticmethod
    def _write(lines: bytes) -> bytes:
        """Write to standard error, and return what is left to write: nothing, if it cannot be."""
        with suppress(OSError, ValueError):  # closed, or a full disk: the service goes on
            sys.stderr.buffer.write(lines)
            sys.stderr.flush()
        return b""


#: One for the process: the service has it written several times a second, and at its end.
_gathered = _Gathered(_MOST_LINES)
_gathered.setFormatter(_JsonLines())


def write_logs() -> None:
    """Write the lines that wait."""
    _gathered.flush()


def configure_logs() -> None:
    """Send our own records and uvicorn's to standard error; its access log is ours, by request."""
    for name, level in (
        ("heard.serve", logging.INFO),
        ("uvicorn", logging.WARNING),
        ("uvicorn.error", logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.handlers = [_gathered] if name != "uvicorn.error" else []
        logger.propagate = name == "uvicorn.error"
        logger.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True
