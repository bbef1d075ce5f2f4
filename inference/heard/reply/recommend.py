"""What to say next: a reply's moves, composed from the playbook in the customer's own words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from heard.reply.context import MOST_PUBLIC_WORDS, Context
from heard.reply.fillings import fillings, wordings
from heard.reply.handover import pause, summary
from heard.reply.playbook import BRACES, MOVES, Guidance, Playbook, read_playbook
from heard.reply.situation import read_situation
from heard.types import Assessment

__all__ = [
    "Avoid",
    "Move",
    "Recommendation",
    "fills",
    "own_playbook",
    "recommend",
]

#: More advice than this is not read.
_MOST_ADVICE = 5
_HANDED_OVER = ("supervisor", "boundary_then_supervisor", "safety")
_SORRY = re.compile(r"\b(?:sorry|apologi[sz]e|apolog(?:y|ies))\b", re.IGNORECASE)
#: Placeholders that hold the customer's own account.
_ACCOUNT = frozenset({"problem", "thing", "quote", "wish"})
#: What a placeholder counts for when a sentence is chosen: 1, but for what is less of an account.
_WORTH = {"question": 0.8, "quote": 0.9, "topic": 0.4, "name": 0.3}


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
def own_playbook() -> Playbook:
    """Read the playbook in the package, once."""
    return read_playbook()


def recommend(
    assessment: Assessment,
    context: Context | None = None,
    *,
    playbook: Playbook | None = None,
    tried: Sequence[str] = (),
) -> Recommendation:
    """Recommend what to say to the writer of a message.

    The same assessment and context give the same recommendation; sentences of ``context.used`` are
    not said again, and a move that has none left is left out.

    Args:
        assessment: what :meth:`heard.Analyzer.assess` found.
        context: what the caller knows besides; by default an opening private chat.
        playbook: by default the one in the package.
        tried: what was offered before in the conversation, for the supervisor's summary.
    """
    context = context or Context()
    playbook = playbook or own_playbook()
    situation = read_situation(assessment, context)
    guidance = playbook.guidance(situation)
    plan = guidance.plan
    filled = fillings(assessment, context, playbook.remedies, guidance.placeholders)
    key = _key(assessment, context)
    moves = _compose(guidance, filled, context, key)
    if context.channel == "public" and len(_reply(moves).split()) > MOST_PUBLIC_WORDS:
        moves = _compose(guidance, filled, context, key, brief=True)
    spans = assessment.spans
    return Recommendation(
        moves=tuple(moves),
        reply=_reply(moves),
        avoid=tuple(Avoid(one.what, one.why) for one in guidance.advice[:_MOST_ADVICE]),
        action=plan.action,
        three_whats={
            "problem": filled.get("problem") or _first(spans["problem"]),
            "need": filled.get("wish") or _first(spans["need"]),
            "options": wordings(context, playbook.remedies),
        },
        handover=summary(assessment, context, tried) if plan.action in _HANDED_OVER else None,
        pause=pause(assessment, context),
    )


def _compose(
    guidance: Guidance, filled: Mapping[str, str], context: Context, key: str, brief: bool = False
) -> list[Move]:
    """Choose and fill a sentence for each move; ``brief`` takes the shortest of equal worth."""
    moves: list[Move] = []
    left = dict(filled)
    for name in guidance.plan.moves:
        if _is_out_of_place(name, moves, context, filled.keys() - left.keys()):
            continue
        said = [*context.used, *(move.text for move in moves)]
        if template := _choose(guidance.blocks[name], left, said, f"{key}|{name}", brief):
            moves.append(Move(name, _filled(template, left), MOVES[name]))
            # Nothing of the message is said back twice in one reply.
            spent = {"name", *_spent(template)}
            left = {k: v for k, v in left.items() if k not in spent}
    return moves


def _reply(moves: Sequence[Move]) -> str:
    return " ".join(move.text for move in moves)


def _first(spans: Sequence[Any]) -> str | None:
    return re.sub(r"\s+", " ", spans[0].text).strip() if spans else None


def _is_out_of_place(
    name: str, moves: Sequence[Move], context: Context, spent: frozenset[str] | set[str]
) -> bool:
    """Tell moves that depend on what was said before: one apology, one question, no empty echo."""
    if name == "apologise":
        return any(_SORRY.search(text) for text in context.used)
    if name == "confirm":
        return not spent & _ACCOUNT
    if name == "clarify":
        return any("?" in BRACES.sub("", move.text) for move in moves)
    return False


def _spent(template: str) -> set[str]:
    """Name what may not be said again: an account in one form is an account in all."""
    names = set(_names(template))
    if names & {"problem", "thing", "quote", "news"}:
        names |= {"problem", "thing", "quote", "news", "topic"}
    if names & {"wish", "question"}:
        names |= {"wish", "question"}
    return names


def _key(assessment: Assessment, context: Context) -> str:
    """Name what a reply's variation hangs on: the conversation and the message."""
    return f"{context.conversation_id or ''}|{assessment.text}|{len(context.used)}"


def _choose(
    blocks: Iterable[tuple[str, ...]],
    filled: Mapping[str, str],
    used: Sequence[str],
    key: str,
    brief: bool,
) -> str | None:
    """Choose a sentence that can be filled and was not used; more of the message's words first."""
    for templates in blocks:
        names = {template: _names(template) for template in templates}
        able = [t for t in templates if names[t] <= filled.keys()]
        fresh = [t for t in able if not any(_pattern(t).search(text) for text in used)]
        if fresh:
            worth = {t: sum(_WORTH.get(name, 1.0) for name in names[t]) for t in fresh}
            most = max(worth.values())
            best = [t for t in fresh if worth[t] == most]
            if brief:
                return min(best, key=lambda t: len(_filled(t, filled)))
            return best[_number(key) % len(best)]
    return None


@cache
def _names(template: str) -> frozenset[str]:
    return frozenset(BRACES.findall(template))


def _filled(template: str, filled: Mapping[str, str]) -> str:
    text = BRACES.sub(lambda match: filled[match[1]], template)
    text = re.sub(r'([.?!])"\.', r'\1"', text)  # a quotation brings its own mark
    return text[0].upper() + text[1:]


def fills(sentence: str, playbook: Playbook) -> Iterator[tuple[tuple[str, str], ...]]:
    """Give what stands for the placeholders, by their names, of each text that says a sentence."""
    said = [sentence.strip()]
    if said[0].endswith('"'):
        said.append(
            f"{said[0]}."
        )  # where a quotation brought its own mark, the text's was left out
    for text in playbook.texts:
        match = next(filter(None, map(_pattern(text).fullmatch, said)), None)
        if match:
            yield tuple(zip(BRACES.findall(text), match.groups(), strict=True))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Find what a template says, whatever fills it, in a sentence or in a whole reply."""
    parts = [re.escape(part) for part in BRACES.split(template)[::2]]
    return re.compile(r"(?<!\w)" + "(.{1,200}?)".join(parts), re.DOTALL | re.IGNORECASE)


def _number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
