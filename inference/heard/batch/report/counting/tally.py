"""What the report needs of every row, in counts whose size does not grow with the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heard.batch.report.counting.backtest import Backtest, Line
from heard.batch.report.counting.counts import Count, Day, Days
from heard.batch.report.counting.dates import DateReader, Moment, seconds_between, zones_differ
from heard.batch.report.counting.outcome import Outcome, read_outcome
from heard.batch.report.counting.ranking import Listed, Top, uncertainty
from heard.batch.report.counting.rates import Rate
from heard.labels import EMOTION_NAMES, ESCALATION, MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES

__all__ = ["HIGH", "Tally"]

#: From this level of escalation on a message counts as high.
HIGH = 2
#: Characters of an identifier that are kept.
_ID_LENGTH = 80
_STEPS = tuple(step / 20 for step in range(1, 20))


class Tally:
    """Counts rows for a report; its size does not depend on how many there are.

    No text of a message is kept, only the identifiers of the few that are listed.
    """

    def __init__(
        self,
        threshold: float,
        *,
        date_column: str | None = None,
        outcome_column: str | None = None,
        id_column: str | None = "id",
        day_first: bool | None = None,
        listed: int = 20,
    ) -> None:
        """Begin with no rows.

        Args:
            threshold: the model's own on the risk, ``analyzer.thresholds.levels[-1, 1]``.
            date_column: says when a message was written.
            outcome_column: says whether its ticket escalated (yes or no), or when it did.
            id_column: by which a message can be found again; else it is the number of its row.
            day_first: the order of dates like 03/04/2026; by default the columns show it.
            listed: how many of the hardest messages are listed, and of the most uncertain.
        """
        self.threshold = threshold
        self.date_column = date_column
        self.outcome_column = outcome_column
        self.total = Count()
        self.levels = {name: [0] * (MAX_LEVEL + 1) for name in TARGET_NAMES}
        self.primary = dict.fromkeys((*EMOTION_NAMES, "none"), 0)
        self.uncertain = dict.fromkeys(EMOTION_NAMES, 0)
        self.signals = {name: Count() for name in SIGNAL_NAMES}
        self.languages = dict.fromkeys(("en", "other", "unknown"), 0)
        self.truncated = self.blank = 0
        self.backtest = Backtest(sorted({*_STEPS, threshold}))
        self.by_day = Days(len(self.backtest.thresholds))
        self.dates, self.outcome_dates = DateReader(day_first), DateReader(day_first)
        #: Rows by what is wrong with their date, or with the lead time that they give.
        self.no_date = self.bad_date = self.leads_by_day = self.leads_of_mixed_zones = 0
        self.hardest, self.most_uncertain = Top(listed), Top(listed)
        self._id_column = id_column

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return self.total.rows

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row: the columns of ``flat``, and those that this tally was told of."""
        risk = float(row["risk"])
        high = int(row[f"{ESCALATION.name}_level"]) >= HIGH
        moment = self._date(row)
        outcome, lead = self._outcome(row, moment)

        self.total.add(high, outcome)
        self._count_labels(row, high, outcome)
        self.backtest.add(risk, outcome, lead)
        if moment:
            day = self.by_day.at(moment.day, unsure=moment.unsure)
            day.count.add(high, outcome)
            day.passed[self.backtest.passed(risk)] += 1
        self._rank(row, risk, moment)

    @property
    def negatives(self) -> tuple[Outcome, ...] | None:
        """The outcomes that stand for "did not escalate"; ``None`` without an outcome column.

        An empty value is one of them unless the column also says no in words.
        """
        if self.outcome_column is None:
            return None
        said = self.total.outcomes[Outcome.NO]
        return (Outcome.NO,) if said else (Outcome.NO, Outcome.BLANK)

    def escalated(self, count: Count) -> Rate:
        """Give the share of a group that really escalated, among those whose outcome is known."""
        yes = count.outcomes[Outcome.YES]
        return Rate(yes, yes + sum(count.outcomes[outcome] for outcome in self.negatives or ()))

    def days(self) -> dict[int, Day]:
        """Give the counts by calendar day (an ordinal), in order."""
        return self.by_day.settled(self.dates.day_first)

    def lines(self) -> list[Line]:
        """Give the back-test, a line for each threshold."""
        days = self.days().values()
        return [
            self.backtest.line(index, days, self.negatives)
            for index in range(len(self.backtest.thresholds))
        ]

    def _date(self, row: Mapping[str, Any]) -> Moment | None:
        if self.date_column is None:
            return None
        value = row.get(self.date_column)
        if value is None or not str(value).strip():
            self.no_date += 1
            return None
        moment = self.dates.read(value)
        self.bad_date += moment is None
        return moment

    def _outcome(
        self, row: Mapping[str, Any], written: Moment | None
    ) -> tuple[Outcome | None, float | None]:
        """Read the outcome, and the lead time where there is one."""
        if self.outcome_column is None:
            return None, None
        outcome, escalated = read_outcome(row.get(self.outcome_column), self.outcome_dates)
        if not written or not escalated or written.unsure or escalated.unsure:
            return outcome, None
        lead = seconds_between(written, escalated)
        if lead < 0:
            return Outcome.LATE, None
        by_day = written.whole_day or escalated.whole_day
        self.leads_by_day += by_day
        self.leads_of_mixed_zones += not by_day and zones_differ(written, escalated)
        return outcome, lead

    def _count_labels(self, row: Mapping[str, Any], high: bool, outcome: Outcome | None) -> None:
        for name in TARGET_NAMES:
            self.levels[name][int(row[f"{name}_level"])] += 1
        self.primary[row["primary"]] += 1
        for name in row["signals"].split():
            self.signals[name].add(high, outcome)
        for name in row["uncertain"].split():
            self.uncertain[name] += 1
        self.languages[row["language"]] += 1
        self.truncated += bool(row["truncated"])
        self.blank += int(row["tokens"]) == 0

    def _rank(self, row: Mapping[str, Any], risk: float, moment: Moment | None) -> None:
        bits = uncertainty(row)
        for top, score in ((self.hardest, risk), (self.most_uncertain, bits)):
            if top.wants(score):
                top.add(score, self._listed(row, risk, moment, bits))

    def _listed(
        self, row: Mapping[str, Any], risk: float, moment: Moment | None, bits: float
    ) -> Listed:
        given = None if self._id_column is None else row.get(self._id_column)
        return Listed(
            row=self.rows,
            id="" if given is None else str(given)[: _ID_LENGTH + 1],
            day=moment.day if moment and not moment.unsure else None,
            level=int(row[f"{ESCALATION.name}_level"]),
            risk=risk,
            primary=row["primary"],
            signals=tuple(row["signals"].split()),
            uncertain=tuple(row["uncertain"].split()),
            bits=bits,
        )
