"""Tables for cards and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["between", "ranged", "table", "three"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def three(value: float | None) -> str:
    """Write a figure with three digits; a dash where it is not defined."""
    return "-" if value is None or value != value else f"{value:.3f}"


def between(figure: Mapping[str, float | None]) -> str:
    """Write a difference with its interval; a dash where it is not defined."""
    change, low, high = figure["difference"], figure["low"], figure["high"]
    if change is None or low is None or high is None:
        return "-"
    return f"{change:+.3f} ({low:+.3f} to {high:+.3f})"


def ranged(figure: Sequence[float | None]) -> str:
    """Write ``[value, low, high]``, a figure with its interval; a dash where it is not defined."""
    value, low, high = figure
    if value is None or low is None or high is None:
        return three(value)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
