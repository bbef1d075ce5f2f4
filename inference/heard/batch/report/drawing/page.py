"""The report as one HTML page that stands by itself: no script, and nothing from elsewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from heard.batch.report.counting.tally import Tally
from heard.batch.report.drawing.alerts import alerts
from heard.batch.report.drawing.distributions import emotions, escalation, reading, signals
from heard.batch.report.drawing.lists import hardest, uncertain
from heard.batch.report.drawing.markup import (
    Html,
    counted,
    definitions,
    element,
    join,
    number,
    percent,
    plain,
    sentence_case,
    text,
)
from heard.batch.report.drawing.trend import trend
from heard.types import ModelInfo

__all__ = ["page"]

_STYLE = Path(__file__).with_name("style.css")
#: The browser itself sees to it that the page loads and runs nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(
    tally: Tally, *, model: ModelInfo | None = None, source: str = "", rejected: int = 0
) -> str:
    """Lay out the report as HTML.

    Args:
        tally: the rows.
        model: which model read them.
        source: what the rows were read from, as a reader would name it.
        rejected: how many rows could not be scored, and are in none of the counts.
    """
    title = f"{source}: what customers say" if source else "What customers say"
    sections = _sections(tally)
    contents = element(
        "ul",
        *(
            element("li", element("a", name, href=f"#part-{i}"))
            for i, (name, _) in enumerate(sections)
        ),
    )
    body = join(
        [
            element(
                "header",
                element("p", "heard", class_="brand"),
                element("h1", title),
                element("p", _lead(tally, model, rejected), class_="lead"),
                element("nav", contents, aria_label="Parts of the report") if tally.rows else "",
                class_="frame",
            ),
            element(
                "main",
                _key_figures(tally) if tally.rows else "",
                *(
                    element(
                        "section",
                        element("h2", name, id=f"part-{i}"),
                        inside,
                        aria_labelledby=f"part-{i}",
                    )
                    for i, (name, inside) in enumerate(sections)
                ),
                element("section", element("h2", "How to read this"), _reading_guide(tally, model)),
                class_="frame",
            ),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{text(_POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _sections(tally: Tally) -> list[tuple[str, Html]]:
    if not tally.rows:
        return [("No messages", element("p", "There was no row that could be scored."))]
    sections = [
        ("Escalation", escalation(tally)),
        ("Reasons: the signals", signals(tally)),
        ("Emotions", emotions(tally)),
    ]
    if tally.date_column is not None:
        sections.append(("Over time", trend(tally)))
    return [
        *sections,
        ("Back-test: what alerts would have flagged", alerts(tally)),
        ("The hardest messages", hardest(tally)),
        ("The most uncertain messages", uncertain(tally)),
        ("How well the file could be read", reading(tally)),
    ]


def _lead(tally: Tally, model: ModelInfo | None, rejected: int) -> str:
    said = counted(tally.rows, "message")
    if model:
        said += f", read by {model.name} {model.version}"
    if days := tally.days():
        first, last = (date.fromordinal(end).isoformat() for end in (min(days), max(days)))
        said += f", written on {first}" if first == last else f", written {first} to {last}"
    if rejected:
        said += f". {counted(rejected, 'row')} could not be scored and is in none of the counts"
        said = said if rejected == 1 else said.replace(" and is in none", " and are in none")
    return f"{said}."


def _key_figures(tally: Tally) -> Html:
    days = tally.days()
    own = tally.lines()[tally.backtest.thresholds.index(tally.threshold)]
    per_day = f"on {counted(len(days), 'day')} with messages" if days else ""
    figures: list[tuple[str, str, object]] = [
        ("Messages", number(tally.rows), per_day),
        (
            "High or critical",
            number(tally.total.high),
            join([percent(tally.total.high / tally.rows), " of all"]),
        ),
    ]
    if own.a_day is not None and own.busiest_day is not None:
        figures.append(
            (
                "Flagged a day",
                f"{own.a_day:,.1f}",
                f"at the model's own threshold, {tally.threshold:g}; "
                f"{number(own.busiest_day)} on the busiest day",
            )
        )
    if tally.outcome_column is not None:
        rate = tally.escalated(tally.total)
        figures.append(
            (
                "Really escalated",
                number(rate.hits),
                join([percent(rate.share), f" of the {number(rate.of)} whose outcome is known"]),
            )
        )
    name, count = max(tally.signals.items(), key=lambda item: item[1].rows)
    if count.rows:
        figures.append(
            (
                "Most frequent signal",
                sentence_case(plain(name)),
                counted(count.rows, "message"),
            )
        )
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", name),
                element(
                    "dd",
                    element("span", figure, class_="figure" if figure[0].isdigit() else "words"),
                    element("small", words),
                ),
            )
            for name, figure, words in figures
        ),
        class_="key",
    )


def _reading_guide(tally: Tally, model: ModelInfo | None) -> Html:
    facts: list[tuple[str, object]] = [
        (
            "Risk",
            "the calibrated probability that a reader who follows the model's labelling guide "
            "would call the message high or critical. It is judged from the words of that one "
            "message, and is not the share of your tickets that escalate: only an outcome column "
            "can tell how the two go together here.",
        ),
        (
            "Probability",
            "calibrated on the model's own data: of messages like those, of which it says 70%, "
            "about 70% are so. Your messages may differ.",
        ),
        (
            "Levels",
            "decided by the model's thresholds, which come with it, from calibrated probabilities.",
        ),
        (
            "Lists",
            "the hardest and the most uncertain messages are those of this file. They are named by "
            "their identifier; no text of a message is on this page.",
        ),
        (
            "People",
            "for routing and for planning, with a person deciding; not for judging a customer "
            "or an agent.",
        ),
    ]
    if model:
        name = f"{model.name} {model.version}, manifest SHA-256 "
        facts.append(("Model", join([name, element("span", model.sha256, class_="hash")])))
    for words, column in (("date", tally.date_column), ("outcome", tally.outcome_column)):
        if column is not None:
            facts.append((f"The {words} column", column))
    return definitions(facts)
