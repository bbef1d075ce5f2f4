"""The report of ``heard score``: a :class:`Tally` counts the rows, :func:`page` shows the counts.

>>> from heard.batch.report import Tally, page
>>> tally = Tally(0.411, date_column="created_at")
>>> tally.rows, "No messages" in page(tally)
(0, True)
"""

from __future__ import annotations

from heard.batch.report.counting.tally import Tally
from heard.batch.report.drawing.page import page

__all__ = ["Tally", "page"]
