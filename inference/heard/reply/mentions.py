"""The company's handle in a public post: whom the customer addresses, or who did it."""

from __future__ import annotations

import re

from heard.reply.words import DETERMINERS, FINITE, MOST_CHARACTERS, PREPOSITIONS, SUBJECTS

__all__ = ["HANDLE", "UNQUOTED", "addressed", "without_mention"]

#: A handle; an address holds none.
HANDLE = re.compile(r"(?<![\w.@])@\w+")
#: What a quotation of a message leaves out: handles, hashtags, masks and links.
UNQUOTED = re.compile(r"[@#=]\S+|__\w+__|https?://\S+")
_FIRST = re.compile(r"\s*@\w+([,:;]?)\s+([^\W_]+(?:['\u2019][^\W_]+)?)(?=\s+(\w+)(?:\s+(\w+))?)?")
_LAST = re.compile(r"(?<![\w.@])@\w+\W*$")
_WITH = re.compile(
    r"\b(?P<with>(?:with|by|from|to)\s+)@\w+(?!['\u2019\w])(?:\s+(?P<after>\w+))?", re.IGNORECASE
)
#: A handle that the writer leaves for, compares with or complains to is somebody else's.
_ELSEWHERE = re.compile(
    r"\b(?:mov(?:e|ed|ing)|switch\w*|swap\w*|chang(?:e|ed|ing)|transferr\w*|defect\w*|leav\w+|"
    r"report\w*|complain\w*|referr\w*|escalat\w*|rather|instead|never had|no trouble|going back|"
    r"back with|going to|go to|over to)\b",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"\b(?:you|your|yours|you're|you've|you'll|u|ur)\b", re.IGNORECASE)
#: What "it" did, as "you" do it.
_AGREE = {"has": "have", "hasn't": "haven't", "doesn't": "don't", "won't": "won't"}
#: What only a company does to a customer. "Broke my phone" and "missed my flight" are the writer's.
_DEEDS = frozenset(
    """
    cancelled canceled delayed charged overcharged billed debited fined refused denied ignored told
    promised lied sold kept closed blocked suspended locked deleted removed moved changed raised
    bumped downgraded rebooked stranded forced kicked treated misled humiliated insulted accused
    rejected hung damaged destroyed ruined wasted misplaced disconnected made gave sent
    """.split()
)
#: Before these words "has" asks, or owns: "has anyone", "has my bag", "has a nerve".
_NO_VERB = SUBJECTS | DETERMINERS | {"anyone", "no", ""}
_OBJECTS = frozenset("me us my our".split())
#: What "lost" is followed by where the company lost it.
_HELD = frozenset(
    "bag bags luggage baggage suitcase suitcases parcel package order booking".split()
)


def addressed(text: str, clause: str) -> str:
    """Say "you" for the company's handle, so that a clause can be shifted like any other.

    "@Handle cancelled our flight" becomes "you cancelled our flight", and "my bag is with @Handle"
    "my bag is with you"; a handle that only says who is addressed is left out. Where a text names
    several, which of them is the company isn't known, and the clause stays as it is.

    Args:
        text: the message.
        clause: a part of it.
    """
    if len(clause) > MOST_CHARACTERS or len({one.lower() for one in HANDLE.findall(text)}) != 1:
        return clause
    addressed_so = bool(_ADDRESSED.search(text))
    if addressed_so and not text.lstrip().startswith("@"):
        return clause  # "you" is the company already, and the handle somebody else
    first = _FIRST.match(clause)
    if first:
        mark, verb = first[1], first[2].lower().replace("\u2019", "'")
        rest = clause[first.start(2) :]
        deed = not mark and _is_deed(verb, first[3] or "", first[4] or "")
        if deed and addressed_so:
            return clause
        if not mark and verb in _AGREE and (first[3] or "").lower() not in _NO_VERB:
            rest = f"you {_AGREE[verb]}{clause[first.end(2) :]}"
        elif deed:
            rest = f"you {rest}"
        clause = rest
    if not _ELSEWHERE.search(clause):
        clause = _WITH.sub(_with_you, clause)
    before = without_mention(clause)
    if not before or before.split()[-1].lower() in PREPOSITIONS:
        return clause
    return before if before != clause.rstrip() else clause


def _with_you(match: re.Match[str]) -> str:
    """Turn "from @Handle" to "from you"; before a verb, "you" would be its subject."""
    preposition, after = match["with"], match["after"] or ""
    if after.lower() in FINITE:
        return match[0]  # two sentences in one, or the handle is no part of this one
    if after.endswith("ed") and len(after) > 4:
        return after
    return f"{preposition}you{' ' if after else ''}{after}"


def without_mention(before: str) -> str:
    """Leave out a handle at the end of what stands before a clause: it begins none."""
    return _LAST.sub("", before).rstrip()


def _is_deed(verb: str, after: str, then: str) -> bool:
    """Tell whether a handle and these words say what the company did: "lost my bag"."""
    if after.lower() not in _OBJECTS:
        return False
    if verb == "lost":
        return then.lower() in _HELD
    return verb in _DEEDS or (verb == "left" and after.lower() in ("me", "us"))
