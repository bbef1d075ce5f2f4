"""``/v1/feedback``: agents' corrections."""

from __future__ import annotations

import sqlite3
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from heard.serve.errors import ServiceError
from heard.serve.feedback import FeedbackStore
from heard.serve.routes.answers import KEY, ServiceHere, failures
from heard.serve.schemas import FeedbackRequest, FeedbackResults
from heard.serve.service import Service, as_json
from heard.types import Assessment

__all__ = ["router"]

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], dependencies=[KEY])


@router.post(
    "",
    status_code=201,
    response_model=FeedbackResults,
    responses=failures("wrong_type", "not_found", "queue_full", "timeout"),
)
async def give(body: FeedbackRequest, request: Request, service: ServiceHere) -> Response:
    """Keep a correction, with the model's version; answered when it is on disk."""
    store = _store(service)
    assessment: Assessment = await service.compute(request, [body.text], lambda read: read[0])
    model = assessment.model
    try:
        key = await run_in_threadpool(
            store.add,
            body.text,
            agree=body.agree,
            labels=body.labels.model_dump() if body.labels else _decided(assessment),
            model=(model.name, model.version, model.sha256),
            conversation_id=body.conversation_id,
        )
    except sqlite3.Error as error:
        raise ServiceError("not_ready", "The feedback could not be kept: try again.") from error
    service.metrics.feedback("agree" if body.agree else "correction")
    return Response(as_json([{"id": key}]), status_code=201, media_type="application/json")


@router.delete("/{key}", status_code=204, responses=failures("not_found"))
async def delete(
    key: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], service: ServiceHere
) -> Response:
    """Delete a correction, text and all."""
    store = _store(service)
    try:
        found = await run_in_threadpool(store.delete, key)
    except sqlite3.Error as error:
        raise ServiceError("not_ready", "The feedback file is busy: try again.") from error
    if not found:
        raise ServiceError("not_found", "There is no correction of this id.")
    return Response(status_code=204)


def _store(service: Service) -> FeedbackStore:
    if service.feedback is None:
        raise ServiceError("not_found", "Start the service with --feedback FILE to keep feedback.")
    return service.feedback


def _decided(assessment: Assessment) -> dict[str, dict[str, int | bool]]:
    """Take the model's own decisions as right, all of them."""
    present = {signal.name for signal in assessment.signals}
    levels = {name: emotion.level for name, emotion in assessment.emotions.items()}
    return {
        "levels": {**levels, "escalation": assessment.escalation.level},
        "signals": {name: name in present for name in assessment.signal_probabilities},
    }
