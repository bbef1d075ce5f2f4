"""What alerts by the risk would have meant for this file: the back-test."""

from __future__ import annotations

from heard.batch.report.counting.backtest import LeadTime, Line
from heard.batch.report.counting.outcome import Outcome
from heard.batch.report.counting.tally import Tally
from heard.batch.report.drawing.charts import Series, lines
from heard.batch.report.drawing.markup import (
    NOT_KNOWN,
    Html,
    counted,
    definitions,
    duration,
    element,
    join,
    key,
    number,
    percent,
    ranged,
    table,
)

__all__ = ["alerts"]

#: Thresholds of the curves: every hundredth.
_PLACES = tuple(step / 100 for step in range(101))


def alerts(tally: Tally) -> Html:
    """Show what each threshold would have flagged and, where outcomes are known, how well."""
    found = tally.lines()
    dated = found[0].a_day is not None
    judged = tally.outcome_column is not None
    timed = any(line.lead for line in found)
    columns = {
        "risk from": [_threshold(line.threshold, tally.threshold) for line in found],
        "flagged": [number(line.flagged.hits) for line in found],
        "share": [percent(line.flagged.share) for line in found],
    }
    if dated:
        columns["a day"] = [f"{line.a_day or 0:,.1f}" for line in found]
        columns["busiest day"] = [number(line.busiest_day or 0) for line in found]
    if judged:
        columns["precision"] = [ranged(line.precision) for line in found]
        columns["recall"] = [ranged(line.recall) for line in found]
    if timed:
        columns["lead time"] = [_lead(line.lead) for line in found]
    own = next(i for i, line in enumerate(found) if line.threshold == tally.threshold)
    return join(
        [
            _words(dated=dated, judged=judged, timed=timed),
            element("div", _curves(tally), _outcomes(tally), class_="pair") if judged else "",
            table(
                "What each threshold would have flagged",
                tuple(columns),
                zip(*columns.values(), strict=True),
                marked=own,
            ),
            _notes(tally, found[own]),
        ]
    )


def _threshold(threshold: float, own: float) -> Html | str:
    if threshold != own:
        return f"{threshold:.2f}"
    return join([f"{threshold:g}", element("small", "the model's own")])


def _lead(lead: LeadTime | None) -> Html | str:
    if lead is None:
        return NOT_KNOWN
    spread = f"half: {duration(lead.lower)} to {duration(lead.upper)}"
    return join([duration(lead.median), element("small", spread)], " ")


def _words(*, dated: bool, judged: bool, timed: bool) -> Html:
    terms = [
        ("Flagged", "every message whose risk is the figure in the first column or more."),
    ]
    if dated:
        terms.append(("A day", "the mean over the days that have a message."))
    if judged:
        terms += [
            ("Precision", "of the flagged messages, the share whose ticket really escalated."),
            ("Recall", "of the messages whose ticket really escalated, the share flagged."),
        ]
    if timed:
        terms.append(
            (
                "Lead time",
                "from a flagged message to the escalation of its ticket: the median, and below it "
                "between which times the middle half lies.",
            )
        )
    if judged:
        terms.append(("Small print", "below precision and recall, the 95% interval (Wilson)."))
    return definitions(terms)


def _outcomes(tally: Tally) -> Html:
    """Say what the outcome column held, and the share that a blind guess would hit."""
    held = tally.total.outcomes
    base = tally.escalated(tally.total)
    said = [
        f"The outcome is known for {counted(base.of, 'message')}; the tickets of "
        f"{number(base.hits)} of them really escalated ({percent(base.share)}): "
        "the precision of flagging at random."
    ]
    if held[Outcome.BLANK]:
        read = "left out" if held[Outcome.NO] else "taken as “did not escalate”"
        why = "the column also says no" if held[Outcome.NO] else "the column never says no"
        said.append(f"{counted(held[Outcome.BLANK], 'empty value')}: {read}, because {why}.")
    if held[Outcome.LATE]:
        said.append(
            f"{counted(held[Outcome.LATE], 'message')} came after the ticket had escalated, with "
            "nothing left to foresee: left out of precision, recall and lead time."
        )
    if held[Outcome.UNREADABLE]:
        said.append(
            f"{counted(held[Outcome.UNREADABLE], 'value')} of the outcome column could not be read "
            "(yes, no, true, false, 1, 0 or a date): left out."
        )
    if not base.hits:
        said.append("Without a ticket that escalated there is no recall to speak of.")
    return element("p", " ".join(said), class_="note")


def _curves(tally: Tally) -> Html:
    judged = [tally.backtest.judged(place, tally.negatives or ()) for place in _PLACES]
    precision, recall = ([pair[i] for pair in judged] for i in (0, 1))
    series = [
        Series(kind, _PLACES, [rate.share for rate in rates], [rate.interval for rate in rates])
        for kind, rates in (("first", precision), ("second", recall))
    ]
    names = [(step / 5, f"{step / 5:.1f}") for step in range(6)]
    return element(
        "figure",
        element("figcaption", "Precision and recall by threshold"),
        lines("Precision and recall by threshold", series, names, threshold=tally.threshold),
        element("ul", key("first", "precision"), key("second", "recall"), class_="legend"),
    )


def _notes(tally: Tally, own: Line) -> Html:
    said = [
        "Counted by message, not by ticket: a ticket with three messages counts three times, and "
        "a ticket one of whose messages is flagged was seen, even if the others were not. So of "
        "the tickets that escalate, more are seen than recall says. Messages of one ticket "
        "resemble each other, which makes the true intervals wider than those shown."
        if tally.outcome_column is not None
        else "Counted by message, not by ticket. With a column that says which tickets really "
        "escalated (yes or no, or when), precision, recall and lead time stand here, too."
    ]
    if own.flagged.hits != tally.total.high:
        said.append(
            f"The model's own threshold flags {number(own.flagged.hits)}, and "
            f"{number(tally.total.high)} are called high or critical: for that level the message "
            "must also pass the threshold of the level below."
        )
    if tally.leads_by_day:
        said.append(
            f"{counted(tally.leads_by_day, 'lead time')} could be told in whole days only, because "
            "a date came without its time."
        )
    if tally.leads_of_mixed_zones:
        said.append(
            f"{counted(tally.leads_of_mixed_zones, 'lead time')} joined a time with a time zone to "
            "one without, which was taken as UTC."
        )
    return element("p", " ".join(said), class_="note")
