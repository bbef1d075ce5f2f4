"""Checks an agent's draft against the message that it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from heard.reply.check.draft import Draft, Place
from heard.reply.check.facts import asks_again, no_own_words, quotes, vague
from heard.reply.check.feelings import fix_before_feelings, wrong_feeling
from heard.reply.check.finding import RULES, SEVERITIES, Finding, Severity
from heard.reply.check.manner import (
    bad_opening,
    no_thanks_after_silence,
    repeats,
    too_long_public,
    we_for_i,
)
from heard.reply.check.phrases import find_phrases
from heard.reply.check.privacy import private_public, shown_details
from heard.reply.check.promises import not_allowed, over_promise
from heard.reply.check.reader import FAULTS, own_reader, pair_text
from heard.reply.context import Context
from heard.reply.fillings import fillings
from heard.reply.playbook import Playbook
from heard.reply.recommend import (
    Recommendation,
    fills,
    own_playbook,
    recommend,
)
from heard.text import check_text
from heard.types import Assessment

__all__ = ["check_reply"]

_CHECKS: Mapping[str, Callable[[Draft], Iterator[Place]]] = {
    "wrong_feeling": wrong_feeling,
    "fix_before_feelings": fix_before_feelings,
    "asks_again": asks_again,
    "over_promise": over_promise,
    "private_public": private_public,
    "we_for_i": we_for_i,
    "vague": vague,
    "no_own_words": no_own_words,
    "too_long_public": too_long_public,
    "bad_opening": bad_opening,
    "no_thanks_after_silence": no_thanks_after_silence,
    "repeats": repeats,
}

#: Below this probability the graph clears a draft of a fault that a rule suspects.
_DOUBT = 0.03
Found = tuple[str, Severity, int, int]
#: Where somebody may be in danger, these do not count.
_NOT_FOR_SAFETY = frozenset({"fix_before_feelings", "no_own_words", "vague", "too_long_public"})


def check_reply(
    draft: str,
    assessment: Assessment,
    context: Context | None = None,
    *,
    earlier: Sequence[str] = (),
    playbook: Playbook | None = None,
) -> list[Finding]:
    """Check a draft before it is sent.

    Args:
        draft: what the agent is about to send.
        assessment: what :meth:`heard.Analyzer.assess` found in the message that it answers.
        context: what the caller knows besides; by default an opening private chat.
        earlier: the customer's messages before that one: what they said is not asked again either.
        playbook: where better wordings come from, and whose sentences people have read already; by
            default the one in the package.

    Returns:
        The findings, by their places; none for a draft without fault.
    """
    context = context or Context()
    playbook = playbook or own_playbook()
    read = Draft(check_text(draft), assessment, context, tuple(earlier))
    found = [*_read(read, [*_found(read)], playbook)]
    if not found:
        return []
    advised = recommend(assessment, context, playbook=playbook)
    return sorted(
        {_finding(*place, advised) for place in found},
        key=lambda f: (f.start, f.end, SEVERITIES.index(f.severity), f.rule),
    )


def _found(draft: Draft) -> Iterator[Found]:
    if not draft.text.strip():
        return
    for found in find_phrases(draft.plain):
        if not draft.is_theirs(*found[2:]):
            yield found
    for rule, check in _CHECKS.items():
        if rule in _NOT_FOR_SAFETY and _endangers(draft):
            continue
        for start, end in check(draft):
            yield rule, RULES[rule].severity, start, end


def _endangers(draft: Draft) -> bool:
    return any(signal.name == "threat_of_harm" for signal in draft.assessment.signals)


def _read(draft: Draft, found: list[Found], playbook: Playbook) -> Iterator[Found]:
    """Ask the graph: for faults that no list of words knows, and about those that lists suspect.

    It is not asked about sentences of the playbook, which people have read, as long as what fills
    them is what this message fills them with, or says.
    """
    reader = own_reader()
    filled = fillings(draft.assessment, draft.context, playbook.remedies, playbook.placeholders)
    places = [
        (start, end)
        for start, end in draft.sentences
        if not any(
            all(_is_of_message(draft, value, filled.get(name, "")) for name, value in values)
            for values in fills(draft.text[start:end], playbook)
        )
    ]
    if reader is None or not places:
        yield from found
        return
    message, context = draft.assessment.text, draft.context
    chances = dict(
        zip(FAULTS, reader.probabilities([pair_text(draft.text, message, context)])[0], strict=True)
    )
    # What was allowed is known, and no opinion: like the surest phrases, it needs no second reader.
    sure = {(place[0], *place[2:]) for place in find_phrases(draft.plain, sure_alone=True)}
    sure.update(("over_promise", *place) for place in not_allowed(draft))
    sure.update(("private_public", *place) for place in shown_details(draft))
    known: set[str] = set()
    for one in found:
        rule, severity, start, end = one
        if severity == "hint":
            yield one
        elif (rule, start, end) in sure or chances.get(rule, 1) >= _DOUBT:
            known.add(rule)
            yield one
    # A hint says less than the graph may: it does not stand in its way.
    faults = [
        name
        for name in FAULTS
        if chances[name] >= reader.thresholds[name]
        and name not in known
        and (name != "private_public" or context.channel == "public")
        and not (name in _NOT_FOR_SAFETY and _endangers(draft))
        and not (name == "no_own_words" and quotes(draft))
    ]
    if not faults:
        return
    # Where: the sentence that, alone, looks most like it.
    alone = reader.probabilities(
        [pair_text(draft.text[start:end], message, context) for start, end in places]
    )
    for name in faults:
        start, end = places[int(alone[:, FAULTS.index(name)].argmax())]
        yield name, RULES[name].severity, start, end


def _is_of_message(draft: Draft, value: str, filling: str) -> bool:
    return value.casefold() == filling.casefold() or draft.says_back(value)


def _finding(
    rule: str, severity: Severity, start: int, end: int, advised: Recommendation
) -> Finding:
    said = {move.name: move.text for move in advised.moves}
    better = next((said[name] for name in RULES[rule].better if name in said), advised.reply)
    return Finding(rule, severity, start, end, RULES[rule].reason, better)
