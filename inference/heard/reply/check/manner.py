"""Rules of manner: how a draft opens, thanks, says "we", and how long it is in public."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heard.reply.check.draft import Draft

__all__ = ["bad_opening", "no_thanks_after_silence", "too_long_public", "we_for_i"]

Place = tuple[int, int]

#: More words than this are too many in public.
MOST_PUBLIC_WORDS = 48

_THANKS = re.compile(r"\b(?:thank|thanks|grateful|appreciate)\b")
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))\b[^,.!?\n]{0,40}[,.!?\n]\s*)+"
)
_ACCUSING = re.compile(r"(?:you|your|you're|you've|you'd|you'll|yours)\b")
_ASKING = re.compile(
    r"(?:what|when|where|which|who|why|how|did|do|does|have|has|are|is|was|were|can|could|would|"
    r"will|may|might|should)\b"
)
#: What only a person does, said of a crowd.
_PERSONAL = re.compile(
    r"\bwe(?:'re|'ve|'ll|'d| are| were| have| will| would| do| can| could)?"
    r"(?: (?:truly|really|deeply|so|very|fully|completely|sincerely|also|all|just|only|therefore|"
    r"now|then|certainly|absolutely|totally|do|have|are|be|like to|love to|both))*"
    r" (?:sorry|apologi[sz]e|apologi[sz]ing|understand|appreciate|regret|hope|feel|hear|see|realise|"
    r"realize|know|recogni[sz]e|acknowledge|sympathi[sz]e|take|taking|value|want|wish|thank|look|"
    r"looking|looked|investigate|investigating|check|checking|checked|get|getting|come|ask|asked|"
    r"contact|contacting|update|review|reviewing|reviewed|arrange|arranging|arranged|send|sending|"
    r"sent|refund|refunding|refunded|resolve|resolving|sort|sorting|sorted|fix|fixing|make|making|"
    r"put|passed|pass|raise|raised|escalate|escalated|let|follow|help|assist|offer|organise|credit|"
    r"credited|booked|book|note|noted|try|trying|working|work|do|keep|call|ring|reply|respond|"
    r"investigated|reached|reach|spoken|speak|need|ensure|received|love|glad|happy|pleased|sad|"
    r"saddened|disappointed|grateful|delighted|horrified|embarrassed|ashamed|aware|concerned)\b"
)
_CROWD = re.compile(
    r"\b(?:our (?:\w+ )?(?:team|department|specialists?|colleagues?|office|advisers?|agents?|staff) "
    r"(?:will|would|is|are|has|have|can|shall|remains?)|our (?:\w+ )*apologies|on behalf of|"
    r"from all of us|all of us|our side|contact us|to us\b.{0,10}important|let us know|"
    r"allow us|please accept our|it is our|our (?:sincere|deepest) )"
)


def bad_opening(draft: Draft) -> Iterator[Place]:
    """A question or "you" as the first words to an angry customer (Zhang et al., ACL 2018)."""
    angry = draft.chance("angry", 1) > 0.35 or (
        draft.feelings_run_high and draft.chance("angry", 1) > 0.2
    )
    if not angry or not draft.sentences:
        return
    opening = _GREETING.sub("", draft.plain[draft.sentences[0][0] :])
    at = len(draft.plain) - len(opening)
    _, end = draft.sentence_at(at)
    first = draft.plain[at:end]
    if _ACCUSING.match(first) or (first.rstrip().endswith("?") and _ASKING.match(first)):
        yield at, min(end, len(draft.text))


def no_thanks_after_silence(draft: Draft) -> Iterator[Place]:
    """No thanks for waiting, after the company was silent for long."""
    if draft.context.stage == "after_silence" and not _THANKS.search(draft.plain):
        yield 0, 0


def too_long_public(draft: Draft) -> Iterator[Place]:
    """A long reply in public; the place is what goes beyond."""
    if draft.context.channel == "public":
        words = list(re.finditer(r"\S+", draft.text))
        if len(words) > MOST_PUBLIC_WORDS:
            yield words[MOST_PUBLIC_WORDS].start(), len(draft.text)


def we_for_i(draft: Draft) -> Iterator[Place]:
    """Writes "we" where one person acts or feels (Packard, Moore and McFerran 2018)."""
    for pattern in (_PERSONAL, _CROWD):
        for match in pattern.finditer(draft.plain):
            yield match.span()
            return
