"""The ASGI application: routes, what surrounds them, and how errors are told."""

from __future__ import annotations

import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

import heard
from heard.errors import HeardError
from heard.serve.errors import REASONS, ServiceError, error_response
from heard.serve.gate import Gate
from heard.serve.keys import ADMIN_VARIABLE, KEYS_VARIABLE, KeyRing
from heard.serve.routes import admin, feedback, health, page, v1, v2
from heard.serve.service import Service
from heard.serve.settings import Settings

__all__ = ["create_app"]

_DESCRIPTION = (
    "Reads customers' messages: how they feel, how close the contact is to escalating and why, "
    "and what to say next. Offsets count Unicode code points. A list is taken whole or not at all."
)


def create_app(settings: Settings) -> FastAPI:
    """Build the application of one server process.

    Raises:
        InputError: for keys, a playbook or a feedback file that cannot be used.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _notice_the_end(service)
        service.start()
        yield
        await service.stop()

    app = FastAPI(
        title="heard",
        version=heard.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name the address that a proxy asked for
    )
    app.state.service = service
    for part in (v1, feedback, admin, v2, health, page):
        app.include_router(part.router)
    app.add_middleware(
        Gate,
        settings=settings,
        keys=KeyRing(settings.keys, KEYS_VARIABLE),
        admin=KeyRing(settings.admin_keys, ADMIN_VARIABLE),
        metrics=service.metrics,
        admit=service.batcher.admit,
    )
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(HeardError, _heard_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    return app


def _notice_the_end(service: Service) -> None:
    """Turn unready at the very signal that ends the server, before it stops accepting."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(
            number: int,
            frame: FrameType | None,
            before: Any = before,  # noqa: ANN401 - a handler
        ) -> None:
            service.draining = True
            if callable(before):
                before(number, frame)

        signal.signal(number, handle)


def _tell(request: Request, error: ServiceError) -> JSONResponse:
    request.state.reason = error.reason
    return error_response(error, request.state.request_id)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ServiceError):
        raise error
    if error.reason == "client_gone":
        raise error  # nobody is there to be answered; the gate counts it
    return _tell(request, error)


async def _heard_error(request: Request, error: Exception) -> JSONResponse:
    return _tell(request, ServiceError("invalid", str(error)))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    """Name the first fault by its place; what was sent is not sent back."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _tell(request, ServiceError("bad_request", "The request is not JSON."))
    place = ".".join(str(part)[:40] for part in first["loc"] if part != "body") or "the request"
    content = request.headers.get("content-type", "")
    if first["loc"] == ("body",) and not content.startswith("application/json"):
        return _tell(
            request, ServiceError("wrong_type", "Send JSON with Content-Type: application/json.")
        )
    message = first["msg"].removeprefix("Value error, ")
    return _tell(request, ServiceError("invalid", f"{place}: {message}."))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    reason = next((one for one, status in REASONS.items() if status == error.status_code), "")
    sentences = {
        "bad_request": "The request cannot be read: send JSON in UTF-8.",
        "not_found": "There is nothing at this address: see /docs.",
        "method_not_allowed": "This address takes another method: see /docs.",
    }
    told = ServiceError(
        reason or "bad_request",
        sentences.get(reason, "The request cannot be answered."),
        dict(error.headers or {}),
    )
    return _tell(request, told)
