"""Rules about facts: none asked for twice, none shown in public, none made vague, none promised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain, islice

from heard.reply.check.draft import Draft, Place
from heard.reply.clauses import stems
from heard.reply.details import ACCUSING, BARE_AMOUNT, PRIVATE, SHOWN, TITLED, find_details
from heard.reply.fillings import can_be_said_back

__all__ = [
    "asks_again",
    "no_own_words",
    "not_allowed",
    "over_promise",
    "private_public",
    "quotes",
    "shown_details",
    "vague",
]

_REQUEST = re.compile(
    r"\?|\b(?:please|kindly|could you|can you|would you|may i|can i|i(?:'ll)? need|we(?:'ll)? need|"
    r"i(?:'d| would) (?:need|like you to)|let (?:me|us) (?:know|have)|give (?:me|us)|send (?:me|"
    r"us)|"
    r"tell (?:me|us)|(?:can|could|would|will) you (?:\w+ )?\w+|"
    r"^(?:and |then |so )?(?:confirm|provide|share|supply|describe|explain))\b"
)
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
_GUARANTEED = re.compile(
    r"\b(?:(?:i|we|can|absolutely|fully) guarantee|guaranteed|i promise|we promise|promise you|"
    r"(?:have|give you) (?:my|our) word|my promise|definitely|for sure|for certain|"
    r"without fail|no matter what|100 ?%|(?:won't|will not|never) (?:ever )?(?:happen|occur|see|be|"
    r"hear|face|receive|lose|need)(?: \w+){0,6} (?:again|ever)|never (?:happens? again|again)|"
    r"ever again|(?:i(?:'ll| will)|we(?:'ll| will)|i can) (?:personally )?(?:make (?:absolutely )?"
    r"sure|ensure|make certain) (?:that )?(?:nothing|no|nobody|every|(?:it|this|that|"
    r"you) (?:never|won't|doesn't|don't))|"
    r"(?:it|you|they|everything|that)(?:'ll| will) (?:\w+ )?(?:be|have|arrive|get|see|receive|"
    r"reach)"
    r"(?: \w+){0,7} (?:by|before|within) (?:\w+day|tomorrow|tonight|noon|\d+|the end|lunch|"
    r"the hour|"
    r"an hour|week|evening|morning)|you'll never|whatever it takes|"
    r"i swear|swear to you|that's a promise|count on (?:it|that|me)|leave (?:that|it) to me|"
    r"(?:i'm|i am) (?:certain|positive|quite sure|absolutely sure)|no doubt about|"
    r"nothing (?:like this |of the kind )?(?:will|can|could) (?:ever )?(?:go wrong|happen)|"
    r"will be (?:banned|sacked|fired|dismissed|disciplined)|at (?:our|my) (?:own )?expense|"
    r"(?:paid|covered|picked up) by (?:us|me|the firm)|the firm will pay|will pay for (?:a|the|"
    r"your)|"
    r"as a (?:keepsake|present|treat)|in your hands (?:by|tonight|tomorrow|today|on)|"
    r"(?:will|can|'ll) (?:\w+ )?never|will ever be|never (?:\w+ ){1,6}again|without exception|"
    r"can (?:promise|be (?:certain|sure)|rely on)|no question|once and for all|"
    r"whatsoever|see to it that|(?:wiped|cleared|gone) (?:off )?completely|you have my)\b"
)
_ACT = r"\b(?:i|we)(?:'ve|'ll|'m|'re|'d| have| will| am| are| can| could| would)(?: \w+){0,5}? "
#: What stands for a remedy in a draft, by its name in the context: the agent hands it out.
_OFFERS: Mapping[str, re.Pattern[str]] = {
    "refund": re.compile(
        _ACT + r"(?<!the )(?<!your )(?:refund\w*|reimburs\w+|pay(?:ing)? (?:it|you) back)\b"
        r"|\b(?:your|the) money back\b|\bevery (?:penny|cent) (?:of it )?(?:back|returned)\b"
    ),
    "credit": re.compile(
        _ACT + r"(?:credit(?:ed|ing)|a (?:\w+ )?(?:credit|voucher|discount)|compensat\w+|"
        r"(?:\w+ )?months? free|free (?:month|night|meal|ticket|session|class|delivery)|"
        r"[\u00a3$\u20ac]\d+ (?:on|to|into) your (?:account|next|bill)|\d+ ?% off|goodwill|"
        r"complimentary|points)\b"
        r"|(?<!the )(?<!your )\b(?:voucher|gift card|book token)s? (?:for|of|worth|on top|as well|"
        r"too)\b|\bmy treat\b"
        r"|\byou(?:'ll| will) (?:get|have|receive) (?:the |a |your )?compensation\b"
        r"|\bfree (?:of charge )?on top\b|\bdouble your money\b|\bour treat\b"
        r"|\b(?:give|giving|throw in|throwing in|add|adding) (?:you |in )?(?:\w+ )?"
        r"(?:days|weeks|months|nights) (?:of \w+ )?(?:for )?free\b"
        r"|\bi(?:'ll| will|'ve| have) (?:\w+ ){0,4}?(?:a (?:bottle|box|bunch|hamper|gift)|"
        r"some chocolates)\b"
        r"|\b(?:on the house|as a (?:\w+ )?(?:gesture of )?goodwill|for your trouble|"
        r"goes on our bill|next (?:\w+ ){1,3}(?:with us )?is (?:free|on us))\b"
        r"|\b(?:knock\w*|tak\w+|com\w+) (?:[\w\u00a3$\u20ac.,%]+ ){0,4}off (?:your|the|next) "
        r"(?:\w+ )?(?:bills?|price|fare|invoice|fee|rent|order|stay|next|year|account)\b"
        r"|\bpay(?:ing)? (?:for )?(?:the|your) (?:[\w']+ ){0,3}(?:fee|charge|cleaning|taxi|hotel|"
        r"night|difference|repair)\b"
    ),
    "express_replacement": re.compile(_ACT + r"(?:a (?:\w+ )?replacement|a brand[- ]new)\b"),
    "upgrade": re.compile(
        _ACT + r"(?:(?<!the )(?<!your )upgrad\w+|a suite|first class|business class)\b"
    ),
}
#: Nothing is handed out where it is only asked for, or looked at.
_ASKED_FOR = re.compile(
    r"\b(?:ask\w*|whether|if|find out|check\w*|request\w*|put forward|appl\w+|recommend\w*|can't|"
    r"cannot|won't|not able|unable|refused|declined|denied|turned down|"
    r"no(?! wonder| doubt| problem| question| need| worries))\b"
)
#: A remedy that the customer wants is said back, not offered.
_SAID_BACK = re.compile(
    r"\byou(?:'d| would|'ve| have| were)? (?:like|want|wanted|need|needed|expect|expected|wish|"
    r"hop(?:ed|ing) for|asked for|asking for|bought|paid for|had|got|used|tried|ordered)"
    r"(?: \w+){0,2} $"
)
#: Where another clause begins; the point of "\u00a31.50" ends none.
_CLAUSE_END = re.compile(r"[!?\n,;:]|\.(?!\d)|\b(?:and|but|so)\b(?= (?:i|we|i'\w+|we'\w+|here)\b)")
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

#: Characters: a shorter quotation is a word, not what happened.
_LEAST_QUOTED = 8


def asks_again(draft: Draft) -> Iterator[Place]:
    """Asks for what the message already says."""
    details = {detail.kind for detail in find_details(draft.said)}
    about = stems(draft.said)
    for start, end, sentence in draft.each():
        named = any(detail.kind != "weekday" for detail in find_details(draft.text[start:end]))
        if named or not _REQUEST.search(sentence):
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


def over_promise(draft: Draft) -> Iterator[Place]:
    """Promises an outcome, or a remedy that the caller did not allow."""
    for match in _GUARANTEED.finditer(draft.plain):
        if not draft.is_theirs(*match.span()):
            yield match.span()
            break
    yield from not_allowed(draft)


def not_allowed(draft: Draft) -> Iterator[Place]:
    """Offers a remedy that the caller did not allow."""
    allowed = set(draft.context.remedies)
    if isinstance(draft.context.remedies, Mapping):
        return  # a company's own remedies have names and wordings that no list knows
    for name, pattern in _OFFERS.items():
        for offered in () if name in allowed else pattern.finditer(draft.plain):
            before = _CLAUSE_END.split(draft.plain[: offered.start()])[-1]
            if not _ASKED_FOR.search(before + offered[0]) and not _SAID_BACK.search(before):
                yield offered.span()
                return


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
            private = detail.kind in PRIVATE and not (
                _TIMETABLE.match(said) and said in draft.message
            )
        if private:
            yield detail.start, detail.end


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
            named = sentence[: match.start()].split()[-1:]
            if named and _TIMETABLE.match(named[0]) and match[0] in draft.message:
                continue
            yield start + match.start(), start + match.end()
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
        asked = _ASKS_PRIVATE.search(sentence) if _REQUEST.search(sentence) else None
        if _OPENLY.search(sentence) and not asked:
            asked = _OWN_DATA.search(sentence)
        if asked:
            yield start + asked.start(), start + asked.end()
