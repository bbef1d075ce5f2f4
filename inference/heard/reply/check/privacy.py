"""Rules about private details: none shown in public, and none asked for there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, islice

from heard.reply.check.draft import Draft, Place, requests
from heard.reply.details import ACCUSING, BARE_AMOUNT, PRIVATE, SHOWN, TITLED, find_details

__all__ = ["private_public", "shown_details"]

_ASKS_PRIVATE = re.compile(
    r"\b(?:(?:order|booking|account|policy|card|phone|mobile|reference|customer|tracking|"
    r"membership|"
    r"patient|student|reservation|ticket|contract|meter|claim|tag|passport|contact|telephone) "
    r"(?:number|no|ref\w*|id|details?|code|numbers)|e-?mail(?: address)?|home address|address|"
    r"postcode|zip(?: code)?|date of birth|full name|surname|sort code|bank details|locator|pnr|"
    r"phone)\b"
)
#: To be answered where everybody reads it, with what only the company should know.
_OPENLY = re.compile(
    r"\b(?:here|below|underneath|under (?:this|here|my)|comments?|this (?:thread|post)|reply with|"
    r"answer with|(?:post|pop|drop|put|add|leave) (?:me )?(?:the|your))\b"
)
_OWN_DATA = re.compile(
    r"\b(?:names?|surname|street|house number|flat number|mobile|phone|postcode|zip|e-?mail|"
    r"address|date of birth|birthday|school|floor|(?:order|booking|account|policy|card|reference|"
    r"customer|ticket|claim|tracking|meter|seat|room|invoice|loyalty|member\w*) ?(?:number|no|ref"
    r"\w*|id|code|details?)|digits|reference)\b"
)
_IN_PRIVATE = re.compile(
    r"\b(?:dm|dms|pm|private(?:ly)?|direct message|inbox|message me|message us|messages?|by email|"
    r"write to me|call me|ring me)\b"
)

#: How a company gives its own number or address, and what stands in its timetable.
_OUR_OWN = re.compile(
    r"\b(?:us|our \w+|(?:please|you can) (?:call|ring|email|write to))(?: \w+)? ?"
    r"(?:on|at|to|or)? ?$"
)
_TIMETABLE = re.compile(r"(?:flight|bus|train)\b")
_AFTER_TIMETABLE = re.compile(r"\b(?:flight|bus|train) $")
_LINE = re.compile(r"[a-z]{0,3}-?\d{1,5}[a-z]?")


def shown_details(draft: Draft) -> Iterator[Place]:
    """Exact private details in a public reply; sums that the customer has published aside."""
    if draft.context.channel != "public":
        return
    told = _amounts(draft.message)
    for detail in find_details(draft.text):
        said = detail.text.lower()
        if detail.kind == "amount":
            private = not _amounts(said) <= told
        elif detail.kind in ("email", "phone"):
            private = not _OUR_OWN.search(draft.plain[: detail.start])
        else:
            private = detail.kind in PRIVATE and not _in_timetable(draft, detail.start, detail.end)
        if private:
            yield detail.start, detail.end


def _in_timetable(draft: Draft, start: int, end: int) -> bool:
    """Tell whether this is the number of a flight, bus or train that the message names too."""
    said, before = draft.text[start:end].lower().strip(), draft.plain[max(0, start - 8) : start]
    number = _AFTER_TIMETABLE.search(before) and _LINE.fullmatch(said)
    return bool(_TIMETABLE.match(said) or number) and said in draft.message


def _amounts(text: str) -> set[Decimal]:
    """Give the sums in a text: 45 for "\u00a345.00" and "45 quid"."""
    found = [detail.text for detail in find_details(text) if detail.kind == "amount"]
    found += [match[0] for match in BARE_AMOUNT.finditer(text)]
    return {Decimal(re.sub(r"[^\d.]", "", amount).strip(".") or 0) for amount in found}


def private_public(draft: Draft) -> Iterator[Place]:
    """Private details shown, or asked for, in public."""
    if draft.context.channel != "public":
        return
    found = chain(shown_details(draft), _shown_otherwise(draft), _asked_openly(draft))
    yield from islice(found, 1)


def _shown_otherwise(draft: Draft) -> Iterator[Place]:
    told = _amounts(draft.message)
    for start, end, sentence in draft.each():
        for match in TITLED.finditer(draft.text[start:end]):
            yield start + match.start(), start + match.end()
        for match in SHOWN.finditer(sentence):
            place = start + match.start(), start + match.end()
            if not _in_timetable(draft, *place):
                yield place
        for match in BARE_AMOUNT.finditer(sentence):
            if not _amounts(match[0]) <= told:
                yield start + match.start(), start + match.end()
        for match in ACCUSING.finditer(sentence):
            if not re.search(rf"\b{re.escape(match[0])}\b", draft.message):
                yield start + match.start(), start + match.end()


def _asked_openly(draft: Draft) -> Iterator[Place]:
    for start, _, sentence in draft.each():
        if _IN_PRIVATE.search(sentence):
            continue
        asked = _ASKS_PRIVATE.search(sentence) if requests(sentence) else None
        if _OPENLY.search(sentence) and not asked:
            asked = _OWN_DATA.search(sentence)
        if asked:
            yield start + asked.start(), start + asked.end()
