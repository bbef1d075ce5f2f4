"""What really became of a ticket, from one value of an outcome column."""

from __future__ import annotations

from enum import IntEnum

from heard.batch.report.counting.dates import DateReader, Moment

__all__ = ["Outcome", "read_outcome"]


class Outcome(IntEnum):
    """What the outcome column says about a message's ticket."""

    YES = 0
    NO = 1
    BLANK = 2
    #: The ticket had escalated before this message came: there was nothing left to foresee.
    LATE = 3
    UNREADABLE = 4


_YES = frozenset({"yes", "y", "true", "t", "1", "1.0"})
_NO = frozenset({"no", "n", "false", "f", "0", "0.0"})
#: A missing value as tables write it.
_BLANK = frozenset({"", "nan", "nat", "none", "null", "n/a"})


def read_outcome(value: object, dates: DateReader) -> tuple[Outcome, Moment | None]:
    """Read yes, no, or when the ticket escalated; the moment is there in the last case only."""
    text = "" if value is None else str(value).strip().lower()
    if text in _BLANK:
        return Outcome.BLANK, None
    if text in _YES:
        return Outcome.YES, None
    if text in _NO:
        return Outcome.NO, None
    moment = dates.read(value)
    return (Outcome.YES, moment) if moment else (Outcome.UNREADABLE, None)
