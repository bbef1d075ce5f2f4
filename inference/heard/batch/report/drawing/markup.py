"""HTML by hand: whatever is not :class:`Html` is text, and is escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from heard.batch.report.counting.rates import Rate

__all__ = [
    "NOT_KNOWN",
    "Html",
    "bar",
    "counted",
    "definitions",
    "duration",
    "element",
    "join",
    "key",
    "number",
    "percent",
    "plain",
    "ranged",
    "sentence_case",
    "table",
    "text",
]


class Html(str):
    """Markup that was made here."""

    __slots__ = ()


NOT_KNOWN = "n/a"


def text(value: object) -> Html:
    """Escape a value, unless it is markup; invisible characters are shown as U+FFFD."""
    if isinstance(value, Html):
        return value
    shown = "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char
        for char in str(value)
    )
    return Html(escape(shown))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Put parts side by side."""
    return Html(between.join(text(part) for part in parts))


def element(tag: str, *inside: object, **attributes: object) -> Html:
    """Make an element; ``class_`` stands for ``class``, and ``_`` in a name for ``-``."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{named}>{join(inside)}</{tag}>")


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    marked: int | None = None,
) -> Html:
    """Lay out rows, each named by its first cell; a wide table can be scrolled.

    ``marked`` is the index of a row that stands out.
    """
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell) for cell in row[1:]),
            class_="own-row" if index == marked else None,
        )
        for index, row in enumerate(rows)
    ]
    laid = element(
        "table",
        element("caption", element("span", caption)),
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *body),
    )
    return element("div", laid, class_="scroll", tabindex=0, role="group", aria_label=caption)


def definitions(terms: Iterable[tuple[str, object]]) -> Html:
    """Lay out terms and what they mean."""
    pairs = (join([element("dt", term), element("dd", words)]) for term, words in terms)
    return element("dl", *pairs, class_="facts")


def bar(share: float) -> Html:
    """Draw a bar that is filled to ``share``, 0 to 1; the figure beside it says the same."""
    filled = Html(f'<span class="bar-fill" style="--share:{share:.4f}"></span>')
    return element("span", filled, class_="bar", aria_hidden="true")


def key(kind: str, words: str) -> Html:
    """Say in a legend what a line stands for; ``kind`` is its class in the style."""
    sample = Html(
        f'<svg viewBox="0 0 36 12" aria-hidden="true"><path class="line {kind}" d="M2 6H34"/></svg>'
    )
    return element("li", sample, words)


def number(value: int) -> str:
    """Write a count."""
    return f"{value:,}"


def counted(n: int, one: str, many: str = "") -> str:
    """Write a count with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(share: float | None) -> str:
    """Write a share; no share that is there is shown as none, and only the whole as all."""
    if share is None:
        return NOT_KNOWN
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


def ranged(rate: Rate | None) -> Html | str:
    """Write a rate with its interval."""
    if rate is None or rate.share is None:
        return NOT_KNOWN
    low, high = rate.interval
    return join([percent(rate.share), element("small", f"{low:.1%} to {high:.1%}")], " ")


def duration(seconds: float) -> str:
    """Write a length of time in the unit that a person would use."""
    if seconds < 60:
        return "under a minute"
    if seconds < 90 * 60:
        length, name = seconds / 60, "min"
    elif seconds < 48 * 3600:
        length, name = seconds / 3600, "h"
    else:
        length, name = seconds / 86_400, "days"
    return f"{length:.1f} {name}" if length < 9.95 else f"{length:,.0f} {name}"


def plain(name: str) -> str:
    """Write one of the model's names as words."""
    return name.replace("_", " ")


def sentence_case(words: str) -> str:
    """Begin with a capital, and leave the rest."""
    return words[:1].upper() + words[1:]
