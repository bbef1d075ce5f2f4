"""What a playbook's placeholders stand for in one message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from heard.reply.clauses import clauses_around
from heard.reply.context import Context
from heard.reply.details import echoed, find_details
from heard.reply.lexicon import mirror
from heard.reply.shift import shift
from heard.reply.wishes import find_topic, question, wish
from heard.reply.words import INSULTS
from heard.types import Assessment

__all__ = ["fillings", "wordings"]

#: A longer quotation is no quotation any more.
_MOST_QUOTED = 100


def fillings(
    assessment: Assessment, context: Context, remedies: Mapping[str, str]
) -> dict[str, str]:
    """Find what each placeholder stands for; one that stands for nothing has no key."""
    found: dict[str, str | None] = {
        "feeling": _feeling(assessment),
        "topic": find_topic(assessment.text, [*_accounts(assessment, "problem")]),
    }
    if context.channel != "public":
        found |= _private(assessment, context)
    if offered := wordings(context, remedies):
        found["remedy"] = _either(offered)
    return {name: text for name, text in found.items() if text}


def _private(assessment: Assessment, context: Context) -> dict[str, str | None]:
    problem = _problem(assessment)
    name = context.customer_name
    return {
        "problem": problem,
        "quote": None if problem else _first(_quoted, _accounts(assessment, "problem")),
        "wish": _first(wish, _accounts(assessment, "need")),
        "question": question(assessment.text),
        "detail": echoed(find_details(assessment.text)),
        "name": None if context.stage == "follow_up" else name,
    }


def _problem(assessment: Assessment) -> str | None:
    """Shift the fullest wording of the problem that is one sentence; ``None`` where none is."""
    for text in _accounts(assessment, "problem"):
        shifted = shift(text, clause=True)
        if shifted and len(shifted.split()) > 2 and not re.search(r"[.!?;:()]", shifted):
            return shifted
    return None


def _accounts(assessment: Assessment, kind: str) -> Iterator[str]:
    """Give the wordings of a problem or need, the fullest first."""
    spans = assessment.spans
    for span in spans[kind]:
        yield from clauses_around(assessment.text, span, apart=spans["feeling"])


def _first(form: Callable[[str], str | None], texts: Iterable[str]) -> str | None:
    return next(filter(None, map(form, texts)), None)


def _feeling(assessment: Assessment) -> str | None:
    primary = assessment.primary
    if primary not in assessment.emotions:
        return None
    feelings = [span.text for span in assessment.spans["feeling"]]
    return mirror(feelings, primary, assessment.emotions[primary].level)


def _quoted(text: str) -> str | None:
    plain = re.sub(r"\s+", " ", re.sub(r"[@#]\w+|https?://\S+", "", text)).strip(" .,;:!-")
    words = {word.lower() for word in re.findall(r"\w+", plain)}
    if len(plain.split()) < 4 or len(plain) > _MOST_QUOTED:
        return None
    if re.search(r"[\"\u201c\u201d]", plain) or words & INSULTS:
        return None
    return f'"{plain}"'


def wordings(context: Context, remedies: Mapping[str, str]) -> list[str]:
    """Give the wordings of what the agent may offer."""
    if isinstance(context.remedies, Mapping):
        return list(context.remedies.values())
    return [remedies[name] for name in context.remedies]


def _either(offered: Sequence[str]) -> str:
    """Join wordings as a choice: "a, b or c"."""
    if len(offered) == 1:
        return offered[0]
    return f"{', '.join(offered[:-1])} or {offered[-1]}"
