"""A conversation: what was said so far, how it is going, and what to say next.

Pure state, JSON in and out, so that a service can be stateless:

>>> import heard
>>> talk = heard.Conversation(heard.Context(channel="chat"))
>>> talk.customer("Third time I ask: where is my refund?").escalation.name
'high'
>>> again = heard.Conversation.from_dict(talk.to_dict())
>>> again.recommend().reply == talk.recommend().reply
True
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from heard.analyzer import Analyzer, load
from heard.errors import InputError
from heard.reply.check.check import check_reply
from heard.reply.check.finding import Finding
from heard.reply.clauses import sentences
from heard.reply.context import Context
from heard.reply.details import find_details
from heard.reply.playbook import Playbook
from heard.reply.recommend import Recommendation, recommend
from heard.types import Assessment

__all__ = ["Conversation", "Trend", "Turn"]

Trend = Literal["rising", "steady", "falling"]

#: A risk that moves by less, at the same level, is steady.
_MOVED = 0.15
#: What an agent's sentence promises: the supervisor is told what was tried.
_PROMISE = re.compile(
    r"^[^\"]*\b(?:i|we)(?:'ll| will|'ve| have|'m| am|'re| are| can)\b[^\"]*\b(?:refund\w*|"
    r"credit\w*|"
    r"replac\w+|sen[dt]\w*|check\w*|book\w*|call\w*|ring\w*|arrang\w+|fix\w*|rais\w+|pass\w*|"
    r"cancel\w*|upgrad\w+|done again|finding|working|tracing|answering)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: whose it is (``customer`` or ``agent``), its text and, if read, what it says."""

    who: Literal["customer", "agent"]
    text: str
    assessment: Assessment | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        read = {"assessment": self.assessment.to_dict()} if self.assessment else {}
        return {"who": self.who, "text": self.text, **read}


@cache
def _own_analyzer() -> Analyzer:
    return load()


class Conversation:
    """Keeps the turns of a contact, and feeds them to recommendation and check."""

    def __init__(
        self,
        context: Context | None = None,
        *,
        analyzer: Analyzer | None = None,
        playbook: Playbook | None = None,
        alarm: float = 0.5,
    ) -> None:
        """Begin a conversation.

        Args:
            context: what the caller knows; its stage is that of the first message, later ones are
                ``follow_up``.
            analyzer: reads the messages; by default one with the shipped bundle, made once.
            playbook: by default the one in the package.
            alarm: the escalation risk from which on a message raises the alarm.
        """
        if not 0 < alarm < 1:
            raise InputError(f"alarm is {alarm!r}: give a risk between 0 and 1.")
        self.context = context or Context()
        self.alarm = alarm
        self.turns: list[Turn] = []
        self._analyzer = analyzer
        self._playbook = playbook

    def customer(self, text: str) -> Assessment:
        """Take the customer's next message; returns what it says."""
        assessment = (self._analyzer or _own_analyzer()).assess(text)
        self.turns.append(Turn("customer", text, assessment))
        return assessment

    def agent(self, text: str) -> list[Finding]:
        """Take what the agent sent; returns what the check finds in it, as :meth:`check` would."""
        found = self.check(text) if self.assessments else []
        self.turns.append(Turn("agent", text))
        return found

    def recommend(self) -> Recommendation:
        """Recommend what to say to the customer's last message.

        Raises:
            InputError: before the customer said anything.
        """
        return recommend(
            self._last(), self.now, playbook=self._playbook, tried=tuple(self.promised)
        )

    def check(self, draft: str) -> list[Finding]:
        """Check a draft against the customer's last message, and all that was said before.

        Raises:
            InputError: before the customer said anything.
        """
        earlier = [turn.text for turn in self.turns if turn.who == "customer"][:-1]
        return check_reply(draft, self._last(), self.now, earlier=earlier, playbook=self._playbook)

    def _last(self) -> Assessment:
        if not self.assessments:
            raise InputError("The customer has not said anything yet: call customer(text) first.")
        return self.assessments[-1]

    @property
    def now(self) -> Context:
        """The context of the next reply: its stage, and the sentences that were used."""
        said = [turn.text for turn in self.turns if turn.who == "agent"]
        used = [text[start:end] for text in said for start, end in sentences(text)]
        stage = self.context.stage if len(self.assessments) < 2 and not said else "follow_up"
        return replace(self.context, stage=stage, used=(*self.context.used, *used))

    @property
    def assessments(self) -> list[Assessment]:
        """What the customer's messages said, in their order."""
        return [turn.assessment for turn in self.turns if turn.assessment is not None]

    @property
    def trend(self) -> Trend:
        """Where escalation is going, from the last message but one to the last.

        The level before is the baseline to beat: at the same level only a clear move of the risk
        counts.
        """
        if len(self.assessments) < 2:
            return "steady"
        before, now = (a.escalation for a in self.assessments[-2:])
        moved = now.level - before.level or (now.risk - before.risk) * (
            abs(now.risk - before.risk) >= _MOVED
        )
        return "rising" if moved > 0 else "falling" if moved < 0 else "steady"

    @property
    def first_alarm(self) -> int | None:
        """Which of the customer's messages, from 0, first reached the alarm; ``None`` for none."""
        for place, assessment in enumerate(self.assessments):
            if assessment.escalation.risk >= self.alarm:
                return place
        return None

    @property
    def recovered(self) -> bool:
        """Whether the last message is below the alarm, after an earlier one had reached it."""
        return self.first_alarm is not None and self._last().escalation.risk < self.alarm

    @property
    def known(self) -> list[str]:
        """The references, amounts, dates and the like that the customer has given so far."""
        texts = [turn.text for turn in self.turns if turn.who == "customer"]
        return [*dict.fromkeys(detail.text for text in texts for detail in find_details(text))]

    @property
    def promised(self) -> list[str]:
        """What the agent has promised or tried so far, sentence by sentence."""
        return [
            turn.text[start:end]
            for turn in self.turns
            if turn.who == "agent"
            for start, end in sentences(turn.text)
            if _PROMISE.search(turn.text[start:end]) and "sorry" not in turn.text[start:end]
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the state, and what follows from it, as plain values for JSON."""
        return {
            "context": self.context.to_dict(),
            "alarm": self.alarm,
            "turns": [turn.to_dict() for turn in self.turns],
            "trend": self.trend,
            "first_alarm": self.first_alarm,
            "recovered": self.recovered,
            "known": self.known,
            "promised": self.promised,
        }

    @classmethod
    def from_dict(
        cls,
        state: Mapping[str, Any],
        *,
        analyzer: Analyzer | None = None,
        playbook: Playbook | None = None,
    ) -> Conversation:
        """Take up a conversation that :meth:`to_dict` wrote; what follows from it is not read.

        Raises:
            InputError: for a state of another make.
        """
        if not isinstance(state, Mapping) or not isinstance(state.get("turns"), list):
            raise InputError("A conversation is an object with context and a list of turns.")
        talk = cls(
            Context.from_dict(state.get("context", {})),
            analyzer=analyzer,
            playbook=playbook,
            alarm=state.get("alarm", 0.5),
        )
        for number, turn in enumerate(state["turns"]):
            talk.turns.append(_turn(f"turns[{number}]", turn))
        return talk


def _turn(place: str, data: object) -> Turn:
    if not isinstance(data, Mapping) or not isinstance(data.get("text"), str):
        raise InputError(f"{place} must be an object with who and text.")
    who = data.get("who")
    if who not in ("customer", "agent"):
        raise InputError(f"{place}.who is {who!r}: choose customer or agent.")
    if who == "agent":
        return Turn("agent", data["text"])
    assessment = Assessment.from_dict(data.get("assessment", {}), data["text"])
    return Turn("customer", data["text"], assessment)
