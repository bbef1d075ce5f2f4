"""Whether a message tells of the writer's own loss, which comes before anything else."""

from __future__ import annotations

import re

__all__ = ["is_bereaved"]

_KIN = (
    r"(?:husband|wife|partner|fianc\u00e9e?|fiancee?|mother|father|mum|mom|mam|dad|son|daughter|"
    r"brother|sister|gran|granny|grandma|grandmother|grandad|grandpa|grandfather|grandson|"
    r"granddaughter|nan|nana|uncle|aunt|auntie|niece|nephew|cousin|stepdad|stepmum|friend|baby|"
    r"child)(?:[ -]in[ -]law)?"
)
_WHOSE = r"(?:my|our) (?:late |dear |poor |own |elderly |lovely |best |old |beloved )*"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"20\d\d)"
)
_WHEN = (
    rf"(?:last (?:week|month|year|night|spring|summer|autumn|winter|\w+day|{_MONTH})|yesterday|"
    rf"recently|this (?:week|month|year|morning|spring|summer)|in {_MONTH}|on (?:\w+day|the \d)|"
    r"at christmas|(?:two|three|four|five|six|\d+|a few|a) (?:days?|weeks?|months?|years?) ago)"
)
_DIED = (
    r"(?:died(?! (?:on (?:me|us|stage)|of (?:embarrassment|boredom|laughter|shame)|laughing|"
    rf"inside|a little)\b)|passed away|(?:is|was pronounced) dead|"
    rf"passed(?: on)?(?= *(?:[.,;!]|$| {_WHEN}))|"
    r"deceased|was stillborn)\b"
)
#: The writer's own loss: a phone dies too, others have funerals, and "nearly" is no loss.
_BEREAVED = re.compile(
    rf"\b{_WHOSE}{_KIN},?(?: (?-i:[A-Z]\w+))?,?(?: of (?:\w+ )?\w+ years,?)?(?: (?:who|has|had|"
    rf"have|sadly|suddenly|just|recently|unexpectedly|then|also|now))* {_DIED}"
    rf"|\b{_WHOSE}{_KIN}\b[^.!?\n]{{0,80}}\b(?:he|she) (?:died|passed away)(?= {_WHEN}|[.,;!]|$)"
    rf"|\b{_WHOSE}{_KIN}'s (?:death|passing|funeral)(?! (?:metal|resemblance))\b"
    rf"|\b(?:death|loss|passing|funeral|burial) of {_WHOSE}{_KIN}(?=[.,;!?]|$| (?:{_WHEN}|and)\b)"
    r"|\bmy late (?:husband|wife|mother|father|mum|mom|dad|partner|gran\w*|son|daughter|brother|"
    r"sister|uncle|aunt)\b"
    rf"|\b(?:i|we)(?:'ve| have)?(?: just)? buried (?:him|her|{_WHOSE}{_KIN})(?=[.,!]|$| {_WHEN})"
    r"|\b(?:recently|newly|i'm|i am|we're|we are) bereaved\b|\b(?:my|our|recent) bereavement\b"
    r"|\bwidowed\b|\b(?:i'm|i am|i'm now|as) a (?:recent |new )?widow(?:er)?\b|\bmy miscarriage\b",
    re.IGNORECASE,
)
#: Whom one has lost may be found again.
_LOST = re.compile(
    rf"\b(?:i|we)(?:'ve| have|'d| had)?(?: just| recently)? lost {_WHOSE}{_KIN}(?=[.,;!]|$|"
    rf" {_WHEN}| to (?:\w+ )?(?:cancer|covid|suicide))",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\b(?:find|found|look(?:ed|ing) for|search\w*|missing|tannoy|security|stores?|shop|airport|"
    r"crowd)\b",
    re.IGNORECASE,
)


def is_bereaved(text: str) -> bool:
    """Tell whether somebody of the writer's has died: phones die too, and others have funerals."""
    text = text.replace("\u2019", "'")
    lost = bool(_LOST.search(text)) and not _FOUND.search(text)
    return lost or bool(_BEREAVED.search(text))
