"""What a playbook's placeholders stand for in one message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from heard.reply.clauses import clauses_around, sentences, stems
from heard.reply.context import Context
from heard.reply.details import echoed, find_details, is_private
from heard.reply.lexicon import mirror
from heard.reply.mentions import HANDLE, UNQUOTED, addressed
from heard.reply.shift import shift
from heard.reply.situation import read_situation
from heard.reply.wishes import find_topic, question, wish
from heard.reply.words import FINITE, INSULTS
from heard.types import Assessment

__all__ = ["can_be_said_back", "fillings", "wordings"]

#: A longer quotation is no quotation any more.
_MOST_QUOTED = 100
#: Words about the matter from which on one wording says as much as another.
_ENOUGH = 7
#: What a customer got wrong is never said back.
_OWN_FAULT = re.compile(
    r"\b(?:my (?:own |entire )?(?:mistake|fault|error|bad|stupidity|slip)|i (?:know|forgot|misread|"
    r"missed|messed|ordered the wrong|put in the wrong|typed|was (?:\w+ ){0,3}late|should have)|"
    r"(?:late|behind) with)\b",
    re.IGNORECASE,
)
_COUNTED = frozenset("a an the one two three four five six seven eight nine ten".split())
_VERB_AND_TO = re.compile(r"\b\w{3,}s (?:to|the|a|an|my|your|us|me|him|her|them)\b")
_THANKS_FIRST = re.compile(
    r"^(?:thanks|thank you|cheers)\b[^,.!]*[,.!]\s*|^(?:just )?(?:wanted|writing) to (?:say|"
    r"tell you|let "
    r"you know) (?:that )?|^shout-?out to @?\w+[,:]?\s*",
    re.IGNORECASE,
)
#: What parts sentences; the marks of "17:05" and "1.50" don't.
_BREAK = re.compile(r"[!?;()]|[.:](?!\d)")
_PARTS = re.compile(r"[,:;]\s+")
_NO_NEWS = re.compile(r"(?:you|you're|you've|that|that's)\b")
_THANKING = re.compile(
    r"\b(?:thank|thanks|cheers|please|just wanted|shout|expect\w*|thought|hello|dear)\b",
    re.IGNORECASE,
)


def fillings(
    assessment: Assessment, context: Context, remedies: Mapping[str, str], wanted: Set[str]
) -> dict[str, str]:
    """Find what each placeholder stands for; one that stands for nothing has no key.

    Beside the account of problem and need only those ``wanted`` are looked for.
    """
    found = _own(assessment, context, wanted) | {"feeling": _feeling(assessment)}
    if offered := wordings(context, remedies):
        found["remedy"] = _either(offered)
    return {name: text for name, text in found.items() if text}


def _own(assessment: Assessment, context: Context, wanted: Set[str]) -> dict[str, str | None]:
    public = context.channel == "public"
    text = assessment.text
    accounts = [*_accounts(assessment, "problem")]
    spoken = [addressed(text, account) for account in accounts]
    may_say = _is_public if public else bool
    problem = _fullest(_clause, spoken, may_say)
    thing = None if problem else _fullest(_thing, spoken, may_say)
    needs = (addressed(text, account) for account in _accounts(assessment, "need"))
    quotable = not (problem or thing or public) and not _is_abusive(assessment)
    lines = (text[start:end] for start, end in sentences(text))
    found = {
        "problem": problem,
        "thing": thing,
        "quote": (
            (_fullest(_quoted, accounts, bool) or _fullest(_quoted, lines, bool))
            if quotable
            else None
        ),
        "wish": next(filter(None, map(wish, needs)), None),
        "question": question(text) if "question" in wanted else None,
        "news": _news(text) if "news" in wanted else None,
        "topic": find_topic(text, accounts) if "topic" in wanted else None,
    }
    if public:  # short, and nothing that is nobody else's business
        return {k: t if t and _is_public(t) else None for k, t in found.items()}
    name = None if context.stage == "follow_up" else context.customer_name
    detail = echoed(find_details(text)) if "detail" in wanted else None
    return found | {"detail": detail, "name": name}


def can_be_said_back(assessment: Assessment, context: Context) -> bool:
    """Tell whether a message holds anything that an agent could, and should, say back."""
    calm = assessment.primary in ("none", "surprised") and not assessment.escalation.level
    names = ("problem", "wish", "question") if calm else ("problem", "thing", "quote", "wish")
    asks = "?" in assessment.text or assessment.spans["need"]
    situation = read_situation(assessment, context)
    if situation.pleasant or situation.bereaved or (calm and not asks):
        return False
    if calm and context.stage == "feedback" and situation.said in ("nothing", "problem"):
        return False  # feedback without a grievance is thanked for
    found = _own(assessment, context, {*names})
    return any(found[name] for name in names)


def _fullest(
    form: Callable[[str], str | None], accounts: Iterable[str], may_say: Callable[[str], bool]
) -> str | None:
    """Choose, among the wordings of a form that may be said, the one that says most."""
    formed = [text for text in map(form, accounts) if text and may_say(text)]
    return max(formed, key=lambda text: min(len(stems(text)), _ENOUGH), default=None)


def _is_unsaid(text: str) -> bool:
    """Tell of a fault of the customer's own, or a handle: nobody speaks of himself by his."""
    return bool(_OWN_FAULT.search(text) or HANDLE.search(text))


def _clause(text: str) -> str | None:
    """Shift a clause; ``None`` where it is none, or tells a fault of the customer's own."""
    shifted = None if _is_unsaid(text) else shift(text, clause=True)
    if not shifted or len(shifted.split()) < 3 or _BREAK.search(shifted):
        return None
    return shifted


def _thing(text: str) -> str | None:
    """Shift what is no clause but names what went wrong: "six weeks of mould in your room"."""
    shifted = None if _is_unsaid(text) else shift(text, clause=False)
    if not shifted or not 2 < len(shifted.split()) < 16 or _BREAK.search(shifted):
        return None
    words = shifted.lower().split()
    named = words[0] in _COUNTED or words[0][0].isdigit()
    if any(word.endswith("ly") for word in words) or {"still", "not", "but"} & {*words}:
        return None  # "the plane terribly filthy": a clause without its verb
    verbs = FINITE & {word.strip(",") for word in words} or _VERB_AND_TO.search(shifted)
    return shifted if named and not verbs else None


def _news(text: str) -> str | None:
    """Find what went well: the first sentence that can be shifted and says something."""
    for start, end in sentences(text):
        sentence = _THANKS_FIRST.sub("", text[start:end])
        if not sentence.endswith("?") and not _THANKING.search(sentence):
            # As a whole, or else what stands between its commas: "that was quick, it came today".
            for part in dict.fromkeys((sentence, *_PARTS.split(sentence))):
                shifted = _clause(part)
                # What the writer did is no news of what went well.
                if shifted and len(stems(shifted)) > 1 and not _NO_NEWS.match(shifted):
                    return shifted
    return None


def _is_public(text: str) -> bool:
    return len(text.split()) < 18 and not re.search(r"\d", text) and not is_private(text)


def _is_abusive(assessment: Assessment) -> bool:
    return any(signal.name == "abusive" for signal in assessment.signals)


def _accounts(assessment: Assessment, kind: str) -> Iterator[str]:
    """Give the wordings of a problem or need, the fullest first."""
    spans = assessment.spans
    for span in spans[kind]:
        yield from clauses_around(assessment.text, span, apart=spans["feeling"])


def _feeling(assessment: Assessment) -> str | None:
    primary = assessment.primary
    if primary not in assessment.emotions:
        return None
    feelings = [span.text for span in assessment.spans["feeling"]]
    return mirror(feelings, primary, assessment.emotions[primary].level)


def _quoted(text: str) -> str | None:
    text = re.sub(r"^(?:and|but|so|or|then|because)\b[ ,]*", "", text, flags=re.IGNORECASE)
    plain = re.sub(r"\s+", " ", UNQUOTED.sub("", text)).strip(" .,;:!-")
    if re.search(r"[^\s.!?]\s+@\w", text):
        return None  # without the handle in its midst it would be no quotation
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
