"""What every request passes, whatever it asks for: id, key, size, time, headers, log, count."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heard.serve.errors import ServiceError, error_response
from heard.serve.keys import KeyRing
from heard.serve.metrics import Metrics
from heard.serve.settings import TIMEOUT_HEADER, Settings

__all__ = ["Gate"]

#: Paths that ask for no key: health, figures, and pages that hold no data of their own.
_OPEN_PATHS = re.compile(r"/|/docs|/openapi\.json|/page/.*|/metrics|/health/.*|/v2/health/.*")
#: Asked every few seconds by whoever watches the service: logged only when something is wrong.
_WATCHING = re.compile(r"/metrics|(?:/v2)?/health/.*")
_ADMIN_PATHS = re.compile(r"/v1/admin/.*")
#: Paths whose requests wait for the model.
_COMPUTING = re.compile(r"/v1/(?:assess|reply|check|conversation)|/v2/models/heard/infer")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")
#: Nothing from elsewhere, nothing inline: what the page needs lies beside it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: Written as ASGI sends them: every answer bears them.
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]

_logger = logging.getLogger("heard.serve")


class Gate:
    """ASGI middleware around the whole service."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        keys: KeyRing,
        admin: KeyRing,
        metrics: Metrics,
        admit: Callable[[int, float], None],
    ) -> None:
        self._app = app
        self._admit = admit
        self._settings = settings
        self._keys = keys
        self._admin = admin
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["begun"] = time.monotonic()
        status = 499  # until something is sent

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id)
            await send(message)

        size = 0
        try:
            self._open(scope, headers)
            body = await self._body(scope, headers, receive)
            size = len(body)
            self._turn_away(scope, headers)
            await self._app(scope, _replay(body, receive), sending)
        except ServiceError as error:
            state["reason"] = error.reason
            if status == 499 and error.reason != "client_gone":
                await error_response(error, request_id)(scope, receive, sending)
        except Exception as error:
            state["reason"] = "failed"
            _logger.error("unforeseen", exc_info=error)
            if status == 499:
                failed = ServiceError("failed", "The service failed on this request.")
                await error_response(failed, request_id)(scope, receive, sending)
        finally:
            self._record(scope, status, time.perf_counter() - begun, size)

    def _open(self, scope: Scope, headers: Headers) -> None:
        """Ask for a key where one is needed, before anything else is read."""
        path = scope["path"]
        admin = bool(_ADMIN_PATHS.fullmatch(path))
        if admin and not self._admin:
            raise ServiceError(
                "forbidden", "Start the service with --admin-keys to change its model."
            )
        ring = self._admin if admin else self._keys
        if not ring or (not admin and _OPEN_PATHS.fullmatch(path)):
            return
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not ring.opens(key.strip()):
            raise ServiceError(
                "unauthorised",
                "Send a valid key in the header Authorization: Bearer KEY.",
                {"WWW-Authenticate": "Bearer"},
            )

    def _turn_away(self, scope: Scope, headers: Headers) -> None:
        """Refuse at once what would be refused after it was read and checked.

        Under overload the time spent on those who are refused is taken from those who wait.
        """
        path, state = scope["path"], scope["state"]
        waits = scope["method"] == "POST" and _COMPUTING.fullmatch(path)
        if waits and TIMEOUT_HEADER not in headers:
            state["route"] = path  # no router has seen it yet
            self._admit(1, state["begun"] + self._settings.timeout)

    async def _body(self, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        """Read the body, counted as it comes, within its limits of bytes and time."""
        if scope["method"] not in _BODY_METHODS:
            return b""
        most = self._settings.max_body
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > most:
            raise _too_large(most)
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ServiceError("client_gone", "The client has gone.")
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise _too_large(most)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise ServiceError(
                "too_slow",
                f"The request did not come whole within {self._settings.body_seconds:g} s.",
                {"Connection": "close"},
            ) from None
        return b"".join(parts)

    def _record(self, scope: Scope, status: int, seconds: float, size: int) -> None:
        """Count and log the request by its route's template: a path may hold anything."""
        state = scope["state"]
        route = getattr(scope.get("route"), "path", state.get("route", "unmatched"))
        watching = _WATCHING.fullmatch(route) is not None and status == 200
        reason = state.get("reason") or ("client_gone" if status == 499 else None)
        self._metrics.request(route, _known_method(scope["method"]), status, seconds)
        if reason is not None:
            self._metrics.failure(reason)
        timings = state.get("timings")
        fields = {
            "request_id": state["request_id"],
            "method": _known_method(scope["method"]),
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 3),
            "bytes": size,
            "model": state.get("model"),
            "messages": state.get("messages"),
            "reason": reason,
        }
        if timings is not None:
            self._metrics.timings(timings)
            fields |= {
                "tokenise_ms": round(timings.tokenise * 1000, 3),
                "queue_ms": round(timings.wait * 1000, 3),
                "run_ms": round(timings.run * 1000, 3),
            }
        _logger.log(
            logging.DEBUG if watching else logging.INFO,
            "request",
            extra={"fields": {k: v for k, v in fields.items() if v is not None}},
        )


def _known_method(method: str) -> str:
    known: Sequence[str] = ("GET", "HEAD", "OPTIONS", *_BODY_METHODS)
    return method if method in known else "other"


def _too_large(most: int) -> ServiceError:
    return ServiceError(
        "too_large",
        f"A request may have {most} bytes: send fewer messages at once.",
        {"Connection": "close"},
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read, and then whatever still comes (a disconnect)."""
    read = False

    async def replayed() -> Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _add_headers(message: Message, request_id: str) -> None:
    given = message.get("headers", [])
    names = {name.lower() for name, _ in given}
    ours = [header for header in _HEADERS if header[0] not in names]
    message["headers"] = [*given, *ours, (b"x-request-id", request_id.encode())]
