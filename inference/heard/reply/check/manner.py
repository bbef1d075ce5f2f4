"""Rules of manner: how a draft opens, thanks, says "we", and how long it is in public."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heard.reply.check.draft import Draft, Place
from heard.reply.context import MOST_PUBLIC_WORDS
from heard.reply.lexicon import plain

__all__ = ["bad_opening", "no_thanks_after_silence", "repeats", "too_long_public", "we_for_i"]

_THANKS = re.compile(r"\b(?:thank|thanks|grateful|appreciate)\b")
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))\b[^,.!?\n]{0,40}[,.!?\n]\s*)+"
)
_ACCUSING = re.compile(r"(?:you|your|you're|you've|you'd|you'll|yours)\b")
_ASKING = re.compile(
    r"(?:what|when|where|which|who|why|how|did|do|does|have|has|are|is|was|were|can|could|would|"
    r"will|may|might|should)\b"
)
_FILLED = (
    r"(?: (?:truly|really|deeply|so|very|fully|completely|sincerely|also|all|just|only|now|then|"
    r"certainly|absolutely|totally|do|be|always))*"
)
#: What only a person feels or thinks, said of a crowd; and what one person does, said so.
_FELT = re.compile(
    r"\bwe(?:'re|'d|'ve| are| were| have| do| can| would)?"
    + _FILLED
    + r" (?:sorry|apologi[sz]e|apologi[sz]ing|understand|appreciate|regret|hope|realise|realize|"
    r"recogni[sz]e|acknowledge|sympathi[sz]e|value|wish|thank|glad|happy|pleased|sad|saddened|"
    r"disappointed|grateful|delighted|horrified|embarrassed|ashamed|concerned|feel for)\b"
)
_DONE = re.compile(
    r"\bwe(?:'ll|'ve|'re|'d| will| have| are| would| can)"
    + _FILLED
    + r" (?:look|looking|looked|investigat\w+|check\w*|get|getting|come|ask|asked|asking|"
    r"contact\w*|"
    r"updat\w+|review\w*|arrang\w+|send|sending|sent|refund\w*|resolv\w+|sort\w*|fix\w*|"
    r"pass\w*|rais\w+|escalat\w+|let you|follow\w*|offer\w*|organis\w+|credited|crediting|"
    r"book\w*|noted|noting|working on|call you|ring you|reply|respond\w*|reach\w*|spoken|in touch|"
    r"be in touch|help you|tell you|know more|love to)\b"
)
_CROWD = re.compile(
    r"\b(?:our (?:\w+ )?(?:team|department|specialists?|advisers?) (?:will|would|is (?:look|work|"
    r"check|investigat)\w+|are (?:look|work|check|investigat)\w+|has (?:been|now)|shall)|"
    r"our (?:\w+ )*apologies|on behalf of|from all of us|please accept our|"
    r"our (?:sincere|deepest) )"
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
    names = {signal.name for signal in draft.assessment.signals}
    owed = draft.context.stage == "after_silence" and not names & {"abusive", "threat_of_harm"}
    if owed and not _THANKS.search(draft.plain):
        yield 0, 0


def repeats(draft: Draft) -> Iterator[Place]:
    """A sentence that this conversation has seen already."""
    used = {" ".join(plain(text).split()).strip(" .!?") for text in draft.context.used}
    for start, end, sentence in draft.each():
        said = " ".join(sentence.split()).strip(" .!?")
        if len(said.split()) > 3 and said in used:
            yield start, end


def too_long_public(draft: Draft) -> Iterator[Place]:
    """A long reply in public; the place is what goes beyond."""
    if draft.context.channel == "public":
        words = list(re.finditer(r"\S+", draft.text))
        if len(words) > MOST_PUBLIC_WORDS:
            yield words[MOST_PUBLIC_WORDS].start(), len(draft.text)


def we_for_i(draft: Draft) -> Iterator[Place]:
    """Writes "we" where one person acts or feels (Packard, Moore and McFerran 2018)."""
    for pattern in (_FELT, _DONE, _CROWD):
        for match in pattern.finditer(draft.plain):
            yield match.span()
            return
