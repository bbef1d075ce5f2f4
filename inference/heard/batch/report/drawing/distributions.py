"""What the messages say, all together: escalation, emotions, signals, and how they were read."""

from __future__ import annotations

from collections.abc import Sequence

from heard.batch.report.counting.backtest import RISK_BINS
from heard.batch.report.counting.rates import Rate
from heard.batch.report.counting.tally import Tally
from heard.batch.report.drawing.charts import histogram
from heard.batch.report.drawing.markup import (
    Html,
    bar,
    counted,
    element,
    join,
    number,
    percent,
    plain,
    ranged,
    sentence_case,
    table,
)
from heard.labels import (
    EMOTIONS,
    ESCALATION,
    ESCALATION_LEVELS,
    SIGNALS,
    STRENGTHS,
    Label,
)

__all__ = ["emotions", "escalation", "reading", "signals"]

#: Bars of the histogram of risks.
_PARTS = 20


def escalation(tally: Tally) -> Html:
    """Show the levels and the risks."""
    levels = zip(ESCALATION_LEVELS, tally.levels[ESCALATION.name], strict=True)
    width = RISK_BINS // _PARTS
    bins = tally.backtest.all.bins
    counts = [sum(bins[start : start + width]) for start in range(0, RISK_BINS, width)]
    counts[-1] += bins[-1]  # a risk of exactly 1
    parts = [
        (f"{i / _PARTS:.2f} to {(i + 1) / _PARTS:.2f}", number(n), percent(n / tally.rows))
        for i, n in enumerate(counts)
    ]
    figure = element(
        "figure",
        element(
            "figcaption",
            "Messages by risk",
            element("small", "The scale is logarithmic: equal steps up multiply the number."),
        ),
        histogram("Messages by escalation risk", counts, tally.threshold),
        _behind("Risks", table("Messages by risk", ("risk", "messages", "share"), parts)),
    )
    return element(
        "div",
        _counted("Messages by level", list(levels), tally.rows),
        figure,
        class_="pair",
    )


def emotions(tally: Tally) -> Html:
    """Show each emotion's strengths, and how often it is the strongest."""
    strengths = [label.name for label in STRENGTHS]
    head = ("emotion", "strengths", *strengths, "is the strongest", "uncertain")
    rows = []
    for label in EMOTIONS:
        counts = tally.levels[label.name]
        numbers = (*counts, tally.primary[label.name], tally.uncertain[label.name])
        rows.append(
            (
                _named(label),
                _stacked(counts, tally.rows),
                *(_with_share(n, tally.rows) for n in numbers),
            )
        )
    legend = element(
        "p",
        *(
            element("span", Html(f'<span class="swatch level-{level}"></span>'), name)
            for level, name in enumerate(strengths)
        ),
        class_="legend",
        aria_hidden="true",
    )
    none = tally.primary["none"]
    share = percent(none / tally.rows)
    words = f"None of the four is expressed in {counted(none, 'message')}, {share}."
    caption = "Messages by the strength of each emotion"
    return join([table(caption, head, rows), legend, element("p", words)])


def signals(tally: Tally) -> Html:
    """Show the reasons for escalation, the most frequent first."""
    found = sorted(SIGNALS, key=lambda label: -tally.signals[label.name].rows)
    most = max((tally.signals[label.name].rows for label in found), default=0)
    head = ["signal", "messages", "share", "of these high or critical"]
    if tally.outcome_column is not None:
        head.append("of these really escalated")
    rows = []
    for label in found:
        count = tally.signals[label.name]
        row: list[object] = [
            _named(label),
            _measured(count.rows, most),
            percent(count.rows / tally.rows),
            percent(Rate(count.high, count.rows).share),
        ]
        if tally.outcome_column is not None:
            row.append(ranged(tally.escalated(count)))
        rows.append(row)
    return table("Messages by signal; one message may carry several", head, rows)


def reading(tally: Tally) -> Html:
    """Show what could not be read as it should."""
    rows = [
        ("read as English", tally.languages["en"]),
        ("read as another language; the model knows English only", tally.languages["other"]),
        ("too short to tell the language", tally.languages["unknown"]),
        ("cut off, because longer than the model's cap", tally.truncated),
        ("blank: nothing to read", tally.blank),
    ]
    return table(
        "How the messages could be read",
        ("messages", "number", "share"),
        [(words, number(n), percent(n / tally.rows)) for words, n in rows],
    )


def _counted(caption: str, counts: Sequence[tuple[Label, int]], rows: int) -> Html:
    most = max(n for _, n in counts)
    return table(
        caption,
        ("", "messages", "share"),
        [(_named(label), _measured(n, most), percent(n / rows)) for label, n in counts],
    )


def _named(label: Label) -> Html:
    return join(
        [sentence_case(plain(label.name)), element("small", label.meaning, class_="meaning")]
    )


def _measured(n: int, most: int) -> Html:
    return element(
        "span",
        element("span", number(n), class_="figure"),
        bar(n / max(most, 1)),
        class_="measured",
    )


def _with_share(n: int, rows: int) -> Html:
    return join([number(n), element("small", percent(n / rows))])


def _stacked(counts: Sequence[int], rows: int) -> Html:
    parts = [
        Html(f'<span class="bar-fill level-{level}" style="--share:{n / rows:.4f}"></span>')
        for level, n in enumerate(counts)
        if n
    ]
    return element("span", *reversed(parts), class_="bar stacked", aria_hidden="true")


def _behind(name: str, inside: Html) -> Html:
    return element("details", element("summary", f"{name} as a table"), inside)
