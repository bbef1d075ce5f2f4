"""What a threshold on the risk would have flagged, from counts of fixed size."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, log10
from statistics import fmean

from heard.batch.report.counting.counts import Day
from heard.batch.report.counting.outcome import Outcome
from heard.batch.report.counting.rates import Rate

__all__ = ["RISK_BINS", "Backtest", "LeadTime", "Leads", "Line", "Risks"]

#: Written risks have four digits, so that every threshold of four digits is counted exactly.
RISK_BINS = 10_000
#: So many bins to a factor of ten, from a minute to ten years: each is 6 % wide.
_BINS_A_DECADE = 40
_SHORTEST, _LONGEST = 60.0, 10 * 366 * 86_400.0
_LEAD_BINS = ceil(_BINS_A_DECADE * log10(_LONGEST / _SHORTEST)) + 2
#: What a float loses against the decimal that was written.
_ROUNDING = 1e-6


class Risks:
    """Counts risks in ten thousand bins."""

    def __init__(self) -> None:
        """Begin empty."""
        self.bins = [0] * (RISK_BINS + 1)

    def add(self, risk: float) -> None:
        """Count one risk."""
        self.bins[int(risk * RISK_BINS + _ROUNDING)] += 1

    def at_least(self, threshold: float) -> int:
        """Count the risks of the threshold or more."""
        return sum(self.bins[ceil(threshold * RISK_BINS - _ROUNDING) :])


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Quartiles of the seconds from a flagged message to the escalation of its ticket."""

    messages: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold of the table; what needs dates or outcomes is ``None`` without them."""

    threshold: float
    flagged: Rate
    a_day: float | None
    busiest_day: int | None
    precision: Rate | None
    recall: Rate | None
    lead: LeadTime | None


class Leads:
    """Counts lead times in bins, with the sum of each bin, so that its mean can stand for it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.counts = [0] * _LEAD_BINS
        self.sums = [0.0] * _LEAD_BINS

    def add(self, seconds: float) -> None:
        """Count one; all below a minute share a bin, and so do all of ten years and more."""
        index = 0
        if seconds >= _SHORTEST:
            index = int(_BINS_A_DECADE * log10(seconds / _SHORTEST)) + 1
        index = min(index, _LEAD_BINS - 1)
        self.counts[index] += 1
        self.sums[index] += seconds

    def merge(self, other: Leads) -> None:
        """Add what another one counted."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.sums = [a + b for a, b in zip(self.sums, other.sums, strict=True)]

    def quartiles(self) -> LeadTime | None:
        """Give the quartiles, each to within its bin; ``None`` of nothing."""
        if not any(self.counts):
            return None
        return LeadTime(sum(self.counts), *(self._quantile(share) for share in (0.25, 0.5, 0.75)))

    def _quantile(self, share: float) -> float:
        wanted = share * sum(self.counts)
        index = next(i for i, n in enumerate(accumulate(self.counts)) if n >= wanted)
        return self.sums[index] / self.counts[index]


class Backtest:
    """Counts risks by outcome, and lead times by risk."""

    def __init__(self, thresholds: Sequence[float]) -> None:
        """Begin empty; ``thresholds`` rise."""
        self.thresholds = tuple(thresholds)
        self.all = Risks()
        self.by_outcome = {outcome: Risks() for outcome in Outcome}
        #: By how many of the thresholds the message passes.
        self._leads = [Leads() for _ in range(len(self.thresholds) + 1)]

    def passed(self, risk: float) -> int:
        """Count the thresholds that this risk passes."""
        return bisect_right(self.thresholds, risk + _ROUNDING / RISK_BINS)

    def add(self, risk: float, outcome: Outcome | None, lead: float | None) -> None:
        """Count one message; ``lead`` is in seconds, and no less than 0."""
        self.all.add(risk)
        if outcome is not None:
            self.by_outcome[outcome].add(risk)
        if lead is not None:
            self._leads[self.passed(risk)].add(lead)

    def line(self, index: int, days: Collection[Day], negatives: Sequence[Outcome] | None) -> Line:
        """Sum up the threshold of this index.

        Args:
            index: into :attr:`thresholds`.
            days: every day on which there was a message.
            negatives: the outcomes that stand for "did not escalate"; ``None`` where there is no
                outcome column.
        """
        threshold = self.thresholds[index]
        a_day = [sum(day.passed[index + 1 :]) for day in days]
        leads = Leads()
        for passing in self._leads[index + 1 :]:
            leads.merge(passing)
        precision, recall = (None, None) if negatives is None else self.judged(threshold, negatives)
        return Line(
            threshold,
            Rate(self.all.at_least(threshold), self.all.at_least(0)),
            fmean(a_day) if a_day else None,
            max(a_day, default=None),
            precision,
            recall,
            leads.quartiles(),
        )

    def judged(self, threshold: float, negatives: Sequence[Outcome]) -> tuple[Rate, Rate]:
        """Give precision and recall of a threshold on the messages whose outcome is known."""
        escalated = self.by_outcome[Outcome.YES]
        hits = escalated.at_least(threshold)
        alarms = sum(self.by_outcome[outcome].at_least(threshold) for outcome in negatives)
        return Rate(hits, hits + alarms), Rate(hits, escalated.at_least(0))
