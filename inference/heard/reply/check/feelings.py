"""Rules about feelings: none that was not expressed, and feelings before the fix."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heard.reply.check.draft import Draft, Place
from heard.reply.lexicon import find_feelings

__all__ = ["fix_before_feelings", "wrong_feeling"]

#: An emotion counts as expressed from this probability on.
_EXPRESSED = 0.25
#: What a situation is called after the feeling that it makes: emotion and strength, 1 to 3.
_SITUATIONS = {
    "annoying": ("angry", 1),
    "irritating": ("angry", 1),
    "infuriating": ("angry", 1),
    "maddening": ("angry", 1),
    "outrageous": ("angry", 1),
    "enraging": ("angry", 3),
    "anger": ("angry", 2),
    "fury": ("angry", 3),
    "rage": ("angry", 3),
    "outrage": ("angry", 3),
    "annoyance": ("angry", 1),
    "irritation": ("angry", 1),
    "frustration": ("frustrated", 2),
    "frustrating": ("frustrated", 1),
    "disappointing": ("frustrated", 1),
    "disappointment": ("frustrated", 1),
    "exasperating": ("frustrated", 2),
    "exhausting": ("frustrated", 2),
    "upsetting": ("frustrated", 2),
    "heartbreaking": ("frustrated", 3),
    "devastating": ("frustrated", 3),
    "despair": ("frustrated", 3),
    "surprising": ("surprised", 1),
    "shocking": ("surprised", 2),
    "shock": ("surprised", 2),
    "embarrassing": ("humiliated", 1),
    "embarrassment": ("humiliated", 1),
    "humiliating": ("humiliated", 2),
    "humiliation": ("humiliated", 2),
    "mortifying": ("humiliated", 3),
    "degrading": ("humiliated", 2),
    "shame": ("humiliated", 2),
    "ashamed": ("humiliated", 2),
    "disgust": ("angry", 3),
    "cross": ("angry", 1),
    "mad": ("angry", 2),
    "enraged": ("angry", 3),
    "fuming": ("angry", 3),
    "seething": ("angry", 3),
}
#: Feelings beside the four; they count as expressed where the message has the word's stem.
_OTHERS = re.compile(
    r"\b(?:worr(?:y|ied|ying|isome)|scar(?:ed|y)|frightened|terrif(?:ied|ying)|"
    r"anxi(?:ous|ety)|nervous|stress(?:ed|ful|ing)|afraid|panick?(?:ed|ing)?|desperate|lonely|"
    r"heartbroken|griev\w+|jealous|guilty|unsettling|unnerving|distress(?:ed|ing)|"
    r"nerve-wracking|bored|confus(?:ed|ing)|overwhelm\w+)\b"
)
_OTHER_STEMS = {
    "stres": r"stress|anxi|worr|panic|overwhelm|frantic|deadline",
    "worr": r"worr|anxi|afraid|scare|concern|nervous|frighten|panic|fear",
    "distr": r"distress|upset|cry|tears|devastat|awful|traum",
    "confu": r"confus|don't understand|makes no sense|no idea|contradict|unclear|puzzl",
}
#: Words of the lexicon that say more about what happened than about a feeling.
_UNASCRIBED = frozenset({"in tears", "close to tears", "told off", "tired", "stuck", "outrageous"})
#: Emotions that stand for each other in what a situation is called.
_NEAR = {"angry": ("frustrated",), "frustrated": ("angry",)}
#: Where a feeling is the customer's: "you must be", "how frustrating", "your anger".
_ASCRIBED = re.compile(
    r"(?:\byou(?:'re|r| are| were| must| feel| felt| sound| seem| have| had| find| found|'ve| to| "
    r"would| left|)\b|\bhow\b|\bso\b|\bthis (?:is|was|must)|\bthat(?:'s| is| was| must)|\bit(?:'s|"
    r" is"
    r"| was| must)|\bunderstand\b|\bimagine\b|\bleft\b|\bmade\b|\bany(?:one|body)\b|\bno wonder\b|"
    r"\bwhat an?\b|\ba\b|\bof course\b|\b(?:quite|very|deeply|utterly|incredibly|really|rather)\b"
    r"|\bdon't be\b|\bplease\b|\bbeing\b|\bright to\b)[^.!?]{0,45}$"
)
#: The agent's own feeling, or somebody else's.
_OWN = re.compile(
    r"\b(?:i(?:'m|'d| am| was| would| feel| felt)|we(?:'re| are| were|'d)|(?:him|her|them|they) )"
    r"[^.!?,;]{0,14}$"
)
_WARMTH = re.compile(
    r"\b(?:sorry|apolog\w+|regret|awful|terrible|horrible|horrid|dreadful|appalling|grim|no way to|"
    r"miserable|rotten|unkind|unfair|unacceptable|inexcusable|indefensible|disgraceful|wretched|"
    r"should(?:n't| not| never|n't ever)? (?:ever |not )?(?:have|be|happen)|ought(?:n't| not|"
    r" never)?|"
    r"deserve\w*|reason to|right to (?:be|feel|say|expect|ask)|no wonder|makes sense|of course you|"
    r"hard|rough|tough|upset\w*|frustrat\w+|annoy\w+|maddening|infuriating|feel\w*|felt|"
    r"embarrass\w*|"
    r"humiliat\w*|enough|a lot to|isn't (?:good|right|ok|okay|fair|acceptable|what|how)|"
    r"not (?:good|right|ok|okay|fair|acceptable|what you|how)|wrong|wears?|wearing|worn|tiring|"
    r"exhaust\w*|fed up|hurts?|painful|shame|worst|worse|nobody should|no one should|no-one should|"
    r"any(?:one|body)(?:'d| would| in your)?|too (?:many|long|much|often)|far (?:from|too|more)|"
    r"i hear|"
    r"i can (?:hear|see) (?:why|how|that)|i see why|must (?:have|be)|quite (?:a|some)|"
    r"the last thing|"
    r"patience|waiting|bad (?:enough|day|way)|poor|let (?:you )?down|failed you|stressful|scary|"
    r"frightening|worrying|surpris\w+|no less|owed|courage|could have been me|good that you|"
    r"done (?:everything|your part)|i'd (?:have|mind|want|feel)|nightmare|ordeal|ridiculous|"
    r"absurd|shocking|respect|dignity|small|livid|"
    r"furious|angry|anger|out of order|beyond|worried|ugh|oh no|ouch)\b"
)
_FIXING = re.compile(
    r"(?:\b(?:i|we)(?:'ve| have|'ll| will|'m| am|'re| are| can| could)(?: \w+)? (?:now |just |"
    r"already |"
    r"also |today |personally )?(?:re\w+|sen[dt]\w*|book\w*|cancel\w*|check\w*|arrang\w+|order\w*|"
    r"order\w*|issu\w+|put\w*|ask\w*|cred\w+|fix\w*|open\w*|block\w*|clos\w*|call\w*|rais\w*|"
    r"offer\w*|"
    r"transfer\w*|unlock\w*|mov\w*|chang\w*|correct\w*|escalat\w*|forward\w*|pass\w*|sort\w*|"
    r"add\w*|"
    r"tak\w+|trac\w+|look\w*|find\w*|wa[i]v\w+|upgrad\w+)|\b(?:has|have) been (?:\w+ )?\w+(?:ed|t|"
    r"n)\b|"
    r"\bplease (?!accept|know|forgive|don't|write|message|send me|go on)\w+|\bbecause\b|"
    r"\bdue to\b|\bis (?:with|at|on|in|due|"
    r"available|scheduled|booked|being)\b|\bwas (?:taken|sent|cancelled|held|delayed|caused)\b|"
    r"\bto (?:fix|solve|resolve|get|cancel|claim|reset|change|return|request)\b|"
    r"^(?:go|open|clear|try|click|press|unplug|restart|reset|select|send|check|log|turn|switch|"
    r"call|"
    r"fill|follow|use|update|download|visit)\b|\bthe (?:refund|replacement|engineer|parcel|payment|"
    r"new|next|team|system|fault|error|update|order|flight|delivery)\b|\bmust\b|\brequire|"
    r"\byou (?:can|may|should|need|will)\b|\bwhat(?:'s| is) your\b|\bwhich\b|\bcould you\b|"
    r"\bcan you\b)"
)

#: The agent listens and says back: neither a fix nor yet a feeling.
_READING = re.compile(
    r"(?:so\b|i(?:'ve| have|'m)? (?:read|hear|heard|see|noted|written|understand|listen|taken|"
    r"stopped|"
    r"added|with you|going by|here)|as i |as it |from what|what i |let me (?:say|put)|if i have|"
    r"go (?:ahead|on)|"
    r"say it|tell me|please go on|i want to hear|is that right|have i |did i |the words|"
    r"this is what|thank|thanks|"
    r"hello|dear|hi\b)"
)


def wrong_feeling(draft: Draft) -> Iterator[Place]:
    """A feeling that was not expressed, or a stronger one than was."""
    for start, end, emotion, strength in _named(draft):
        before = draft.plain[max(0, start - 60) : start]
        if _OWN.search(before) or not _ASCRIBED.search(before):
            continue
        word = draft.plain[start:end]
        if word[:5] in draft.message or draft.is_theirs(start, end):
            continue  # their own word
        if emotion == "surprised":
            strength = 1  # how great a surprise is nobody minds
        near = _NEAR.get(emotion, ()) if word in _SITUATIONS and word.endswith("ing") else ()
        if all(draft.chance(name, strength) < _EXPRESSED for name in (emotion, *near)):
            yield start, end
    for match in _OTHERS.finditer(draft.plain):
        before = draft.plain[max(0, match.start() - 60) : match.start()]
        if _OWN.search(before) or not _ASCRIBED.search(before):
            continue
        stem = match[0][:4]
        roots = next((r for s, r in _OTHER_STEMS.items() if s[:4] == stem), re.escape(stem))
        if not re.search(roots, draft.message):
            yield match.span()


def _named(draft: Draft) -> Iterator[tuple[int, int, str, int]]:
    for start, end, word in find_feelings(draft.plain):
        if not word.pleasant and word.said and word.word not in _UNASCRIBED:
            yield start, end, word.emotion, word.strength
    for match in re.finditer(r"\w+", draft.plain):
        if match[0] in _SITUATIONS:
            emotion, strength = _SITUATIONS[match[0]]
            yield match.start(), match.end(), emotion, strength


def fix_before_feelings(draft: Draft) -> Iterator[Place]:
    """Feelings run high, and the fix, or the facts, come before a word about them.

    Emotional need first, rational need then (Herhausen et al. 2023).
    """
    if not draft.feelings_run_high:
        return
    for start, end, sentence in draft.each():
        if _WARMTH.search(sentence):
            return
        if _FIXING.search(sentence) and not _READING.match(sentence):
            yield start, end
            return
