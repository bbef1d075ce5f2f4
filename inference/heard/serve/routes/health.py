"""Health, figures: open to whoever watches the service."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool

from heard.serve.routes.answers import ServiceHere
from heard.serve.schemas import StateAnswer

__all__ = ["router"]

router = APIRouter(tags=["health"])

_UNREADY: dict[int | str, dict[str, Any]] = {
    503: {"model": StateAnswer, "description": "not ready"}
}


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", response_model=StateAnswer)
async def live() -> StateAnswer:
    """Say that the process answers."""
    return StateAnswer(status="live")


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", response_model=StateAnswer, responses=_UNREADY)
async def ready(service: ServiceHere) -> Response:
    """Say whether requests are taken: not before warm-up, while passes fail, or at the end."""
    if service.ready:
        return JSONResponse({"status": "ready"})
    why = "draining" if service.draining else "failing" if service.models.current else "warming up"
    return JSONResponse({"status": why}, status_code=503)


@router.get("/metrics", response_class=Response)
async def metrics(service: ServiceHere) -> Response:
    """Give Prometheus the figures of all processes."""
    text = await run_in_threadpool(service.metrics.render)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
