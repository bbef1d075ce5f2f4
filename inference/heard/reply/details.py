"""What a message says exactly: references, amounts, dates, times, and ways to reach the writer.

An agent echoes these instead of asking for them again, and never repeats them in public.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "ACCUSING",
    "BARE_AMOUNT",
    "PRIVATE",
    "SHOWN",
    "TITLED",
    "Detail",
    "echoed",
    "find_details",
    "is_private",
]

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
_NAMED = (
    "order|booking|reference|ref|ticket|case|invoice|account|policy|tracking|claim|flight|contract|"
    "customer|meter|parcel|reservation|confirmation|complaint"
)
_CODE = r"(?=[A-Z\d-]*\d)[A-Z\d][A-Z\d-]{2,}"
#: In this order: the first kind that matches a place has it.
_PATTERNS = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,255}\.\w[\w.]{0,255}")),
    (
        "amount",
        re.compile(
            r"[\u00a3$\u20ac]\s?\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,2})?"
            r"|\b(?<![\d,])\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,2})?\s?(?:pounds|quid|dollars|euros|rupees|gbp|usd|eur)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "date",
        re.compile(
            rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?(?:{_MONTHS})\b(?:\s\d{{4}})?"
            rf"|\b(?:{_MONTHS})\s\d{{1,2}}(?:st|nd|rd|th)?\b"
            r"|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{4}-\d\d-\d\d\b",
            re.IGNORECASE,
        ),
    ),
    ("time", re.compile(r"\b\d{1,2}(?::\d\d)?\s?(?:am|pm)\b|\b\d{1,2}:\d\d\b", re.IGNORECASE)),
    # Before phone numbers: "order 4471902215" has as many digits as one.
    (
        "reference",
        re.compile(
            rf"(?<![@#\w])(?i:(?:{_NAMED})(?:\s(?:no\.?|number|nr|id|code))?)(?:\sis|:)?\s?#?{_CODE}\b"
        ),
    ),
    ("phone", re.compile(r"(?<!\w)\+?\d[\d ()-]{8,}\d\b")),
    (
        "reference",
        re.compile(r"(?<!\w)#\d{3,}|(?<![@#\w])[A-Z]{2,}-?\d{3,}[A-Z\d-]*\b|(?<![@#\w])\d{6,}\b"),
    ),
    (
        "weekday",
        re.compile(
            r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:yesterday|today|tomorrow)\b",
            re.IGNORECASE,
        ),
    ),
)
#: Kinds that have no place in a public reply.
PRIVATE = frozenset({"email", "amount", "phone", "reference"})
#: What else is nobody's business in public: addresses, accounts, health, debts.
SHOWN = re.compile(
    r"\b\d+[a-z]? [a-z]+ (?:street|road|lane|avenue|close|drive|"
    r"way|court|gardens|terrace|place|rd|st|ave)\b|\b(?:ending|account|card|order|booking|"
    r"policy|reference|ref|room|flat|seat|locker) (?:in |no\.? |number )?[#a-z]{0,4}-?\d+|"
    r"\b(?:your|her|his) (?:\w+ )?(?:biopsy|diagnosis|prescription|medication|pregnancy|"
    r"test results?|results|condition|surgery|therapy|overdraft|arrears|balance|debt|salary|income|"
    r"loan|benefits?|bankruptcy|credit score|hiv|depression|insulin|"
    r"treatment(?! (?:by|at|from|on|in|of|you|was))|operation|scan|payments?|direct debit|mortgage|"
    r"missed (?:payments?|instalments?))\b"
    r"|\bthe (?:\w+ )?(?:biopsy|diagnosis|prescription|medication|pregnancy|test results?|"
    r"overdraft|arrears|debt|bankruptcy|credit score|direct debit|mortgage)\b"
    r"|\b[a-z]{2,}-?\d{3,}\b|\b\d{5,}\b"
)
#: Somebody's name with its title; in text as it is written, for "to miss your train" is none.
TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? (?!Pepper|Martens)[A-Z]\w+")
#: Sums and accusations: the customer may have published these.
BARE_AMOUNT = re.compile(
    r"[\u00a3$\u20ac]\s?\d[\d,]*(?:\.\d\d?)?|\b\d{1,3}(?:,\d{3})+\b|"
    r"\b(?:2[4-9]|[3-9]\d|\d{3,})\.\d{2}\b"
)
ACCUSING = re.compile(
    r"\b(?:thie(?:f|ves)|liars?|criminals?|\w+ dodgers?|shoplift\w*|fraudsters?|stealing|stole)\b"
)
_ECHOED = ("reference", "amount", "date")


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail of a message: its ``kind``, ``[start, end)`` in code points, and its ``text``."""

    kind: str
    start: int
    end: int
    text: str


def find_details(text: str) -> tuple[Detail, ...]:
    """Find the details of a text, in its order; none overlaps another."""
    found: list[Detail] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if not any(match.start() < d.end and d.start < match.end() for d in found):
                found.append(Detail(kind, match.start(), match.end(), match[0].strip()))
    return tuple(sorted(found, key=lambda detail: detail.start))


def is_private(text: str) -> bool:
    """Tell whether a text holds anything that has no place in a public reply."""
    low = text.lower()
    patterns = (SHOWN, BARE_AMOUNT, ACCUSING)
    return (
        any(detail.kind in PRIVATE for detail in find_details(text))
        or any(pattern.search(low) for pattern in patterns)
        or bool(TITLED.search(text))
    )


def echoed(details: Iterable[Detail]) -> str | None:
    """Name up to two details as an agent would: "order 88120 and the £118"."""
    ranked = sorted(
        {d.text.lower(): d for d in details if d.kind in _ECHOED}.values(),
        key=lambda d: (_ECHOED.index(d.kind), d.start),
    )
    said = [_said(detail) for detail in ranked[:2]]
    return " and ".join(said) or None


def _said(detail: Detail) -> str:
    text = re.sub(r"\s+", " ", detail.text)
    if detail.kind == "amount":
        return f"the {text}"
    if detail.kind == "reference":
        named = re.match(rf"(?i:{_NAMED})\b", text)
        return text[0].lower() + text[1:] if named else f"the number {text.lstrip('#')}"
    return text
