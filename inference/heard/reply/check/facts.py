"""Rules about facts: none asked for twice, and none lost in vague words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from heard.reply.check.draft import Draft, Place, requests
from heard.reply.clauses import stems
from heard.reply.details import find_details
from heard.reply.fillings import can_be_said_back

__all__ = ["asks_again", "no_own_words", "quotes", "vague"]

#: What may be asked for, and what in a message says that it was told already.
_ASKED = (
    (
        r"\b(?:order|booking|reference|ref|ticket|case|account|policy|tracking|invoice|tag|"
        r"customer|"
        r"meter|claim|membership|reservation|confirmation|card|flight|serial|contract|student|"
        r"patient|parcel) ?(?:number|no\b|id|code|ref\w*|details)?|\bthe (?:number|reference)\b",
        "reference",
    ),
    (
        r"\b(?:what|which) (?:date|day|time|month|week)\b|\bwhen\b|\bsince when\b|\bhow long\b|"
        r"\bdate of\b|\bthe (?:exact )?(?:date|day|time)\b|\bwhat time\b",
        "when",
    ),
    (r"\bhow much\b|\b(?:what|which|the) (?:amount|sum|price|charge)\b", "amount"),
    (r"\bhow (?:many|often)\b", "count"),
    (
        r"\b(?:tried|try|attempted|already) (?:\w+ )?(?:turning|switching|to restart|a restart|"
        r"re\w+|"
        r"clear\w*|swap\w*|contact\w*|another|updat\w*|unplug\w*)|\bhave you (?:tried|restarted|"
        r"checked|contacted|spoken|called|reinstalled|reset|looked)|\bhad a chance to\b|"
        r"\bdid you (?:try|contact|call|speak|restart|check|report)",
        "tried",
    ),
    (
        r"\b(?:what (?:exactly )?(?:happened|went wrong|is (?:the )?(?:issue|problem|matter|wrong)|"
        r"seems|the (?:issue|problem)|it is about|this is about|is it about)|more (?:detail|about|"
        r"information)|describe|explain (?:the|what|your|in)|tell (?:me|us) (?:what|more|about|"
        r"the)|"
        r"in (?:more )?detail|what(?:'s| is) (?:this|it) (?:about|regarding)|nature of)\b",
        "account",
    ),
    (
        r"\b(?:your|the) (?:full |current |new |e-?mail |delivery |postal )*(?:address|postcode|"
        r"email)\b",
        "address",
    ),
    (
        r"\b(?:which|what) (?:\w+ )?(?:phone|device|model|version|router|browser|system|size|"
        r"colou?r|"
        r"hub|item|product|room|branch|store|shop|site|module|flight|train|service|plan|car|"
        r"seat)\b",
        "which",
    ),
)
_PATTERNS = tuple((re.compile(pattern), kind) for pattern, kind in _ASKED)
_TOLD: Mapping[str, str] = {
    "when": r"\b(?:\d{1,2}(?::\d\d)? ?(?:am|pm)|\d{1,2}:\d\d|(?:mon|tues|wednes|thurs|fri|satur|"
    r"sun)"
    r"day|yesterday|today|tonight|this morning|last (?:night|week|month|year)|"
    r"jan(?:uary)?|feb(?:ruary)?|march|april|june|july|aug(?:ust)?|sept(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|(?:in|since|\d) may|may \d+|\d+(?:st|nd|rd|th)|"
    r"(?:\w+) (?:days?|weeks?|months?|hours?|years?|mins?|minutes?)|evening|christmas|easter)\b",
    "amount": r"[\u00a3$\u20ac]\s?\d|\b\d+ ?(?:pounds|quid|dollars|euros|p|gbp|usd)\b",
    "count": r"\b(?:twice|once|two|three|four|five|six|seven|\d+|times|third|fourth|second|"
    r"fifth)\b",
    "tried": r"\b(?:restart|reset|reboot|reinstall|swap|unplug|turned|switched|cleared|tried|"
    r"trying|"
    r"called|rang|rung|phoned|emailed|wrote|written|spoke|checked|contacted|updated|asked)\w*",
    "address": r"@\w+\.\w|\b\d+ \w+ (?:street|road|lane|row|avenue|close|drive|way|court|st|rd)\b|"
    r"\baddress is\b",
}
_REASONS = re.compile(
    r"\b(?:the|this|your|that|an?|any|these|such) (?:\w+ )?(?:issues?|matters?|problems?|concerns?|"
    r"quer(?:y|ies)|situations?|items?|products?|inconvenience|experience|circumstances?|enquiry|"
    r"inquiry|request|incident|complaint|difficult(?:y|ies)|delays? (?:you|in)|"
    r"services?(?= (?:you|provided|received))|subject|topic|correspondence)\b"
    r"|\b(?:as soon as (?:possible|we can|i can)|in due course|at the earliest|shortly|"
    r"in the near future|(?:some|certain|several|various) (?:of )?(?:our |the )?(?:staff|people|"
    r"colleagues|factors|reasons|steps|delays|changes|issues)|(?:relevant|appropriate|responsible|"
    r"concerned|right) (?:team|department|colleagues?|people|person|part(?:y|ies)|action|steps|"
    r"measures|coaching|channels?)|someone will|somebody will|be in touch|looked into|"
    r"look into (?:it|this|that))\b"
)
#: Characters: a shorter quotation is a word, not what happened.
_LEAST_QUOTED = 8


def asks_again(draft: Draft) -> Iterator[Place]:
    """Asks for what the message already says."""
    details = {detail.kind for detail in find_details(draft.said)}
    about = stems(draft.said)
    for start, end, sentence in draft.each():
        named = any(detail.kind != "weekday" for detail in find_details(draft.text[start:end]))
        if named or not requests(sentence):
            continue
        for pattern, kind in _PATTERNS:
            match = pattern.search(sentence)
            if match and _was_told(kind, sentence, draft.message, details, about):
                yield start, end
                break


def _was_told(kind: str, sentence: str, message: str, details: set[str], about: set[str]) -> bool:
    if kind == "reference":
        asked = re.search(
            r"\b(?:number|no|id|code|ref\w*|details|reference|tag|locator)\b", sentence
        )
        return bool(asked) and "reference" in details
    if kind == "account":
        return len(about) > 4
    if kind == "which":
        noun = re.search(r"\b(?:which|what) (?:\w+ )?(\w+)", sentence)
        shared = "?" in sentence and len(stems(sentence) & about) > 1
        return shared or bool(noun and noun[1][:5] in about)
    if kind in ("when", "count", "amount"):
        return bool(re.search(_TOLD[kind], message)) and bool(stems(sentence) & about)
    return bool(re.search(_TOLD[kind], message))


def no_own_words(draft: Draft) -> Iterator[Place]:
    """Nothing of the customer's own words in it (Villarroel Ordenes et al. 2017)."""
    if draft.context.channel == "public":
        return
    own = stems(draft.said)
    if len(own) < 4 or own & stems(draft.text):
        return
    if any(draft.is_theirs(*place) for place in _runs(draft.plain)):
        return
    if quotes(draft):
        return
    if can_be_said_back(draft.assessment, draft.context):
        yield 0, 0


def quotes(draft: Draft) -> bool:
    """Tell whether it quotes the message: one of common words alone shares no stem with it."""
    return any(len(quotation) >= _LEAST_QUOTED for quotation in draft.quotations)


def _runs(text: str) -> Iterator[Place]:
    """Give every run of three words."""
    words = [match.span() for match in re.finditer(r"\w+(?:'\w+)*", text)]
    for first, last in zip(words, words[2:], strict=False):
        yield first[0], last[1]


def vague(draft: Draft) -> Iterator[Place]:
    """Vague where the customer was concrete (Packard and Berger 2021)."""
    if len(stems(draft.assessment.text)) < 3:
        return
    for match in _REASONS.finditer(draft.plain):
        noun = match[0].split()[-1]
        if not re.search(rf"\b{re.escape(noun[:5])}", draft.message):
            yield match.span()
            return
