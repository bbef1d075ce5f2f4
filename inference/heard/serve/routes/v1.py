"""``/v1``: assess, reply, check, conversation, model."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from heard.conversation import Conversation
from heard.errors import InputError
from heard.labels import SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard.reply.check.check import check_reply
from heard.reply.context import Context
from heard.reply.recommend import recommend
from heard.serve.routes.answers import KEY, ServiceHere, failures
from heard.serve.schemas import (
    AssessRequest,
    AssessResults,
    CheckRequest,
    CheckResults,
    ContextIn,
    ConversationRequest,
    ConversationResults,
    ModelAnswer,
    ModelOut,
    ReplyRequest,
    ReplyResults,
)
from heard.serve.service import Service, as_json
from heard.types import Assessment

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["heard"], dependencies=[KEY])

_BUSY = failures("wrong_type", "queue_full", "timeout")


@router.post("/assess", response_model=AssessResults, responses=_BUSY)
async def assess(body: AssessRequest, request: Request, service: ServiceHere) -> Response:
    """Say how the writers of messages feel, how close each contact is to escalating, and why."""

    def finish(read: list[Assessment]) -> bytes:
        return as_json([one.to_dict() for one in read])

    return await service.answer(request, body.messages, finish)


@router.post("/reply", response_model=ReplyResults, responses=_BUSY)
async def reply(body: ReplyRequest, request: Request, service: ServiceHere) -> Response:
    """Recommend what to say to messages."""
    context = _context(body.context)

    def finish(read: list[Assessment]) -> bytes:
        return as_json(
            [recommend(one, context, playbook=service.playbook).to_dict() for one in read]
        )

    return await service.answer(request, body.messages, finish)


@router.post("/check", response_model=CheckResults, responses=_BUSY)
async def check(body: CheckRequest, request: Request, service: ServiceHere) -> Response:
    """Check drafts of replies before they are sent."""
    context = _context(body.context)
    service.check_texts(body.replies, "drafts")

    def finish(read: list[Assessment]) -> bytes:
        pairs = zip(body.replies, read, strict=True)
        return as_json(
            [
                [
                    one.to_dict()
                    for one in check_reply(draft, message, context, playbook=service.playbook)
                ]
                for draft, message in pairs
            ]
        )

    return await service.answer(request, body.messages, finish)


@router.post("/conversation", response_model=ConversationResults, responses=_BUSY)
async def conversation(
    body: ConversationRequest, request: Request, service: ServiceHere
) -> Response:
    """Take a conversation's turns, and answer its state and what to say next.

    Nothing is kept: send the state back with the next turns at its end.
    """
    context = _context(body.context)
    service.check_texts([turn.text for turn in body.turns], "turns")
    unread = [
        turn.text for turn in body.turns if turn.who == "customer" and turn.assessment is None
    ]

    def finish(read: list[Assessment]) -> bytes:
        fresh = iter(read)
        turns = [turn.model_dump(exclude_none=True) for turn in body.turns]
        for turn in turns:
            if turn["who"] == "customer" and "assessment" not in turn:
                turn["assessment"] = next(fresh).to_dict()
        state = {"context": context.to_dict(), "alarm": body.alarm, "turns": turns}
        return as_json([_told(state, body.draft, service)])

    return await service.answer(request, unread, finish)


@router.get("/model", response_model=ModelAnswer, responses=failures())
async def model(service: ServiceHere) -> ModelAnswer:
    """Tell which model answers, what its labels and thresholds are, and the service's limits."""
    analyzer = service.ready_analyzer()
    settings = service.settings
    return ModelAnswer(
        model=ModelOut.of(analyzer.model),
        labels={
            "levels": list(TARGET_NAMES),
            "signals": list(SIGNAL_NAMES),
            "spans": list(SPAN_NAMES),
        },
        thresholds=analyzer.thresholds.to_dict(),
        limits={
            "max_body": settings.max_body,
            "max_items": settings.max_items,
            "max_characters": settings.max_characters,
            "max_waiting": settings.max_waiting,
            "timeout_ms": settings.timeout * 1000,
            "max_timeout_ms": settings.max_timeout * 1000,
            "read_characters": analyzer.bundle.max_characters,
        },
        manifest=dict(analyzer.bundle.manifest),
    )


def _context(given: ContextIn) -> Context:
    values = given.model_dump()
    if isinstance(values["remedies"], list):
        values["remedies"] = tuple(values["remedies"])
    return Context.from_dict({**values, "used": tuple(values["used"])})


def _told(state: dict[str, object], draft: str | None, service: Service) -> dict[str, object]:
    talk = Conversation.from_dict(state, playbook=service.playbook)
    if draft is not None and not talk.assessments:
        raise InputError("The customer has not said anything yet: there is nothing to check.")
    return {
        **talk.to_dict(),
        "recommendation": talk.recommend().to_dict() if talk.assessments else None,
        "findings": [one.to_dict() for one in talk.check(draft)] if draft is not None else None,
    }
