"""The playbook: what is said when, as data that a support lead edits.

A playbook is a folder of TOML files. ``plan.toml`` holds ``[[plan]]`` tables: the moves for a
situation, in their order, and the action; the other files hold ``[[say]]`` tables: the sentences of
a move. In both the first table whose conditions all hold is used, so the special stands before the
general. Everything is checked on loading: an error names file, table and key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from heard.errors import HeardError
from heard.reply.clauses import sentences
from heard.reply.context import REMEDIES
from heard.reply.situation import VALUES, Situation

__all__ = [
    "ACTIONS",
    "BRACES",
    "MOVES",
    "PLACEHOLDERS",
    "Playbook",
    "PlaybookError",
    "Say",
    "read_playbook",
]

#: Every move, with the principle that it serves.
MOVES: Mapping[str, str] = {
    "listen": "listen first",
    "thank": "thank",
    "reflect": "reflect",
    "confirm": "reflect",
    "validate": "validate",
    "apologise": "feelings first",
    "cooperate": "cooperate",
    "clarify": "cooperate",
    "resolve": "resolve",
    "invite_private": "in public",
    "set_boundary": "abuse",
    "hand_over": "hand over",
    "safety": "safety",
}
ACTIONS = ("reply", "priority_reply", "supervisor", "boundary_then_supervisor", "safety")
PLACEHOLDERS = (
    "problem",
    "thing",
    "quote",
    "news",
    "wish",
    "question",
    "feeling",
    "topic",
    "detail",
    "remedy",
    "name",
)

#: Situations that a playbook remembers.
_MOST_SITUATIONS = 4096
#: Conditions that are true or false.
_FACTS = frozenset({"pleasant", "bereaved"})
_TABLES: Mapping[str, type] = {"plan": list, "say": list, "avoid": list, "remedy": dict}
#: A placeholder in a sentence; the group is its name.
BRACES = re.compile(r"\{([^{}]*)\}")


class PlaybookError(HeardError):
    """A playbook that cannot be used; the sentence names file, table and key."""


@dataclass(frozen=True, slots=True)
class _When:
    """Conditions: per key the values that hold; a key that is missing always holds."""

    allowed: Mapping[str, frozenset[str]]
    facts: Mapping[str, bool]

    @property
    def conditions(self) -> int:
        """How many conditions there are: the more, the more special."""
        return len(self.allowed) + len(self.facts)

    def holds(self, situation: Situation) -> bool:
        """Tell whether every condition is met."""
        for key, wanted in self.facts.items():
            if getattr(situation, key) != wanted:
                return False
        for key, values in self.allowed.items():
            if key == "signal":
                if not values & situation.signals:
                    return False
            elif getattr(situation, key) not in values:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Plan:
    """The moves for a situation, in their order, and the action."""

    when: _When
    moves: tuple[str, ...]
    action: str


@dataclass(frozen=True, slots=True)
class Say:
    """Sentences of one move for a situation; ``place`` names them in errors."""

    when: _When
    move: str
    sentences: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A phrase or habit to avoid, and why."""

    when: _When
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a playbook says in one situation.

    ``blocks`` are each move's sentences, the most special block first; ``advice`` what to avoid,
    likewise; ``placeholders`` all that the sentences name.
    """

    plan: Plan
    blocks: Mapping[str, tuple[tuple[str, ...], ...]]
    advice: tuple[Advice, ...]
    placeholders: frozenset[str]


@dataclass(frozen=True)
class Playbook:
    """Plans and sentences in the order of the files, remedies by name.

    What to avoid stands in the order of its conditions: the special before the general.
    """

    plans: tuple[Plan, ...]
    says: tuple[Say, ...]
    advice: tuple[Advice, ...]
    remedies: Mapping[str, str]

    @cached_property
    def says_of(self) -> Mapping[str, tuple[Say, ...]]:
        """The blocks of each move."""
        moves = {say.move for say in self.says}
        return {move: tuple(s for s in self.says if s.move == move) for move in moves}

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every text, and each sentence of those that hold several."""
        whole = [text for say in self.says for text in say.sentences]
        parts = [text[a:b] for text in whole for a, b in sentences(text)]
        return tuple(dict.fromkeys([*whole, *parts]))

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """The names of all placeholders in its texts."""
        return _placeholders(self.texts)

    def plan(self, situation: Situation) -> Plan:
        """Return the first plan that holds; a playbook that was read has one for everything."""
        return next(plan for plan in self.plans if plan.when.holds(situation))

    @cached_property
    def guidance(self) -> Callable[[Situation], Guidance]:
        """Look up what is said in a situation; the same ones come again and again."""
        return lru_cache(maxsize=_MOST_SITUATIONS)(self._guidance)

    def _guidance(self, situation: Situation) -> Guidance:
        plan = self.plan(situation)
        blocks = {move: tuple(self.sentences(move, situation)) for move in plan.moves}
        texts = chain.from_iterable(chain.from_iterable(blocks.values()))
        return Guidance(
            plan,
            blocks,
            tuple(advice for advice in self.advice if advice.when.holds(situation)),
            _placeholders(texts),
        )

    def sentences(self, move: str, situation: Situation) -> Iterator[tuple[str, ...]]:
        """Give the sentences of a move, block by block, the most special block first.

        An empty block ends them: nothing is said there.
        """
        for say in self.says_of.get(move, ()):
            if say.when.holds(situation):
                if not say.sentences:
                    return
                yield say.sentences


def read_playbook(folder: str | Path | None = None) -> Playbook:
    """Read a playbook; ``None`` reads the one in the package.

    Whether it covers every situation is told by :func:`heard.reply.coverage.check_playbook`.

    Raises:
        PlaybookError: for a file that is missing or no TOML, an unknown key, value or placeholder,
            a remedy without a wording, and a sentence that stands twice in a block.
    """
    own = str(files(__package__).joinpath("playbook"))
    place = Path(own if folder is None else folder)
    paths = sorted(place.glob("*.toml"))
    if not paths:
        raise PlaybookError(f"{place} holds no TOML files: name the folder of a playbook.")
    plans: list[Plan] = []
    says: list[Say] = []
    advice: list[Advice] = []
    remedies: dict[str, str] = {}
    for path in paths:
        tables = _tables(path)
        remedies |= _remedies(path.name, tables.pop("remedy", {}))
        for table, entries in tables.items():
            for number, entry in enumerate(entries, start=1):
                where = f"{path.name}, [[{table}]] {number}"
                if table == "plan":
                    plans.append(_plan(where, entry))
                elif table == "say":
                    says.append(_say(where, entry))
                else:
                    advice.append(_advice(where, entry))
    advice.sort(key=lambda entry: -entry.when.conditions)  # the special before the general
    playbook = Playbook(tuple(plans), tuple(says), tuple(advice), remedies)
    missing = [name for name in REMEDIES if name not in remedies]
    if missing:
        raise PlaybookError(f"{place.name} has no [remedy] {missing[0]}: give its wording.")
    return playbook


def _placeholders(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(name for text in texts for name in BRACES.findall(text))


def _tables(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlaybookError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlaybookError(f"{path.name} is not valid TOML: {error}.") from error
    for table, entries in tables.items():
        if not isinstance(entries, _TABLES.get(table, ())):
            raise PlaybookError(
                f"{path.name}: [{table}] is no table of a playbook: use [[plan]], [[say]], "
                "[[avoid]] or [remedy]."
            )
    return tables


def _remedies(name: str, entries: Mapping[str, Any]) -> dict[str, str]:
    for remedy, wording in entries.items():
        if not isinstance(wording, str) or not wording.strip():
            raise PlaybookError(f'{name}, [remedy]: {remedy} must be a wording after "I can".')
    return dict(entries)


def _plan(where: str, entry: Mapping[str, Any]) -> Plan:
    when = _when(where, entry, {"name", "moves", "action"})
    moves = _names(where, "moves", entry.get("moves"), tuple(MOVES))
    action = entry.get("action", ACTIONS[0])
    if action not in ACTIONS:
        raise PlaybookError(f"{where}: action is {action!r}: choose among {', '.join(ACTIONS)}.")
    return Plan(when, moves, action)


def _say(where: str, entry: Mapping[str, Any]) -> Say:
    when = _when(where, entry, {"move", "say"})
    (move,) = _names(where, "move", [entry.get("move")], tuple(MOVES))
    sentences = entry.get("say")
    if not isinstance(sentences, list):
        raise PlaybookError(f"{where}: say must be a list of sentences; an empty one says nothing.")
    for sentence in sentences:
        if not isinstance(sentence, str) or not sentence.strip():
            raise PlaybookError(f"{where}: say holds something that is no sentence.")
        for name in BRACES.findall(sentence):
            if name not in PLACEHOLDERS:
                raise PlaybookError(
                    f"{where}: there is no placeholder {{{name}}}: choose among "
                    f"{', '.join(PLACEHOLDERS)}."
                )
        if sentences.count(sentence) > 1:
            raise PlaybookError(f"{where}: say has this sentence twice: {sentence}")
    return Say(when, move, tuple(sentences), where)


def _advice(where: str, entry: Mapping[str, Any]) -> Advice:
    when = _when(where, entry, {"what", "why"})
    for key in ("what", "why"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise PlaybookError(f"{where}: {key} is missing, or it is no text.")
    return Advice(when, entry["what"], entry["why"])


def _when(where: str, entry: Mapping[str, Any], own: set[str]) -> _When:
    own = own | _FACTS
    unknown = sorted(entry.keys() - own - VALUES.keys())
    if unknown:
        choices = ", ".join(sorted(own | VALUES.keys()))
        raise PlaybookError(f"{where}: there is no key {unknown[0]!r}: choose among {choices}.")
    return _When(
        {
            key: frozenset(_names(where, key, entry[key], values))
            for key, values in VALUES.items()
            if key in entry
        },
        {key: _yes_or_no(where, key, entry[key]) for key in sorted(_FACTS & entry.keys())},
    )


def _yes_or_no(where: str, key: str, found: object) -> bool:
    if not isinstance(found, bool):
        raise PlaybookError(f"{where}: {key} must be true or false.")
    return found


def _names(where: str, key: str, found: object, known: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(found, list) or not found:
        raise PlaybookError(f"{where}: {key} must be a list of names.")
    for name in found:
        if name not in known:
            raise PlaybookError(f"{where}: {key} has {name!r}: choose among {', '.join(known)}.")
    return tuple(found)
