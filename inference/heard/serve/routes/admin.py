"""``/v1/admin``: changes of a running service, behind keys of their own."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from heard.errors import BundleError
from heard.serve.errors import ServiceError
from heard.serve.routes.answers import KEY, ServiceHere, failures
from heard.serve.schemas import ModelOut, ReloadAnswer, ReloadRequest

__all__ = ["router"]

router = APIRouter(prefix="/v1/admin", tags=["admin"], dependencies=[KEY])


@router.post(
    "/reload",
    response_model=ReloadAnswer,
    responses=failures("forbidden", "wrong_type", "conflict"),
)
async def reload(body: ReloadRequest, service: ServiceHere) -> ReloadAnswer:
    """Load and verify another bundle beside the one that serves, then switch every process.

    A bundle that cannot serve is refused with the reason, and the one before goes on.
    """
    if body.path is not None and "\0" in body.path:
        raise ServiceError("invalid", "path holds a NUL character.")
    path = Path(body.path) if body.path is not None else service.models.path
    try:
        analyzer, processes = await service.reload(path)
    except BundleError as error:
        raise ServiceError("conflict", str(error)) from error
    return ReloadAnswer(model=ModelOut.of(analyzer.model), processes=processes)
