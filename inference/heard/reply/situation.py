"""What of a message and its context decides which moves and sentences fit."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from heard.labels import EMOTION_NAMES, ESCALATION_LEVELS, SIGNAL_NAMES, STRENGTHS
from heard.reply.bereavement import is_bereaved
from heard.reply.context import CHANNELS, STAGES, Context
from heard.reply.lexicon import find_feelings
from heard.types import Assessment

__all__ = ["VALUES", "Situation", "read_situation", "situations"]

_SAID = ("nothing", "problem", "need", "both")
_OFFERED = ("none", "one", "several")
#: Every condition of a playbook with its values.
VALUES: Mapping[str, tuple[str, ...]] = {
    "emotion": ("none", *EMOTION_NAMES),
    "strength": tuple(label.name for label in STRENGTHS),
    "escalation": tuple(label.name for label in ESCALATION_LEVELS),
    "stage": STAGES,
    "channel": CHANNELS,
    "signal": SIGNAL_NAMES,
    "said": _SAID,
    "remedies": _OFFERED,
}
_PLEASED = re.compile(
    r"\b(?:thank(?:s| you|ful)|thx|cheers|grateful|great|lovely|love|brilliant|excellent|perfect|"
    r"perfectly|awesome|fantastic|wonderful|amazing|helpful|appreciate|delighted|chuffed|happy|"
    r"glad|kind|sorted|nice|superb|well done|early|best|impressed|wow|yay|thrilled|loved|"
    r"shout-?out|kudos|hats off|(?:good|great|nice) (?:job|work)|"
    r"made (?:my|our) (?:day|week|month|year)|unreal)\b",
    re.IGNORECASE,
)
#: Praise that is asked to be handed on: no request that needs an answer.
_PASSED_ON = re.compile(r"\bpass (?:that|this|it|them|my \w+|our \w+) on\b", re.IGNORECASE)
_ASKS = re.compile(
    r"\?|\b(?:can|could) (?:you|u|anyone|someone|somebody) (?:please )?(?:tell|let|advise|confirm|"
    r"explain)\b|\bdo you know\b|\bwondering\b",
    re.IGNORECASE,
)
#: A surprise that wants an explanation is none of the good ones.
_EXPLAIN = re.compile(
    r"\b(?:what(?:'s| has| is| on earth)? (?:happened|going on|gives|changed)|how come|why)\b"
    r"[^.!?\n]{0,200}\?",
    re.IGNORECASE,
)
_GRATEFUL = re.compile(r"\b(?:thank\w*|loved?|thrilled|delighted|cheers|yay)\b", re.IGNORECASE)
_SUSPECTED = 0.6
_HOSTILE = ("angry", "frustrated", "humiliated")


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides about moves and sentences; every value is a name among :data:`VALUES`.

    ``said`` tells whether the message holds a problem, a need, both or nothing that can be said
    back; ``remedies`` how many the agent may offer; ``pleasant`` that the news is good;
    ``bereaved`` that somebody has died.
    """

    emotion: str
    strength: str
    escalation: str
    stage: str
    channel: str
    signals: frozenset[str] = frozenset()
    said: str = "nothing"
    remedies: str = "none"
    pleasant: bool = False
    bereaved: bool = False


def read_situation(assessment: Assessment, context: Context) -> Situation:
    """Sum up a message and its context."""
    primary = assessment.primary
    level = assessment.emotions[primary].level if primary in assessment.emotions else 0
    spans = assessment.spans
    said = _SAID[bool(spans["problem"]) + 2 * bool(spans["need"])]
    return Situation(
        emotion=primary,
        strength=STRENGTHS[level].name,
        escalation=assessment.escalation.name,
        stage=context.stage,
        channel=context.channel,
        signals=_signals(assessment),
        said=said,
        remedies=_OFFERED[0 if _wants_no_remedy(assessment) else min(len(context.remedies), 2)],
        pleasant=_is_pleasant(assessment),
        bereaved=is_bereaved(assessment.text),
    )


def _signals(assessment: Assessment) -> frozenset[str]:
    """Name the signals, but for a threat that is merely suspected behind plain abuse.

    Threats are decided for recall; abuse goes to a supervisor anyway, who reads it.
    """
    found = {signal.name: signal.probability for signal in assessment.signals}
    if "abusive" in found and found.get("threat_of_harm", 1.0) < _SUSPECTED:
        del found["threat_of_harm"]
    return frozenset(found)


def _wants_no_remedy(assessment: Assessment) -> bool:
    """A calm question is answered, not compensated; nor is a calm message that tells no problem."""
    calm = not assessment.escalation.level and not assessment.signals
    hostile = any(assessment.emotions[name].level for name in _HOSTILE)
    if not calm or hostile:
        return False
    spans = assessment.spans
    return bool(_ASKS.search(assessment.text)) or not (spans["problem"] or spans["need"])


def _is_pleasant(assessment: Assessment) -> bool:
    """Good news: nothing hostile, nothing asked, and a word that says so."""
    emotions = assessment.emotions
    if assessment.escalation.level or any(emotions[name].level for name in _HOSTILE):
        return False
    spans = assessment.spans
    praised = bool(_PLEASED.search(assessment.text))
    asked = bool("?" in assessment.text or spans["problem"])
    if praised and not asked and not assessment.signals and _PASSED_ON.search(assessment.text):
        return True
    if emotions["surprised"].level:
        glad = any(word.pleasant for _, _, word in find_feelings(assessment.text))
        puzzled = _EXPLAIN.search(assessment.text) and not _GRATEFUL.search(assessment.text)
        return (glad or praised) and not puzzled
    return praised and not asked and not spans["need"]


def situations() -> Iterator[Situation]:
    """Give every combination of emotion, strength, escalation, stage and channel."""
    keys = ("emotion", "strength", "escalation", "stage", "channel")
    for values in itertools.product(*(VALUES[key] for key in keys)):
        if (values[0] == "none") == (values[1] == STRENGTHS[0].name):
            emotion, strength, escalation, stage, channel = values
            yield Situation(emotion, strength, escalation, stage, channel)
