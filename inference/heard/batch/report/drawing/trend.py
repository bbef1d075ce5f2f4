"""How the messages change over time."""

from __future__ import annotations

from datetime import date

from heard.batch.report.counting.counts import rolled_up
from heard.batch.report.counting.rates import Rate
from heard.batch.report.counting.tally import Tally
from heard.batch.report.drawing.charts import Series, bars, lines, spread
from heard.batch.report.drawing.markup import (
    Html,
    counted,
    element,
    join,
    key,
    number,
    ranged,
    table,
)

__all__ = ["trend"]

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def trend(tally: Tally) -> Html:
    """Show messages and shares by day, week, month or year."""
    days = tally.days()
    unit, periods = rolled_up(days)
    notes = _notes(tally)
    if not periods:
        return join([element("p", "There is no message with a date that could be read."), notes])
    names = [_name(period.first, unit) for period in periods]
    below = spread(_short(unit, [period.first for period in periods]))
    high = [Rate(period.count.high, period.count.rows) for period in periods]
    places = [(i + 0.5) / len(periods) for i in range(len(periods))]
    series = [
        Series("first", places, [rate.share for rate in high], [rate.interval for rate in high])
    ]
    head = [unit, "messages", "high or critical"]
    columns = [[number(period.count.rows) for period in periods], [ranged(rate) for rate in high]]
    legend = [key("first", "high or critical, by the model")]
    if tally.outcome_column is not None:
        really = [tally.escalated(period.count) for period in periods]
        series.append(Series("second", places, [rate.share for rate in really]))
        head.append("really escalated")
        columns.append([ranged(rate) for rate in really])
        legend.append(key("second", "really escalated, by the outcome column"))
    by = f"by {unit}" + (" (from Monday)" if unit == "week" else "")
    counts = element(
        "figure",
        element(
            "figcaption",
            f"Messages {by}",
            element("small", "Those whose date could be read."),
        ),
        bars(f"Messages by {unit}", [period.count.rows for period in periods], below),
    )
    shares = element(
        "figure",
        element(
            "figcaption",
            f"Share that is high or critical, {by}",
            element(
                "small",
                "The band is the 95% interval of the model's share: wide where messages are few.",
            ),
        ),
        lines(f"Share of messages that is high or critical, by {unit}", series, below),
        element("ul", *legend, class_="legend") if len(legend) > 1 else "",
    )
    behind = element(
        "details",
        element("summary", f"Every {unit} as a table"),
        table(f"Messages by {unit}", head, zip(names, *columns, strict=True)),
    )
    return join([element("div", counts, shares, class_="pair"), behind, notes])


def _name(first: date, unit: str) -> str:
    return first.isoformat()[: {"month": 7, "year": 4}.get(unit)]


def _short(unit: str, firsts: list[date]) -> list[str]:
    """Name periods below a chart, where there is little room."""
    if unit == "day":
        return [f"{first.day} {_MONTHS[first.month - 1]}" for first in firsts]
    return [first.isoformat()[: 4 if unit == "year" else 7] for first in firsts]


def _notes(tally: Tally) -> Html:
    said = [
        "A day is the calendar day as the column writes it: times are not moved to another time "
        "zone. Times that end in Z, and seconds since 1970, are days in UTC."
    ]
    if tally.no_date:
        said.append(f"{counted(tally.no_date, 'message')} had no date.")
    if tally.bad_date:
        said.append(
            f"{counted(tally.bad_date, 'message')} had a date that could not be read, or lies "
            "outside 1971 to 2099."
        )
    if tally.by_day.unsure_rows or len(tally.dates.shown) > 1:
        said.append(_order(tally))
    return element("p", " ".join(said), class_="note")


def _order(tally: Tally) -> str:
    """Say how dates like 03/04/2026 were read."""
    if len(tally.dates.shown) > 1:
        return (
            "The column mixes day/month with month/day: dates that fit both, like 03/04/2026, may "
            "stand in the wrong month. Write dates as 2026-04-03 to be sure."
        )
    if tally.dates.day_first is None:
        return (
            "No date shows which number is the day: they were read with the day first, 03/04/2026 "
            "as 3 April. Write dates as 2026-04-03 to be sure."
        )
    read = "3 April" if tally.dates.day_first else "4 March"
    return f"Other dates of the column show that 03/04/2026 is {read}."
