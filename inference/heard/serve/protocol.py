"""HTTP by httptools, with bounds that uvicorn sets for its slower parser alone."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedProtocol"]

#: Bytes of a request's head, and seconds in which it must have come.
_MOST, _SECONDS = 65_536, 10.0


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up on whoever sends a head without end, in bytes or in time."""

    _head = 0
    _in_body = False
    _timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Count what comes until a head is whole; its body is counted elsewhere."""
        if not self._in_body:
            if self._timer is None:
                self._head = 0
                self._timer = self.loop.call_later(_SECONDS, self._hang_up)
            self._head += len(data)
        super().data_received(data)
        if self._timer is not None and self._head > _MOST:
            self._hang_up()

    def on_headers_complete(self) -> None:
        """Stop counting: the head is whole."""
        self._stop()
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Begin anew with the next head."""
        self._in_body = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting: nobody is there."""
        self._stop()
        super().connection_lost(exc)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self) -> None:
        self._stop()
        if not self.transport.is_closing():
            self.transport.close()
