"""Everything the model can say, declared once.

Result types, training targets, graph outputs, tables in the documentation and the command line's
output derive from this module, or are checked against it by a test. The one-line meanings shorten
``data/LABELING.md``, which decides where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BIO",
    "EMOTIONS",
    "EMOTION_NAMES",
    "ESCALATION",
    "ESCALATION_LEVELS",
    "MAX_LEVEL",
    "SIGNALS",
    "SIGNAL_NAMES",
    "SPAN_KINDS",
    "SPAN_NAMES",
    "STRENGTHS",
    "TARGET_NAMES",
    "Label",
    "SpanKind",
]


@dataclass(frozen=True, slots=True)
class Label:
    """A name that the model gives out, and what it means.

    ``letter`` is the shorthand that annotators use for it (empty where there is none).
    """

    name: str
    meaning: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class SpanKind(Label):
    """A kind of evidence; ``most`` is how many spans of it one message has at the most."""

    most: int = 1


EMOTIONS: tuple[Label, ...] = (
    Label("angry", "hostility or blame aimed at the company, its staff or its product", "A"),
    Label("frustrated", "a goal is blocked: waiting, repeated effort, nothing works", "F"),
    Label("surprised", "an expectation is broken and the writer says so; pleasantly, too", "S"),
    Label("humiliated", "the writer's dignity is hurt: made to look or feel small", "H"),
)

STRENGTHS: tuple[Label, ...] = (
    Label("none", "not expressed"),
    Label("slight", "a hint, a mild word, polite wording with an edge"),
    Label("clear", "any reader would name it"),
    Label("strong", "it dominates the message"),
)

ESCALATION = Label(
    "escalation",
    "how likely the contact is to end with a supervisor, a lost customer or a complaint elsewhere",
    "E",
)

ESCALATION_LEVELS: tuple[Label, ...] = (
    Label("routine", "a question, thanks, information, a calm report of a problem"),
    Label("watch", "unhappy, but still cooperating; one good answer would probably calm them"),
    Label("high", "a clear sign that the writer is about to go further"),
    Label("critical", "a supervisor is needed now"),
)

SIGNALS: tuple[Label, ...] = (
    Label("asks_for_manager", "asks for, or was refused, a supervisor or somebody in charge", "M"),
    Label("threatens_to_leave", "says they leave, cancel or switch because of this", "L"),
    Label("legal_or_regulator", "names a lawyer, court, regulator, law or formal dispute", "R"),
    Label("goes_public", "threatens, tells of, or is a public call-out of the company", "P"),
    Label("abusive", "insults, slurs or swearing aimed at staff or company", "B"),
    Label("threat_of_harm", "threatens violence or damage, or speaks of self-harm", "H"),
    Label("repeat_contact", "has contacted before about the same thing", "C"),
    Label("urgent_harm", "pressing damage now: rent, wages, medicine, safety, a deadline", "U"),
    Label("disputed_charge", "was charged, fined or debited wrongly, or is owed a refund", "D"),
    Label(
        "unfair_treatment", "was discriminated against, lied to, or treated with disrespect", "I"
    ),
)

SPAN_KINDS: tuple[SpanKind, ...] = (
    SpanKind("problem", "the clause that best says what went wrong", most=2),
    SpanKind("need", "what the writer asks for or is trying to do", most=2),
    SpanKind("feeling", "the exact words that express emotion", most=4),
)

#: Tags of one token for one span kind: outside, beginning of a span, inside a span.
BIO: tuple[str, ...] = ("O", "B", "I")

MAX_LEVEL: int = len(STRENGTHS) - 1

EMOTION_NAMES: tuple[str, ...] = tuple(label.name for label in EMOTIONS)
SIGNAL_NAMES: tuple[str, ...] = tuple(label.name for label in SIGNALS)
SPAN_NAMES: tuple[str, ...] = tuple(label.name for label in SPAN_KINDS)
#: The ordinal targets, in the order of the graph's ``levels`` output.
TARGET_NAMES: tuple[str, ...] = (*EMOTION_NAMES, ESCALATION.name)
