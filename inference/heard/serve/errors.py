"""What the service answers when it cannot answer: one shape, one table of reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse

from heard.errors import HeardError

__all__ = ["REASONS", "ServiceError", "error_response"]

#: Every reason with its HTTP status; ``/metrics`` counts failures by it.
REASONS: Mapping[str, int] = {
    "bad_request": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "conflict": 409,
    "too_large": 413,
    "wrong_type": 415,
    "invalid": 422,
    "queue_full": 429,
    "client_gone": 499,
    "failed": 500,
    "not_ready": 503,
    "timeout": 504,
}


class ServiceError(HeardError):
    """A request that cannot be answered: its ``reason``, one sentence, and extra headers."""

    def __init__(self, reason: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status that tells of the reason."""
        return REASONS[self.reason]


def error_response(error: ServiceError, request_id: str) -> JSONResponse:
    """Write an error down; it never holds a message's text."""
    if error.reason == "not_ready":
        error.headers.setdefault("Retry-After", "1")
    body: dict[str, Any] = {
        "error": {"reason": error.reason, "message": str(error)},
        "request_id": request_id,
    }
    return JSONResponse(body, status_code=error.status, headers=error.headers)
