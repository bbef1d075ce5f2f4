"""Is a message English? Enough to flag that it is not; not a language identifier.

Letters outside the Latin script decide first; then the commonest function words of English
against those of eight other languages that use the same letters. Short or mixed messages stay
``"unknown"``: the model reads them all the same, and the caller is told.
"""

from __future__ import annotations

import re
import unicodedata

from heard.types import Language

__all__ = ["detect_language"]

_ENGLISH = frozenset(
    """
    the a an and or but if to of in on at for with from by about as into out up not yes i i'm
    i've i'd i'll my mine we our us you your it its it's he she they them their this that these
    those is are was were be been am do does did don't didn't doesn't can can't could would will
    won't have has had haven't how what when where why who which there here so just still now any
    get got because than then too very please thanks thank hi hello hey ok okay help
    """.split()
)
# Words that English shares with another of these (no, me) are in neither list.
#: Spanish, French, German, Italian, Portuguese, Dutch, Swedish and Polish, less what English has.
_OTHERS = frozenset(
    """
    el la los las un una que de del en y es por para con mi se lo su pero gracias hola ha han está
    más muy nadie dónde cuando como todo sin ya hace
    le les des une et est pas je vous nous dans sur avec pour mon ma ne ce qui merci bonjour ai été
    mais toujours très votre depuis
    der die das und ist nicht ich mit auf ein eine zu den von wir sie es mein wie danke hallo
    il gli che di e non per sono ho mi una della con mio grazie ciao
    o os as um uma e que nao não em para com meu eu obrigado olá
    het een van niet ik je dat met op voor mijn en zijn bedankt
    och att det som jag är inte på för med en ett
    nie jest na się w z że mam dziękuję
    """.split()
) - {"me", "as", "no", "die", "mine", "on", "do", "so", "to", "a", "an", "i", "was"}

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: A few hundred words say enough, and keep the cost of long messages flat.
_READ = 2_000
_FEWEST_WORDS = 3
_FOREIGN_SHARE = 0.5


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


def detect_language(text: str) -> Language:
    """Return ``"en"``, ``"other"`` or ``"unknown"`` for one message."""
    head = text[:_READ]
    if not head.isascii():
        letters = [char for char in head if char.isalpha()]
        foreign = sum(not _is_latin(letter) for letter in letters)
        if letters and foreign / len(letters) > _FOREIGN_SHARE:
            return "other"
    words = _WORD.findall(head.lower().replace("\u2019", "'"))
    if len(words) < _FEWEST_WORDS:
        return "unknown"
    english = sum(map(_ENGLISH.__contains__, words))
    others = sum(map(_OTHERS.__contains__, words))
    if others > english:
        return "other"
    return "en" if english > others else "unknown"
