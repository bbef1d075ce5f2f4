"""Whether a playbook has enough to say in every situation, and says nothing that it should not."""

from __future__ import annotations

from dataclasses import replace

from heard.reply.check.phrases import find_phrases
from heard.reply.playbook import BRACES, Playbook, PlaybookError
from heard.reply.situation import VALUES, Situation, situations

__all__ = ["FEWEST", "check_playbook"]

#: Alternatives that every move must have wherever it is made, for no conversation hears a sentence
#: twice; those with placeholders do not count, for a message may fill none.
FEWEST = 5


def check_playbook(playbook: Playbook) -> None:
    """Demand a plan for every situation, enough plain sentences for each of its moves, sound ones.

    A move may be left out on purpose, by a block whose list of sentences is empty.

    Raises:
        PlaybookError: naming the situation, or the file and table with a sentence that the check of
            a draft would flag, or that holds what the playbook itself warns of.
    """
    _check_wording(playbook)
    for base in situations():
        plan = next((plan for plan in playbook.plans if plan.when.holds(base)), None)
        if plan is None:
            raise PlaybookError(f"plan.toml has no [[plan]] for {_told(base)}.")
        for said in VALUES["said"]:
            for remedies in VALUES["remedies"]:
                situation = replace(base, said=said, remedies=remedies)
                for move in playbook.plan(situation).moves:
                    _check_move(playbook, move, situation)


def _check_move(playbook: Playbook, move: str, situation: Situation) -> None:
    plain: set[str] = set()
    for say in playbook.says:
        if say.move == move and say.when.holds(situation):
            if not say.sentences:
                return
            # A remedy is always there where a block asks for one.
            offered = {"remedy"} if situation.remedies != "none" else set()
            plain |= {text for text in say.sentences if not {*BRACES.findall(text)} - offered}
            if len(plain) >= FEWEST:
                return
    raise PlaybookError(
        f"{move} has {len(plain)} sentences without placeholders for {_told(situation)}: give "
        f"at least {FEWEST} in {move}.toml, or a [[say]] with say = [] to leave the move out."
    )


def _told(situation: Situation) -> str:
    shown = [name for name in VALUES if name != "signal"]
    return ", ".join(f"{name} {getattr(situation, name)}" for name in shown)


def _check_wording(playbook: Playbook) -> None:
    warned = [advice.what.lower() for advice in playbook.advice if not _is_habit(advice.what)]
    for say in playbook.says:
        for sentence in say.sentences:
            plain = BRACES.sub("it", sentence).lower().replace("\u2019", "'")
            for rule, severity, start, end in find_phrases(plain):
                if severity != "hint":
                    raise PlaybookError(
                        f"{say.place}: the check of drafts would find {rule} in "
                        f'"{plain[start:end]}": {sentence}'
                    )
            for phrase in warned:
                if phrase in plain:
                    raise PlaybookError(
                        f'{say.place}: "{phrase}" stands in [[avoid]], and here too: {sentence}'
                    )


def _is_habit(what: str) -> bool:
    """Tell a habit ("Beginning with a question") from a phrase, which stands as it is said."""
    first = what.split()[0]
    return first[0].isupper() and first != "I" and not first.startswith("I'")
