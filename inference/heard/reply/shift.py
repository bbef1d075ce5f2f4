"""The customer's words in the agent's mouth: a span with its persons shifted.

"I've been waiting since Monday and my order still isn't here" becomes "you've been waiting since
Monday and your order still isn't here": I and we become you, and the company's "you" becomes "we".
What cannot be shifted with certainty is not shifted: :func:`shift` returns ``None``, and the caller
quotes or describes it. (Saying back what was said is the oldest rule of active listening, Rogers
and Farson 1957.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from heard.reply.words import (
    ADVERBS,
    AUXILIARIES,
    COMMON,
    DETERMINERS,
    FINITE,
    INSULTS,
    INTENSIFIERS,
    MASS,
    MISSPELT,
    MOST_CHARACTERS,
    NO_SUBJECT,
    NOUNS,
    PREPOSITIONS,
    SUBJECTS,
    SUBORDINATORS,
    UNENDED,
    UNSAID,
)

__all__ = ["shift"]

#: Longer spans are no clause that an agent would read back.
_MOST_WORDS = 32

_WORD = re.compile(r"@\w+|__[A-Za-z]+__|[^\W_]+(?:['\u2019\-/.,:&][^\W_]+)*['\u2019]?")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_TAIL = re.compile(
    r"(?:\s|[!?.,;:\u2026\-\u2013\u2014*~]|(?<=\s)#\w+|[^\w\s'\"()$%\u20ac\u00a3{}\[\]/&+@.,])+$"
)
_HEAD = re.compile(r"^(?:\s|[!?.,;:\u2026\-\u2013\u2014*~])+")
_QUOTATION = re.compile(
    "[\"\u201c\u201d\u00ab\u00bb]|(?<!\\w)['\u2018][^'\u2019]+['\u2019](?!\\w)|\\b(?:goes|like),? "
    "(?:is|are|do|you|well|sorry)\\b"
)
#: Grammar that was broken before it came here.
_BROKEN = re.compile(
    r"\bto (?!need|feed|speed|exceed|proceed|embed|shed|wed|bed|red)\w+ed\b|"
    r"\b(?:didn't|don't|"
    r"doesn't|can't|"
    r"won't|couldn't|wouldn't) \w+(?:ed|er|ion|ment)\b(?<!answer)(?<!offer)(?<!deliver)(?<!enter)"
    r"(?<!matter)(?<!bother)(?<!cover)(?<!order)(?<!remember)(?<!consider)(?<!transfer)(?<!ever)"
    r"(?<!over)(?<!mention)(?<!need)(?<!feed)|\bflight(?:led|ed|r|ing)\b|\blate flights?\b|"
    r"\bsuppose to\b|"
    r"\bto (?:went|was|were|been|got|took|gave|sent|told|left)\b|\b(?:is|are|was|were) (?:is|are|"
    r"was|were)\b"
    r"|\bn 't\b|\b\w+ '(?:m|ve|re|ll|d|s)\b|[#*]|"
    r"\b(?:felt|told|made|given|sent|held|kept|caught) by\b",
    re.IGNORECASE,
)
_JOINING = frozenset(
    """
    wow oh ok okay well yay hey hi hello blimey gosh and but so because cause cos coz then also plus
    or yet
    """.split()
)
_CROWD = frozenset("guys people lot folks all".split())

#: After these "you" may be anybody at all, or the one agent who reads this.
_UNCLEAR = frozenset("thank see bet mind if unless when before after since until".split())

#: After these "you" is an object with a verb of its own: "rules make you feel".
_CAUSES = frozenset("make makes made making let lets help helps helped watch have having".split())

#: What begins a question, or a clause within another.
_ASKING = frozenset("who what which whose whom how why when where".split())

_WANTING = frozenset("want wants wanted need needs needed expect expected like asked".split())
#: What customers do to a company: "you" behind them is who was reached.
_REACHING = frozenset(
    """
    told gave paid sent asked called rang rung phoned emailed messaged texted contacted wrote chased
    trusted chose
    """.split()
)
_TIMES = frozenset(
    "once twice again three four five six seven eight nine ten several yesterday today".split()
)
_REPORTED = frozenset("why how what when where if whether to for about that".split())

#: First person to second, for words that need no look around.
_FIRST = {
    "i": "you",
    "we": "you",
    "me": "you",
    "us": "you",
    "my": "your",
    "our": "your",
    "mine": "yours",
    "ours": "yours",
    "myself": "yourself",
    "ourselves": "yourselves",
    "i'm": "you're",
    "i've": "you've",
    "i'd": "you'd",
    "i'll": "you'll",
    "we're": "you're",
    "we've": "you've",
    "we'd": "you'd",
    "we'll": "you'll",
}
_SECOND = {
    "your": "our",
    "yours": "ours",
    "yourself": "ourselves",
    "yourselves": "ourselves",
    "you're": "we're",
    "you've": "we've",
    "you'd": "we'd",
    "you'll": "we'll",
}
#: Verbs that agree with "I" and not with "you".
_AGREE = {"am": "are", "was": "were", "wasn't": "weren't", "ain't": "aren't"}


_STOPS = frozenset(".!?")
#: What only a customer does, or cannot do; what makes a passive of it; and what one is told.
_OWN_DEEDS = frozenset(
    """
    waited ordered paid bought booked emailed e-mailed phoned rang queued tried received
    complained spent applied requested
    """.split()
)
_NOT_OWN = frozenset("by and or but".split())
_STILL = frozenset({("still", "waiting"), ("still", "trying"), ("still", "holding")})
_TOLD = frozenset("to that it by i there they on over at twice several".split())
_BARRED = frozenset("log login sign access open connect reach get download".split())
#: Two capitals in a row, even with marks between them: without them nothing is shouted.
_SHOUTED = re.compile(r"[^\W\d_a-z][\W\d_]*[^\W\d_a-z]")
_SHOUTED_WORD = re.compile(r"\b(?!(?:US|IT|TV|UK|EU|AM|PM|OK)\b)[A-Z]{2,}\b")
_SPACE = re.compile(r"\s+")
_SPACE_BEFORE_MARK = re.compile(r"\s+([,.;:?!])")
_NUMBER = re.compile(r"#\d")


def shift(span: str, *, clause: bool) -> str | None:
    """Shift the persons of a span of a customer's message.

    Args:
        span: the customer's words.
        clause: whether it is to be a whole sentence about what is (a problem); a need may also be
            a request, a question or a thing.

    Returns:
        The span as an agent may say it after "so", in lower case at its beginning and without
        closing marks; ``None`` where no shifted wording is certain to be right.
    """
    if len(span) > MOST_CHARACTERS:
        return None
    text = _HEAD.sub("", _TAIL.sub("", _LINK.sub("", span).replace("\u2019", "'")))
    text = _lowered(_SPACE.sub(" ", text).strip())
    if not text or _QUOTATION.search(text) or _BROKEN.search(text) or _NUMBER.search(span):
        return None
    asked = "?" if "?" in span[-4:] else ""
    found = list(_WORD.finditer(text))
    words = [_mended(match[0]) for match in found]
    gaps = [
        text[(found[i - 1].end() if i else 0) : match.start()] for i, match in enumerate(found)
    ] + [text[found[-1].end() :] if found else ""]
    words, gaps = _pruned(words, gaps)
    if clause:
        words, gaps = _completed(words, gaps)
    if not 0 < len(words) <= _MOST_WORDS or any(word.lower() in INSULTS for word in words):
        return None
    if clause and not all(_is_clause(part) for part in _sentences(words, gaps)):
        return None
    if (
        words[-1].lower() in UNENDED
        or words[-1].endswith("'s")
        or UNSAID & set(map(str.lower, words))
    ):
        return None
    said = [_said(words, place) for place in range(len(words))]
    if any(word is None for word in said):
        return None
    pieces = [gap + (word or "") for gap, word in zip(gaps, said, strict=False)]
    whole = _SPACE.sub(" ", "".join(pieces) + gaps[-1])
    return _SPACE_BEFORE_MARK.sub(r"\1", whole).strip(" ,;:-") + asked


def _lowered(text: str) -> str:
    """Turn shouting into speech: a whole shouted text, and single shouted common words."""
    if not _SHOUTED.search(text):
        return text
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) > 6 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        return text.lower()
    return _SHOUTED_WORD.sub(lambda m: m[0].lower() if m[0].lower() in COMMON else m[0], text)


def _mended(word: str) -> str:
    """Mend the slips that would stand out when read aloud."""
    return MISSPELT.get(word.lower(), word)


def _pruned(words: list[str], gaps: list[str]) -> tuple[list[str], list[str]]:
    """Leave out a leading conjunction, and swearing without which the sentence stands."""
    kept: list[str] = []
    before: list[str] = []
    for word, gap in zip(words, gaps, strict=False):
        low = word.lower()
        if low in INTENSIFIERS or (not kept and low in _JOINING):
            continue
        kept.append(word)
        before.append(gap if kept[1:] else "")
    return kept, [*before, gaps[-1] if gaps else ""]


def _completed(words: list[str], gaps: list[str]) -> tuple[list[str], list[str]]:
    """Give a telegram its subject, where it can only be the writer: "waited two hours"."""
    low = [word.lower() for word in words[:3]] + [""] * 3
    subject = None
    if low[0] == "been" or (low[0] == "waiting" and {"since", "for"} & {w.lower() for w in words}):
        subject = "I've been" if low[0] == "waiting" else "I've"
    elif low[0] == "waiting" or (low[0], low[1]) in _STILL:
        subject = "I'm"
    elif low[0] == "told" and low[1] in _TOLD:
        subject = "I was"
    elif (
        (low[0] in _OWN_DEEDS and low[1] not in _NOT_OWN)
        or (low[0] == "lost" and low[1] in ("a", "an"))
        or (low[0] in ("can't", "cannot", "couldn't") and low[1] in _BARRED)
        or (low[0] == "never" and low[1] in ("received", "got", "heard", "had"))
    ):
        subject = "I"
    if subject is None:
        return words, gaps
    first, *rest = [*subject.split(), words[0].lower()]
    return [first, *rest, *words[1:]], [gaps[0], *[" "] * len(rest), *gaps[1:]]


def _sentences(words: Sequence[str], gaps: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut words at the full stops between them; ``gaps[i]`` stands before ``words[i]``."""
    starts = [0] + [place for place in range(1, len(words)) if _STOPS & {*gaps[place]}]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        yield words[start:end]


def _is_clause(words: Sequence[str]) -> bool:
    """Tell whether the words are a sentence with its subject: "my bag is lost", not "bag lost"."""
    lower = [word.lower() for word in words]
    start = 0
    while start < len(lower) - 1 and lower[start] in ADVERBS:
        start += 1
    first = lower[start]
    finite = [
        place
        for place, word in enumerate(lower)
        if _is_finite(word) and (not place or lower[place - 1] != "to")
    ]
    between = lower[start : finite[0]] if finite and "'" not in first else []
    if SUBORDINATORS & {*between[1:]}:
        return False  # "no word until you called": the verb is another clause's
    if any(word.endswith("ing") and word not in NOUNS for word in between):
        return False  # "a plane getting stuck"
    counted = first in DETERMINERS - SUBJECTS or first[0].isdigit()
    if first.startswith("@") or (counted and finite and finite[0] == start + 1):
        return False  # "3 cancelled flights", "another cancelled flight"
    if first in SUBJECTS and "'" in first:
        return len(lower) > start + 1
    if not finite or finite[0] <= start:
        return False
    if first in _ASKING:
        return False  # "who can eat for that"
    if len(lower) > start + 1 and lower[start + 1] in ("not", "no"):
        return False  # "you not allowed": the verb is missing
    if first in SUBJECTS or first in DETERMINERS or _is_bare_subject(words, start, finite):
        return True
    named = (
        words[start][0].isupper()
        and first not in COMMON
        and not first.endswith(("ed", "old", "ly"))
    )
    plural = first.endswith("s") and not first.endswith(("ss", "us", "is"))
    placed = named and lower[start + 1] in PREPOSITIONS  # "Amara in your Leeds shop was kind"
    return (named or plural or words[start][0].isdigit()) and finite[0] - start <= 4 + 2 * placed


def _is_bare_subject(words: Sequence[str], start: int, finite: Sequence[int]) -> bool:
    """Tell whether a noun that needs no article is the subject: "customer service is rude"."""
    first, verb = words[start].lower(), words[finite[0]].lower()
    head = words[finite[0] - 1].lower()
    if first in NO_SUBJECT or first.endswith(("ing", "ed", "en", "ly")) or _is_finite(first):
        return False
    plural = head.endswith("s") and not head.endswith(("ss", "us", "is"))
    return verb in AUXILIARIES and finite[0] - start <= 4 and (plural or head in MASS)


def _is_finite(word: str) -> bool:
    return word in FINITE or (word.endswith("ed") and len(word) > 4)


def _said(words: Sequence[str], place: int) -> str | None:
    """Give one word as the agent says it; ``None`` where its role is not certain."""
    word, low = words[place], words[place].lower()
    before = words[place - 1].lower() if place else ""
    if word == "US":  # the country, or a shouted "us"
        return word if before in ("the", "in", "from", "within", "inside") else None
    if low in _AGREE:
        return _agreeing(words, place)
    if low in _FIRST:
        return _FIRST[low]
    if low in _SECOND:
        return _SECOND[low]
    if low in _CROWD and before == "you":
        return ""
    if low == "you":
        return _company(words, place)
    if place == 0 and word[0].isupper() and (low in COMMON or low in SUBJECTS):
        return word[0].lower() + word[1:]
    return word


def _agreeing(words: Sequence[str], place: int) -> str:
    """Let a verb agree with "you" where its subject was "I": "I was", "was I", "I never was"."""
    low = words[place].lower()
    if low == "am" and place and words[place - 1][0].isdigit():
        return words[place]  # four in the morning
    before = [word.lower() for word in words[max(0, place - 3) : place]]
    subject = next((word for word in reversed(before) if word not in ADVERBS), "")
    after = words[place + 1].lower() if place + 1 < len(words) else ""
    shared = subject in ("and", "but", "or", "then") and words[0].lower() in ("i", "i've", "i'd")
    if subject == "i" or shared or after == "i" or low == "am":
        return _AGREE[low]
    return words[place]


def _company(words: Sequence[str], place: int) -> str | None:
    """Decide what the company's "you" becomes: "we" as a subject, "us" as an object."""
    before = words[place - 1].lower() if place else ""
    rest = [word.lower() for word in words[place + 1 :]]
    rest = [word for word in rest if word not in _CROWD and word not in ADVERBS]
    follows = rest[0] if rest else ""
    if before in _UNCLEAR or before in _CAUSES:
        return None
    if before in PREPOSITIONS:
        return None if _is_finite(follows) else "us"
    if before in ("told", "asked", "ask", "tell") and follows in _REPORTED:
        return "us"
    if before in _WANTING and follows == "to":
        return "us"
    if _is_finite(follows):
        return "we"
    if before in FINITE and before not in _REACHING:
        return "we" if follows else "us"
    if before in _REACHING and (follows in _TIMES or follows.isdigit()):
        return "us"
    if not follows or follows in PREPOSITIONS or follows in DETERMINERS:
        return "us" if before else None
    return None
