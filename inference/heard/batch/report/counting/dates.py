"""Points in time as exports and spreadsheets write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

__all__ = ["SECONDS_A_DAY", "DateReader", "Moment", "seconds_between", "zones_differ"]

SECONDS_A_DAY = 86_400

#: Years outside stand for "no date" in one system or another, and would stretch every chart.
_FIRST_YEAR, _LAST_YEAR = 1971, 2099
#: Longer than any date; what is longer is not worth parsing.
_LONGEST = 60

_EPOCH = re.compile(r"(\d{9,10}|\d{12,13})(?:\.\d+)?", re.ASCII)
_REST = r"(?:(?:[T,]\s*|\s+)(?P<clock>\d.*))?"
_NUMERIC = re.compile(
    r"(\d{1,4})(?P<mark>[-/.])(\d{1,2})(?P=mark)(\d{4}|\d{1,2})" + _REST, re.ASCII
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_WEEKDAY = r"(?:[a-z]{3,9},?\s+)?"
_DAY_MONTH = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})[\s-]{_MONTH}[\s,-]+(\d{{4}}|\d{{2}}){_REST}", re.ASCII | re.IGNORECASE
)
_MONTH_DAY = re.compile(
    rf"{_WEEKDAY}{_MONTH}\s+(\d{{1,2}}),?\s+(\d{{4}}){_REST}", re.ASCII | re.IGNORECASE
)
#: ``Sun Nov 22 14:03:00 +0000 2026``, as programs in C and some networks write it.
_C_TIME = re.compile(
    rf"[a-z]{{3}} {_MONTH} [\d ]\d [\d:]{{8}} (?:[+-]\d{{4}} )?\d{{4}}", re.ASCII | re.IGNORECASE
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<rest>\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: ``when`` as it was written, with an offset only where one was written.

    ``whole_day`` says that no time of day was given, and ``unsure`` that day and month could be the
    other way round (03/04/2026); such a date is read with the day first.
    """

    when: datetime
    whole_day: bool = False
    unsure: bool = False

    @property
    def day(self) -> int:
        """The calendar day as written, as ``date.toordinal`` counts days."""
        return self.when.toordinal()


def seconds_between(first: Moment, second: Moment) -> float:
    """Count the seconds from one moment to the other; whole days where either gives no time.

    A time without an offset beside one with an offset is taken as UTC.
    """
    if first.whole_day or second.whole_day:
        return float((second.day - first.day) * SECONDS_A_DAY)
    if zones_differ(first, second):
        return (_in_utc(second.when) - _in_utc(first.when)).total_seconds()
    return (second.when - first.when).total_seconds()


def zones_differ(first: Moment, second: Moment) -> bool:
    """Tell whether just one of the two says in which time zone it is."""
    return (first.when.tzinfo is None) != (second.when.tzinfo is None)


def _in_utc(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


class DateReader:
    """Reads one column of dates.

    ISO 8601, year/month/day, day/month/year or month/day/year with any mark between, months by
    their English names, and seconds or milliseconds since 1970, which are UTC.
    A column shows its own order of day and month by the first date that fits only one.
    """

    def __init__(self, day_first: bool | None = None) -> None:
        """Begin a column; ``day_first`` settles the order of dates like 03/04/2026."""
        self._settled = day_first
        #: The orders of day and month that dates of this column have shown (day first or not).
        self.shown: set[bool] = set()

    @property
    def day_first(self) -> bool | None:
        """The order of day and month; ``None`` while nothing tells it, or where both were shown."""
        if self._settled is not None:
            return self._settled
        return next(iter(self.shown)) if len(self.shown) == 1 else None

    def read(self, value: object) -> Moment | None:
        """Read a value; ``None`` where it is no date of the years 1971 to 2099."""
        if isinstance(value, datetime):
            moment: Moment | None = Moment(value)
        elif isinstance(value, date):
            moment = Moment(datetime(value.year, value.month, value.day), whole_day=True)
        else:
            text = str(value).strip()
            try:
                moment = self._parsed(text) if 0 < len(text) <= _LONGEST else None
            except (ValueError, TypeError, IndexError, OverflowError):  # no such day, or no date
                return None
        return moment if moment and _FIRST_YEAR <= moment.when.year <= _LAST_YEAR else None

    def _parsed(self, text: str) -> Moment | None:
        if _EPOCH.fullmatch(text):
            seconds = float(text) / (1000 if len(text.partition(".")[0]) > 10 else 1)
            return Moment(datetime.fromtimestamp(seconds, UTC))
        try:
            return Moment(datetime.fromisoformat(text), whole_day=len(text) <= len("2026-11-22"))
        except ValueError:
            pass
        unsure = False
        if found := _NUMERIC.fullmatch(text):
            day, unsure = self._numeric_day(*found.groups()[:4])
        elif found := _DAY_MONTH.fullmatch(text):
            day = _iso(found[3], _number(found[2]), found[1])
        elif found := _MONTH_DAY.fullmatch(text):
            day = _iso(found[3], _number(found[1]), found[2])
        else:
            return Moment(parsedate_to_datetime(text)) if _C_TIME.fullmatch(text) else None
        clock = found["clock"]
        when = datetime.fromisoformat(day + _clock(clock) if clock else day)
        return Moment(when, whole_day=clock is None, unsure=unsure)

    def _numeric_day(self, first: str, mark: str, second: str, third: str) -> tuple[str, bool]:
        """Order three numbers to an ISO date, and tell whether day and month may be swapped."""
        if len(first) == 4:
            return _iso(first, second, third), False
        either = max(int(first), int(second)) <= 12
        day_first = int(first) > 12
        if either:  # where dots are written, the day comes first
            day_first = mark == "." or self.day_first is not False
        day, month = (first, second) if day_first else (second, first)
        written = _iso(third, month, day)
        date.fromisoformat(written)  # what is no date shows no order
        if not either and mark != ".":
            self.shown.add(day_first)
        unsure = either and mark != "." and self.day_first is None and int(first) != int(second)
        return written, unsure


def _iso(year: str, month: str, day: str) -> str:
    """Put a date together; a year of two digits is one of this century."""
    return f"{year if len(year) == 4 else '20' + year}-{month:0>2}-{day:0>2}"


def _number(month: str) -> str:
    return str(_MONTHS.index(month.lower()) + 1)


def _clock(text: str) -> str:
    """Write a time of day as ISO does, after a ``T``."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError("no time of day")
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a half day")
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    zone = found["zone"] or ""
    return f"T{hour:02}:{found['rest']}{'Z' if zone in ('UTC', 'GMT') else zone}"
