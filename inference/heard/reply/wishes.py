"""What a customer asks for, in forms that fit an agent's sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heard.reply.clauses import stems
from heard.reply.shift import shift
from heard.reply.words import ADVERBS, FINITE, INSULTS, INTENSIFIERS, PREPOSITIONS, SUBJECTS, TOPICS

__all__ = ["find_topic", "question", "wish"]

#: What begins a wish of the customer's own: "I'd like to", "can I", "trying to".
_OWN = re.compile(
    r"^(?:please )?(?:you(?:'d| would) like to|you (?:just |only |really )?(?:want|need|wish) to|"
    r"(?:can|could|may) you "
    r"(?=get|have|know|see|speak|talk|return|cancel|change|move|keep|pay|use)|"
    r"(?:you(?:'re| are|'ve been) )?(?:just )?(?:trying|hoping|looking|wanting) to|to) "
)
#: What begins a request to the company: "can you", "please", "I want you to".
_ASKED = re.compile(
    r"^(?:please )?(?:(?:can|could|will|would) (?:we|somebody|someone|anyone) (?:please |just )*|"
    r"you(?:'d like| want| need) us to (?:please |just )*)(?=[a-z]+)"
)
_VERBS = frozenset(
    """
    send fix cancel refund replace return give tell let call ring email contact answer reply repair
    explain check change correct remove close stop put take bring deliver collect pay confirm
    look help sort move rebook reset restore reinstate reimburse credit delete block upgrade clear
    update issue resend resolve waive reverse investigate unlock unblock expedite
    """.split()
)
#: What is a thing as well as something to do, and what follows it where it is a thing.
_NOUNS = frozenset("refund credit replacement return reply answer repair upgrade update".split())
_OF_THINGS = frozenset("for of on from by within".split())
#: What customers do themselves.
_OWN_VERBS = frozenset("get book fly track transfer board verify start speak talk see know".split())
#: What begins a wish for a thing, or for something to be done.
_WANTED = re.compile(
    r"^(?:you(?:'d like| would like)? ?(?:just |only |really )?(?:want|need|demand|expect)?|"
    r"just want|"
    r"need|want|requesting|requested|asking for|asked for) (?=(?:an?|the|your|them|it|this|these|"
    r"those|proof|compensation|better|more|reissues|legroom|help|answers|removal)\b)"
)
_THINGS = re.compile(r"^(?:a|an|the|my|your|some|another|compensation|proof|help|answers?)\b")
_MOST_WORDS = 16
_NAMED = re.compile(
    r"\b(the|my|our|your) ((?:[a-z]{3,} ){0,2}?[a-z]{3,})(?= (\w+)|[.,!?;:]|$)", re.IGNORECASE
)
#: A sentence with its mark; a point within "\u00a31.50" ends none.
_QUESTION = re.compile(r"(?:[^.!?\n]|\.(?=\w))+\?+")
_RHETORICAL = re.compile(
    r"\b(?:are you (?:kidding|serious|joking|having)|really|seriously|how dare|who do you think|"
    r"what (?:the|kind of)|do you (?:even|not|make)|is this (?:a|how)|you call)\b",
    re.IGNORECASE,
)
_LINKS = frozenset("and or but so because that which who when while if then".split())
#: What stands where a phrase has ended.
_NEXT = PREPOSITIONS | SUBJECTS | ADVERBS | FINITE | _LINKS
#: Words that name nothing by themselves.
_EMPTY = frozenset(
    """
    worst best same only first last most more fact way time times day days rest other others people
    guys hell one ones thing things whole next past end start morning evening afternoon night week
    month year point reason kind sort lot bit nerve audacity god love sake way second minute moment
    answer problem issue matter very own
    """.split()
)


def wish(need: str) -> str | None:
    """Word a need so that it stands after "you'd like": "to cancel", "me to send it", "a refund".

    ``None`` where no such wording is certain to be right.
    """
    said = shift(need, clause=False)
    if not said or "?" in said[:-1] or ";" in said or ". " in said:
        return None
    said = re.sub(r"\s*,?\s*\bplease$", "", said.rstrip("?").strip())
    if not said or re.search(r"\bourselves\b", said):
        return None
    if len(said.split()) > _MOST_WORDS or re.search(r"\b(?:or|otherwise|before|unless)\b", said):
        return None
    worded = _of_wish(said) or _of_request(said)
    return worded if worded and stems(worded) else None  # nothing is said with "help" alone


def _of_wish(said: str) -> str | None:
    """Word what the writer wants to do or to have."""
    if match := _OWN.match(said):
        rest = said[match.end() :]
        return f"to {rest}" if re.match(r"[a-z]+\b", rest) else None
    if match := _WANTED.match(said):
        return _thing(said[match.end() :])
    words = said.split()
    if words[0] in _OWN_VERBS and len(words) > 1:
        # "get us home" is asked of the company, "get a seat" is not.
        return f"me to {said}" if words[1] == "you" else f"to {said}"
    return None


def _of_request(said: str) -> str | None:
    """Word what the company is asked to do, or a thing that is asked for."""
    if match := _ASKED.match(said):
        rest = said[match.end() :]
        return f"me to {rest}" if rest.split()[0] in _VERBS else None
    plain = re.sub(r"^(?:please|pls|just|kindly)\s+", "", said)
    if match := re.match(r"(?:do not|don't) (?=(?:call|email|contact|ring|write)\b)", plain):
        return f"me not to {plain[match.end() :]}"
    words = plain.split()
    if not words:
        return None
    if words[0] in _NOUNS and len(words) > 1 and words[1] in _OF_THINGS:
        return f"{'an' if words[0][0] in 'aeiou' else 'a'} {plain}"  # "refund for my flight"
    if words[0] in _VERBS and (len(words) > 1 or words[0] == "explain"):
        return f"me to {plain}"
    return _thing(plain) if _THINGS.match(plain) else None


def _thing(text: str) -> str | None:
    words = text.replace(",", "").lower().split()
    if FINITE & set(words):
        return None
    if words[0] in ("my", "your") and not (TOPICS | {"money"}) & set(words[1:4]):
        return None  # "your girlfriend for bringing a bottle" is nothing that one is given
    return text


def question(text: str, most: int = 110) -> str | None:
    """Quote the one question of a text with its mark; ``None`` for none, several or a long one."""
    text = re.sub(r"(?:https?://|www\.)\S+", "", text)
    if "?" not in text:
        return None
    found = _QUESTION.findall(text)
    if len(found) != 1:
        return None
    asked = re.sub(r"\s+", " ", str(found[0])).strip(" ,;:-").rstrip("?") + "?"
    asked = re.sub(
        r"^(?:hi|hello|hey|good (?:morning|afternoon|evening))\b[^,]{0,20},\s*",
        "",
        asked,
        flags=re.IGNORECASE,
    )
    asked = re.sub(r"^(?:(?:[@#=]\S+|__\w+__)\s*)+", "", asked)
    words = {word.lower() for word in re.findall(r"\w+", asked)}
    if (
        _RHETORICAL.search(asked)
        or len(words) < 3
        or len(asked) > most
        or '"' in asked
        or words & (INSULTS | INTENSIFIERS)
    ):
        return None
    return f'"{asked[0].upper()}{asked[1:]}"'


#: What "your" names of a company's own, beside what it sells.
_COMPANY = frozenset(
    """
    staff crew team agent agents driver drivers employee employees clerk manager site page chat
    phone line lines store shop branch office desk counter airline company hotel restaurant system
    centre center
    """.split()
)


def find_topic(text: str, accounts: Sequence[str]) -> str | None:
    """Name what a message is about, when it names something that companies deal in: "your bill".

    What is named as the writer's own comes first, then what the ``accounts`` of the problem name.
    """
    for word in re.findall(r"\b(?:my|our) (?:\w+ )?(\w+)", text.lower()):
        if word in TOPICS:
            return f"your {word}"
    for account in accounts:
        for word in re.findall(r"\b(?:the|a|an|this|that|your) (\w+)", account.lower()):
            if word in TOPICS:
                return f"the {word}"
    return _named(text)


def _named(text: str) -> str | None:
    """Find a thing named with "the", "my" or "your" that ends where another phrase begins."""
    for match in _NAMED.finditer(text):
        words = match[2].split()
        after = (match[3] or "").lower()
        ends = not after or after in _NEXT
        if ends and not {word.lower() for word in words} & (_EMPTY | INSULTS | FINITE):
            whose = {"the": "the", "my": "your", "our": "your", "your": "our"}[match[1].lower()]
            if whose == "our" and words[-1].lower() not in _COMPANY | TOPICS:
                continue  # "your racism", "your customers"
            return f"{whose} {' '.join(words)}"
    return None
