"""The messages to look at first, by what may be shown of them."""

from __future__ import annotations

from datetime import date

from heard.batch.report.counting.ranking import MOST_BITS, Listed
from heard.batch.report.counting.tally import HIGH, Tally
from heard.batch.report.drawing.markup import (
    NOT_KNOWN,
    Html,
    bar,
    element,
    join,
    number,
    percent,
    plain,
    sentence_case,
    table,
)
from heard.labels import ESCALATION_LEVELS

__all__ = ["hardest", "uncertain"]

#: Longer identifiers are cut off here.
_LENGTH = 80


def hardest(tally: Tally) -> Html:
    """List the messages of the highest risk."""
    head = ("message", *_date_head(tally), "risk", "level", "emotion", "signals")
    rows = [
        (
            _id(message),
            *_date(tally, message),
            _risk(message.risk),
            _level(message.level),
            sentence_case(message.primary),
            _names(message.signals),
        )
        for message in tally.hardest
    ]
    return table("The highest risk first; of equal ones, the first in the file", head, rows)


def uncertain(tally: Tally) -> Html:
    """List the messages about which the model is least sure."""
    head = ("message", *_date_head(tally), "uncertainty", "unsure about", "risk", "level")
    rows = [
        (
            _id(message),
            *_date(tally, message),
            f"{message.bits:.2f}",
            _names(message.uncertain),
            _risk(message.risk),
            _level(message.level),
        )
        for message in tally.most_uncertain
    ]
    words = (
        "Uncertainty sums the entropy of the four emotions' probabilities and of the risk: 0 where "
        f"the model is sure of everything, {MOST_BITS} where each stands at one half. “Unsure "
        "about” names the emotions in the band in which the model's decisions are not precise "
        "enough to act on. A person's reading of these messages teaches a model most."
    )
    return join([element("p", words, class_="lead"), table("The most uncertain first", head, rows)])


def _id(message: Listed) -> Html:
    if not message.id.strip():
        return element("span", f"row {number(message.row)}", class_="id")
    cut = message.id if len(message.id) <= _LENGTH else f"{message.id[:_LENGTH]}…"
    # Isolated, so that an identifier in a right-to-left script does not turn its surroundings.
    return element("bdi", cut, class_="id")


def _date_head(tally: Tally) -> tuple[str, ...]:
    return () if tally.date_column is None else ("day",)


def _date(tally: Tally, message: Listed) -> tuple[object, ...]:
    if tally.date_column is None:
        return ()
    if message.day is None:
        return (NOT_KNOWN,)
    return (element("span", date.fromordinal(message.day).isoformat(), class_="nowrap"),)


def _risk(risk: float) -> Html:
    return element(
        "span", element("span", percent(risk), class_="figure"), bar(risk), class_="measured"
    )


def _level(level: int) -> Html:
    name = ESCALATION_LEVELS[level].name
    return element("span", sentence_case(name), class_="alarm" if level >= HIGH else None)


def _names(names: tuple[str, ...]) -> Html:
    listed = ", ".join(plain(name) for name in names) or "none"
    return element("span", listed, class_="names")
