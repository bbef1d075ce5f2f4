"""The report of a run, made of all its rows once they are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heard.analyzer import Analyzer
from heard.batch.columns import flat
from heard.batch.output import read_rows
from heard.batch.report import Tally, page
from heard.batch.source.rows import Source
from heard.batch.work import Work
from heard.types import Assessment

__all__ = ["Report"]

_PLACE = "place"


@dataclass(frozen=True, slots=True)
class Report:
    """A report to write to ``path``; the columns are the names that rows carry them by."""

    path: Path
    date_column: str | None = None
    outcome_column: str | None = None

    def write(self, work: Work, source: Source, analyzer: Analyzer) -> None:
        """Write the page on all rows of work that is done, those before a resumption too."""
        tally = Tally(
            float(analyzer.thresholds.levels[-1, 1]),
            date_column=self.date_column,
            outcome_column=self.outcome_column,
            id_column=_PLACE if source.identity is None else source.columns[0],
        )
        for row in read_rows(work.rows):
            if "emotions" in row:  # a whole assessment
                row.update(flat(Assessment.from_dict(row)))
            if source.identity is None:
                row[_PLACE] = f"{row['file']}, row {row['row']}"
            tally.add(row)
        named = ", ".join(Path(one.name).name for one in source.inputs[:3])
        if len(source.inputs) > 3:
            named += f" and {len(source.inputs) - 3} more"
        html = page(tally, model=analyzer.model, source=named, rejected=work.counts.rejected)
        partial = self.path.with_name(f"{self.path.name}.partial")
        partial.write_text(html, encoding="utf-8")
        partial.replace(self.path)
