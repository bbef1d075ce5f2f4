"""Rules about promises: no outcome guaranteed, no remedy offered that was not allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from heard.reply.check.draft import Draft, Place

__all__ = ["not_allowed", "over_promise"]

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
