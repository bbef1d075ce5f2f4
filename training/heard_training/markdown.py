"""Tables for cards and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["table", "three"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def three(value: float | None) -> str:
    """Write a figure with three digits; a dash where it is not defined."""
    return "-" if value is None else f"{value:.3f}"
