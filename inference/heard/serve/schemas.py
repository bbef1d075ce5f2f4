"""Requests and answers, as pydantic models: what ``/docs`` shows and what is refused.

Answers are the library's own ``to_dict()``; their models here describe them and are not run on
them (the tests do).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from heard.labels import EMOTION_NAMES, MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES
from heard.reply.check.finding import SEVERITIES
from heard.reply.context import CHANNELS, REMEDIES, STAGES
from heard.types import ModelInfo

__all__ = [
    "AssessRequest",
    "AssessResults",
    "CheckRequest",
    "CheckResults",
    "ContextIn",
    "ConversationRequest",
    "ConversationResults",
    "Failure",
    "FeedbackRequest",
    "FeedbackResults",
    "ModelAnswer",
    "ModelOut",
    "ReloadAnswer",
    "ReloadRequest",
    "ReplyRequest",
    "ReplyResults",
    "StateAnswer",
]

Probability = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[int, Field(ge=0, le=MAX_LEVEL)]

_LATE = "Order 4471 was due on Monday and is still not here. This is the third time I ask."


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ContextIn(_Model):
    """What the caller knows of the contact; every field may be left out."""

    channel: Annotated[str, Field(json_schema_extra={"enum": list(CHANNELS)})] = "chat"
    stage: Annotated[str, Field(json_schema_extra={"enum": list(STAGES)})] = "opening"
    customer_name: str | None = None
    remedies: list[str] | dict[str, str] = Field(
        default=[],
        description=f"What may be offered: some of {', '.join(REMEDIES)}, or your own as "
        "{name: wording}.",
    )
    used: list[str] = Field(default=[], description="Sentences said before; none is said again.")
    conversation_id: str | None = Field(default=None, description="Replies vary with it.")


class _Messages(_Model):
    """One message as ``text``, or several as ``texts``."""

    text: str | None = None
    texts: list[str] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> _Messages:
        if (self.text is None) == (self.texts is None):
            raise ValueError("give either text or texts")
        return self

    @property
    def messages(self) -> list[str]:
        """The messages, however they were given."""
        return self.texts if self.texts is not None else [self.text or ""]


def _examples(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": list(examples)})


class AssessRequest(_Messages):
    """Messages to assess."""

    model_config = _examples({"text": _LATE}, {"texts": [_LATE, "Thanks, that worked!"]})


class ReplyRequest(_Messages):
    """Messages to answer, each in the same context."""

    model_config = _examples(
        {"text": _LATE, "context": {"channel": "email", "remedies": ["express_replacement"]}}
    )
    context: ContextIn = ContextIn()


class CheckRequest(_Messages):
    """A draft for the message ``text``, or ``drafts`` for ``texts``, one each."""

    model_config = _examples(
        {"text": _LATE, "draft": "We apologise for any inconvenience. What is your order number?"}
    )
    draft: str | None = None
    drafts: list[str] | None = None
    context: ContextIn = ContextIn()

    @model_validator(mode="after")
    def _as_many(self) -> CheckRequest:
        if (self.text is None) != (self.draft is None):
            raise ValueError("give draft with text, and drafts with texts")
        if len(self.replies) != len(self.messages):
            raise ValueError("give as many drafts as texts")
        return self

    @property
    def replies(self) -> list[str]:
        """The drafts, however they were given."""
        return (self.drafts or []) if self.texts is not None else [self.draft or ""]


class TurnIn(_Model):
    """One message; ``assessment`` is one of ours from before, and spares reading it again."""

    who: Literal["customer", "agent"]
    text: str
    assessment: dict[str, Any] | None = None


class ConversationRequest(_Model):
    """The state of a conversation with the new turns at its end.

    The first time only ``turns`` (and ``context``); later the state that was answered, as it is,
    with what was said since. What follows from the turns is found anew, whatever is given.
    """

    model_config = _examples(
        {
            "turns": [
                {"who": "customer", "text": _LATE},
                {"who": "agent", "text": "It left this morning; I'll ring you when it's there."},
                {"who": "customer", "text": "Nobody rang. I want your manager, now."},
            ]
        }
    )
    turns: list[TurnIn] = Field(min_length=1)
    context: ContextIn = ContextIn()
    alarm: float = Field(default=0.5, gt=0, lt=1)
    draft: str | None = Field(default=None, description="A reply to check against all of it.")
    trend: str | None = None
    first_alarm: int | None = None
    recovered: bool | None = None
    known: list[str] | None = None
    promised: list[str] | None = None
    recommendation: dict[str, Any] | None = None
    findings: list[dict[str, Any]] | None = None


class FeedbackRequest(_Model):
    """What an agent says of an assessment: that it is right (``agree``), or what would be."""

    model_config = _examples(
        {"text": _LATE, "agree": True},
        {
            "text": _LATE,
            "labels": {"levels": {"frustrated": 2}, "signals": {"repeat_contact": True}},
        },
    )
    text: str
    agree: bool = False
    labels: LabelsIn | None = None
    conversation_id: str | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _says_something(self) -> FeedbackRequest:
        known = self.labels is not None and bool(self.labels.levels or self.labels.signals)
        if self.agree == known:
            raise ValueError("give either agree: true, or the labels that would be right")
        return self


class LabelsIn(_Model):
    """The right labels; those that are left out are not known."""

    levels: dict[str, Level] = Field(
        default={}, description=f"0 to {MAX_LEVEL} for {', '.join(TARGET_NAMES)}."
    )
    signals: dict[str, bool] = Field(default={}, description=f"Of {', '.join(SIGNAL_NAMES)}.")

    @model_validator(mode="after")
    def _known_names(self) -> LabelsIn:
        for given, known in ((self.levels, TARGET_NAMES), (self.signals, SIGNAL_NAMES)):
            if unknown := sorted(set(given) - set(known)):
                raise ValueError(f"{unknown[0][:40]!r} is none of {', '.join(known)}")
        return self


class ReloadRequest(_Model):
    """A bundle's folder on the server; without one, the folder in use is read again."""

    path: str | None = Field(default=None, max_length=4096)


# What is answered.


class EmotionOut(_Model):
    level: Level
    strength: str
    probability: Probability
    at_least: list[Probability]


class EscalationOut(_Model):
    level: Level
    name: str
    risk: Probability
    at_least: list[Probability]


class SignalOut(_Model):
    name: str
    probability: Probability


class SpanOut(_Model):
    start: int
    end: int
    text: str
    score: Probability


class ModelOut(_Model):
    """Which model answered; the hash is that of its manifest, which pins every other file."""

    name: str
    version: str
    sha256: str

    @classmethod
    def of(cls, model: ModelInfo) -> ModelOut:
        """Describe a model."""
        return cls(**model.to_dict())


class AssessmentOut(_Model):
    """What one message says about its writer; offsets count Unicode code points."""

    emotions: dict[Literal[EMOTION_NAMES], EmotionOut]  # type: ignore[valid-type]
    primary: str
    escalation: EscalationOut
    signals: list[SignalOut]
    signal_probabilities: dict[str, Probability]
    spans: dict[str, list[SpanOut]]
    uncertain: list[str]
    language: Literal["en", "other", "unknown"]
    unknown_share: Probability
    tokens: int
    windows: int
    truncated: bool
    model: ModelOut


class MoveOut(_Model):
    name: str
    text: str
    principle: str


class AvoidOut(_Model):
    what: str
    reason: str


class RecommendationOut(_Model):
    """What to say next."""

    moves: list[MoveOut]
    reply: str
    avoid: list[AvoidOut]
    action: str
    three_whats: dict[str, Any]
    handover: str | None
    pause: str | None


class FindingOut(_Model):
    """A fault in a draft; offsets count Unicode code points of the draft."""

    rule: str
    severity: Literal[SEVERITIES]  # type: ignore[valid-type]
    start: int
    end: int
    reason: str
    better: str


class TurnOut(_Model):
    who: Literal["customer", "agent"]
    text: str
    assessment: AssessmentOut | None = None


class ConversationOut(_Model):
    """The state, what to say next, and what was found in the draft; send it back with new turns."""

    context: ContextIn
    alarm: float
    turns: list[TurnOut]
    trend: Literal["rising", "steady", "falling"]
    first_alarm: int | None
    recovered: bool
    known: list[str]
    promised: list[str]
    recommendation: RecommendationOut | None
    findings: list[FindingOut] | None


class AssessResults(_Model):
    """One assessment a message, in their order."""

    results: list[AssessmentOut]


class ReplyResults(_Model):
    """One recommendation a message, in their order."""

    results: list[RecommendationOut]


class CheckResults(_Model):
    """One list of findings a draft, in their order."""

    results: list[list[FindingOut]]


class ConversationResults(_Model):
    """The one conversation that was given."""

    results: list[ConversationOut]


class FeedbackOut(_Model):
    id: str


class FeedbackResults(_Model):
    """The correction's id, by which it can be deleted."""

    results: list[FeedbackOut]


class ModelAnswer(BaseModel):
    """The model that answers: its manifest's labels and thresholds, and the service's limits."""

    model: ModelOut
    labels: dict[str, list[str]]
    thresholds: dict[str, Any]
    limits: dict[str, float]
    manifest: dict[str, Any]


class ReloadAnswer(_Model):
    """The model that answers from now on, and in how many processes."""

    model: ModelOut
    processes: int


class StateAnswer(_Model):
    """A state in a word."""

    status: str


class _Reason(_Model):
    reason: str
    message: str


class Failure(_Model):
    """Why a request was not answered; no message is ever quoted."""

    error: _Reason
    request_id: str
