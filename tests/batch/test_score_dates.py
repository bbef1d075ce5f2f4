"""Dates and outcomes as exports and spreadsheets write them."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from heard.batch.report.counting.counts import Days, rolled_up
from heard.batch.report.counting.dates import DateReader, seconds_between
from heard.batch.report.counting.outcome import Outcome, read_outcome

NOON = datetime(2026, 11, 22, 14, 3)


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("2026-11-22T14:03:00", NOON),
        ("2026-11-22 14:03", NOON),
        (" 2026-11-22T14:03:00.000Z ", NOON.replace(tzinfo=UTC)),
        ("2026-11-22 14:03:00 UTC", NOON.replace(tzinfo=UTC)),
        ("2026-11-22 14:03:00+00", NOON.replace(tzinfo=UTC)),
        ("2026-11-22T14:03:00-05:00", NOON.replace(tzinfo=timezone(timedelta(hours=-5)))),
        ("20261122T140300", NOON),
        ("2026/11/22 14:03", NOON),
        ("22/11/2026 14:03", NOON),
        ("11/22/2026 2:03 PM", NOON),
        ("11/22/26 14:03", NOON),
        ("22.11.2026, 14:03", NOON),
        ("22-11-2026 14:03:00", NOON),
        ("11/22/2026 12:03 am", NOON.replace(hour=0)),
        ("Sun, 22 Nov 2026 14:03:00 +0000", NOON.replace(tzinfo=UTC)),
        ("22 Nov 2026 2:03 PM", NOON),
        ("Nov 22, 2026, 2:03 p.m.", NOON),
        ("Sun Nov 22 14:03:00 +0000 2026", NOON.replace(tzinfo=UTC)),
        (1795356180, NOON.replace(tzinfo=UTC)),
        ("1795356180.0", NOON.replace(tzinfo=UTC)),
        (1795356180000, NOON.replace(tzinfo=UTC)),
        (NOON, NOON),
    ],
)
def test_a_time_is_read(written, when):
    moment = DateReader().read(written)
    assert moment.when == when and moment.day == date(2026, 11, 22).toordinal()
    assert moment.when.utcoffset() == when.utcoffset()
    assert not moment.whole_day and not moment.unsure


DAYS = """2026-11-22|20261122|2026/11/22|22/11/2026|11/22/2026|22.11.26|22 Nov 2026|22-Nov-26
Nov 22, 2026|Sunday, 22 November 2026"""
NO_DATES = """soon|2026-13-01|31/02/2026|22/13/2026|9999-12-31|1970-01-01|12:30|17|True|٣|0
Sun Nov 22 2:03 PM 2026|2026-11-22 25:00|22 Nov 20260|31 Nov 2026|May I ask for a refund?"""


@pytest.mark.parametrize("written", [*re.split(r"[|\n]", DAYS), date(2026, 11, 22), 20261122])
def test_a_day_without_a_time_says_so(written):
    moment = DateReader().read(written)
    assert moment.whole_day and moment.when == datetime(2026, 11, 22)


@pytest.mark.parametrize("written", [*re.split(r"[|\n]", NO_DATES), "", "1" * 500, True, 17])
def test_what_is_no_date_is_not_made_one(written):
    reader = DateReader()
    assert reader.read(written) is None and not reader.shown


def test_an_order_that_one_date_shows_holds_for_the_others():
    reader = DateReader()
    first = reader.read("03/04/2026")
    assert first.unsure and first.when == datetime(2026, 4, 3)
    assert not reader.read("05/05/2026").unsure
    reader.read("11/22/2026")
    later = reader.read("03/04/2026")
    assert not later.unsure and later.when == datetime(2026, 3, 4)
    reader.read("22/11/2026")
    assert reader.day_first is None and reader.read("03/04/2026").unsure


def test_an_order_that_is_given_holds_from_the_start():
    moment = DateReader(day_first=False).read("03/04/2026")
    assert moment.when == datetime(2026, 3, 4) and not moment.unsure
    assert DateReader().read("03.04.2026").when == datetime(2026, 4, 3)


def test_time_between_minds_zones_and_whole_days():
    read = DateReader().read
    zoned, other = read("2026-11-22T14:00:00+02:00"), read("2026-11-22T14:00:00Z")
    assert seconds_between(zoned, other) == 2 * 3600
    assert seconds_between(read("2026-11-22 13:00"), other) == 3600
    assert seconds_between(read("2026-11-22 23:00"), read("2026-11-22")) == 0
    assert seconds_between(read("2026-11-22 23:00"), read("2026-11-24")) == 2 * 86_400


@pytest.mark.parametrize(
    ("outcome", "values"),
    [
        (Outcome.YES, ["Yes", " TRUE ", 1, 1.0, True, "y", "2026-11-22 14:03", NOON]),
        (Outcome.NO, ["no", 0, "0.0", False, "N"]),
        (Outcome.BLANK, [None, "", "NaN", float("nan"), "  "]),
        (Outcome.UNREADABLE, ["perhaps", "2", "9999-12-31"]),
    ],
)
def test_outcomes(outcome, values):
    assert {read_outcome(value, DateReader())[0] for value in values} == {outcome}


def days_of(*dates, unsure=()):
    days = Days(1)
    for one in dates:
        days.at(date.fromisoformat(one).toordinal(), unsure=False).count.add(False, None)
    for one in unsure:
        days.at(date.fromisoformat(one).toordinal(), unsure=True).count.add(True, None)
    return days


def test_days_are_turned_round_once_the_order_is_known():
    days = days_of("2026-03-04", unsure=["2026-04-03"])  # read with the day first
    assert len(days.settled(None)) == len(days.settled(True)) == 2
    (turned,) = days.settled(False).values()
    assert turned.count.rows == 2 and turned.count.high == 1


@pytest.mark.parametrize(
    ("last", "unit", "periods", "first"),
    [
        ("2026-03-05", "day", 2, "2026-03-04"),
        ("2026-07-01", "day", 120, "2026-03-04"),
        ("2026-07-02", "week", 18, "2026-03-02"),
        ("2029-01-01", "month", 35, "2026-03-01"),
        ("2099-12-31", "year", 74, "2026-01-01"),
    ],
)
def test_days_roll_up_to_what_a_chart_can_show(last, unit, periods, first):
    found, rolled = rolled_up(days_of("2026-03-04", last).settled(None))
    assert (found, len(rolled)) == (unit, periods)
    assert rolled[0].first == date.fromisoformat(first)
    assert [period.count.rows for period in rolled] == [1, *[0] * (periods - 2), 1]
