"""Counts of rows in groups: all together, by signal, by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from heard.batch.report.counting.outcome import Outcome

__all__ = ["Count", "Day", "Days", "Period", "rolled_up"]

#: As many periods as a chart can show side by side.
_MOST_PERIODS = 120
_UNITS = ("day", "week", "month", "year")


@dataclass(slots=True)
class Count:
    """How many rows, how many of them ``high`` or ``critical``, and how many of each outcome."""

    rows: int = 0
    high: int = 0
    outcomes: list[int] = field(default_factory=lambda: [0] * len(Outcome))

    def add(self, high: bool, outcome: Outcome | None) -> None:
        """Count one row; ``outcome`` is ``None`` where there is no such column."""
        self.rows += 1
        self.high += high
        if outcome is not None:
            self.outcomes[outcome] += 1

    def merge(self, other: Count) -> None:
        """Add another group's counts."""
        self.rows += other.rows
        self.high += other.high
        self.outcomes = _sums(self.outcomes, other.outcomes)


@dataclass(slots=True)
class Day:
    """A calendar day; ``passed[k]`` of its rows passed the first ``k`` thresholds and no more."""

    passed: list[int]
    count: Count = field(default_factory=Count)


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week (from Monday), month or year, by its first day."""

    first: date
    count: Count


class Days:
    """Counts by calendar day: at the most an entry for every day of the years that are read."""

    def __init__(self, thresholds: int) -> None:
        """Begin empty, for so many thresholds."""
        self._thresholds = thresholds
        self._sure: dict[int, Day] = {}
        #: Dates whose day and month may be swapped, as read with the day first.
        self._unsure: dict[int, Day] = {}

    def at(self, ordinal: int, *, unsure: bool) -> Day:
        """Give the day of a row, to count it in."""
        days = self._unsure if unsure else self._sure
        if ordinal not in days:
            days[ordinal] = self._none()
        return days[ordinal]

    @property
    def unsure_rows(self) -> int:
        """How many rows had a date whose day and month may be swapped."""
        return sum(day.count.rows for day in self._unsure.values())

    def settled(self, day_first: bool | None) -> dict[int, Day]:
        """Give all days in order; ``day_first`` is what the whole column told in the end."""
        days: dict[int, Day] = {}
        for ordinal, found in self._pairs(swap=day_first is False):
            day = days.setdefault(ordinal, self._none())
            day.count.merge(found.count)
            day.passed = _sums(day.passed, found.passed)
        return dict(sorted(days.items()))

    def _pairs(self, *, swap: bool) -> Iterator[tuple[int, Day]]:
        yield from self._sure.items()
        for ordinal, day in self._unsure.items():
            written = date.fromordinal(ordinal)
            other = written.replace(month=written.day, day=written.month) if swap else written
            yield other.toordinal(), day

    def _none(self) -> Day:
        return Day([0] * (self._thresholds + 1))


def rolled_up(days: dict[int, Day]) -> tuple[str, list[Period]]:
    """Sum days to the shortest unit of which no more lie between than a chart can show.

    Periods without a row are there, too, with nothing counted.
    """
    if not days:
        return _UNITS[0], []
    first, last = date.fromordinal(min(days)), date.fromordinal(max(days))
    for unit in _UNITS:
        counts = {start: Count() for start in _starts(first, last, unit)}
        if len(counts) <= _MOST_PERIODS:
            break
    for ordinal, day in days.items():
        counts[_start(date.fromordinal(ordinal), unit)].merge(day.count)
    return unit, [Period(start, count) for start, count in counts.items()]


def _starts(first: date, last: date, unit: str) -> Iterator[date]:
    step = timedelta(days={"day": 1, "week": 7, "month": 31, "year": 366}[unit])
    start = _start(first, unit)
    while start <= last:
        yield start
        start = _start(start + step, unit)


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(
        month=1 if unit == "year" else day.month, day=day.day if unit == "day" else 1
    )


def _sums(first: list[int], second: list[int]) -> list[int]:
    return [a + b for a, b in zip(first, second, strict=True)]
