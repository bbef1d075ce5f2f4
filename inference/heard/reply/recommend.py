"""What to say next: a reply's moves, composed from the playbook in the customer's own words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from heard.labels import STRENGTHS
from heard.reply.context import Context
from heard.reply.lexicon import mirror
from heard.reply.playbook import BRACES, MOVES, Playbook, Situation, read_playbook
from heard.reply.shift import shift
from heard.reply.words import INSULTS
from heard.types import Assessment

__all__ = ["Avoid", "Move", "Recommendation", "recommend"]

#: A longer quotation is no quotation any more.
_MOST_QUOTED = 110
#: More advice than this is not read.
_MOST_ADVICE = 6
_HOT = 2  # the level of anger or escalation from which on a pause is wise


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a reply: its ``name``, what is said, and the principle that it serves."""

    name: str
    text: str
    principle: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"name": self.name, "text": self.text, "principle": self.principle}


@dataclass(frozen=True, slots=True)
class Avoid:
    """A phrase or habit that would hurt here, and why."""

    what: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"what": self.what, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to say next.

    ``reply`` is the moves' texts in one; ``action`` what happens to the contact; ``three_whats``
    the problem, the need and the options, ``None`` or empty where they were not said; ``handover``
    a summary for the supervisor, where there is one; ``pause`` a line for the agent, where a pause
    before answering is wise.
    """

    moves: tuple[Move, ...]
    reply: str
    avoid: tuple[Avoid, ...]
    action: str
    three_whats: Mapping[str, Any]
    handover: str | None
    pause: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the whole recommendation as plain values."""
        return {
            "moves": [move.to_dict() for move in self.moves],
            "reply": self.reply,
            "avoid": [entry.to_dict() for entry in self.avoid],
            "action": self.action,
            "three_whats": dict(self.three_whats),
            "handover": self.handover,
            "pause": self.pause,
        }


@cache
def _own_playbook() -> Playbook:
    return read_playbook()


def recommend(
    assessment: Assessment, context: Context | None = None, *, playbook: Playbook | None = None
) -> Recommendation:
    """Recommend what to say to the writer of a message.

    The same assessment and context give the same recommendation; sentences of ``context.used`` are
    not said again, and a move that has none left is left out.

    Args:
        assessment: what :meth:`heard.Analyzer.assess` found.
        context: what the caller knows besides; by default an opening private chat.
        playbook: by default the one in the package.
    """
    context = context or Context()
    playbook = playbook or _own_playbook()
    situation = _situation(assessment, context)
    plan = playbook.plan(situation)
    filled = _fillings(assessment, context, playbook)
    key = _key(assessment, context)
    moves: list[Move] = []
    for name in plan.moves:
        said = [*context.used, *(move.text for move in moves)]
        text = _sentence(playbook.sentences(name, situation), filled, said, f"{key}|{name}")
        if text is not None:
            moves.append(Move(name, text, MOVES[name]))
    handover = _handover(assessment) if plan.action in _HANDED_OVER else None
    return Recommendation(
        moves=tuple(moves),
        reply=" ".join(move.text for move in moves),
        avoid=tuple(
            Avoid(advice.what, advice.why)
            for advice in playbook.advice
            if advice.when.holds(situation)
        )[:_MOST_ADVICE],
        action=plan.action,
        three_whats={
            "problem": filled.get("problem", filled.get("quote")),
            "need": filled.get("need"),
            "options": list(_wordings(context, playbook)),
        },
        handover=handover,
        pause=_pause(assessment, context),
    )


_HANDED_OVER = ("supervisor", "boundary_then_supervisor", "safety")


def _situation(assessment: Assessment, context: Context) -> Situation:
    primary = assessment.primary
    level = assessment.emotions[primary].level if primary in assessment.emotions else 0
    return Situation(
        emotion=primary,
        strength=STRENGTHS[level].name,
        escalation=assessment.escalation.name,
        stage=context.stage,
        channel=context.channel,
        signals=frozenset(signal.name for signal in assessment.signals),
    )


def _fillings(assessment: Assessment, context: Context, playbook: Playbook) -> dict[str, str]:
    """Find what each placeholder stands for in this message; one that is missing has no key."""
    found: dict[str, str] = {}
    problems = [span.text for span in assessment.spans["problem"]]
    shifted = [text for text in (shift(p, clause=True) for p in problems) if text]
    if shifted:
        found["problem"] = shifted[0].rstrip("?")
    elif quotes := [_quoted(p) for p in problems if _quoted(p)]:
        found["quote"] = quotes[0]
    needs = [shift(span.text, clause=False) for span in assessment.spans["need"]]
    if need := next(filter(None, needs), None):
        found["need"] = need
    if assessment.primary in assessment.emotions:
        level = assessment.emotions[assessment.primary].level
        feelings = [span.text for span in assessment.spans["feeling"]]
        if feeling := mirror(feelings, assessment.primary, level):
            found["feeling"] = feeling
    if context.customer_name:
        found["name"] = context.customer_name
    if wordings := _wordings(context, playbook):
        found["remedy"] = _either(wordings)
    return found


def _quoted(text: str) -> str:
    plain = re.sub(r"\s+", " ", text).strip(" .,;:!")
    words = {word.lower() for word in re.findall(r"\w+", plain)}
    if not plain or len(plain) > _MOST_QUOTED or '"' in plain or words & INSULTS:
        return ""
    return f'"{plain}"'


def _wordings(context: Context, playbook: Playbook) -> list[str]:
    if isinstance(context.remedies, Mapping):
        return list(context.remedies.values())
    return [playbook.remedies[name] for name in context.remedies]


def _either(wordings: Sequence[str]) -> str:
    """Join wordings as a choice: "a, b or c"."""
    if len(wordings) == 1:
        return wordings[0]
    return f"{', '.join(wordings[:-1])} or {wordings[-1]}"


def _key(assessment: Assessment, context: Context) -> str:
    """Name what a reply's variation hangs on: the conversation and the message."""
    spans = [span.text for kind in assessment.spans.values() for span in kind]
    risk = f"{assessment.escalation.risk:.3f}"
    return "|".join([context.conversation_id or "", *spans, risk, str(assessment.tokens)])


def _sentence(
    blocks: Iterator[tuple[str, ...]], filled: Mapping[str, str], used: Sequence[str], key: str
) -> str | None:
    """Choose a sentence that can be filled and was not used; more of the message's words first."""
    for templates in blocks:
        names = {template: {*BRACES.findall(template)} for template in templates}
        able = [t for t in templates if names[t] <= filled.keys()]
        fresh = [t for t in able if not any(_pattern(t).fullmatch(text) for text in used)]
        if fresh:
            own = {t: len(names[t] - {"name"}) for t in fresh}
            best = [t for t in fresh if own[t] == max(own.values())]
            return _filled(best[_number(key) % len(best)], filled)
    return None


def _filled(template: str, filled: Mapping[str, str]) -> str:
    text = BRACES.sub(lambda match: filled[match[1]], template)
    return text[0].upper() + text[1:]


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Match what a template says, whatever fills it."""
    parts = [re.escape(part) for part in BRACES.split(template)[::2]]
    return re.compile(".*".join(parts), re.DOTALL | re.IGNORECASE)


def _number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])


def _handover(assessment: Assessment) -> str:
    """Sum up for the supervisor, in the customer's own words, so that nobody has to repeat it."""
    lines = []
    for title, kind in (("Problem", "problem"), ("Needs", "need"), ("Feeling", "feeling")):
        texts = [re.sub(r"\s+", " ", span.text).strip() for span in assessment.spans[kind]]
        if texts:
            lines.append(f"{title}: " + "; ".join(f'"{text}"' for text in texts))
    shown = [
        f"{name} ({emotion.strength})"
        for name, emotion in assessment.emotions.items()
        if emotion.level
    ]
    if shown:
        lines.append("Expressed: " + ", ".join(shown))
    names = [signal.name.replace("_", " ") for signal in assessment.signals]
    if names:
        lines.append("Signals: " + ", ".join(names))
    lines.append(f"Escalation: {assessment.escalation.name}, risk {assessment.escalation.risk:.0%}")
    return "\n".join(lines)


def _pause(assessment: Assessment, context: Context) -> str | None:
    if context.channel == "phone":
        return None
    hot = max(assessment.emotions["angry"].level, assessment.escalation.level) >= _HOT
    if not hot:
        return None
    return "This one is hot: read it twice and take a breath before you answer; do not match it."
