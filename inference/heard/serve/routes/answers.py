"""What the routes have in common: who serves them, and what they may answer besides success."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from heard.serve.errors import REASONS
from heard.serve.schemas import Failure
from heard.serve.service import Service

__all__ = ["KEY", "ServiceHere", "failures"]

#: Shows in the documentation that a key is needed; the gate has asked for it long before.
KEY = Depends(HTTPBearer(auto_error=False, description="One of the service's keys."))

_ALWAYS = ("bad_request", "unauthorised", "too_slow", "too_large", "invalid", "failed", "not_ready")


async def _service(request: Request) -> Service:  # async, or FastAPI asks a thread for it
    service: Service = request.app.state.service
    return service


ServiceHere = Annotated[Service, Depends(_service)]


def failures(*reasons: str) -> dict[int | str, dict[str, Any]]:
    """Describe what a route may answer besides success."""
    return {REASONS[one]: {"model": Failure, "description": one} for one in (*_ALWAYS, *reasons)}
