"""An assessment for a person to read: bars for levels, evidence words marked in the text."""

from __future__ import annotations

import unicodedata

from heard.labels import MAX_LEVEL, SPAN_NAMES
from heard.types import Assessment, Span

__all__ = ["show"]

_BAR = 12
_MARKS = dict(zip(SPAN_NAMES, ("[", "<", "{"), strict=True))
_CLOSING = {"[": "]", "<": ">", "{": "}"}
#: Colours for a terminal, one a span kind: yellow, cyan, magenta.
_COLOURS = dict(zip(SPAN_NAMES, ("33", "36", "35"), strict=True))


def show(text: str, assessment: Assessment, *, colour: bool = False) -> str:
    """Return a few lines about one message.

    ``[problem]``, ``<need>`` and ``{feeling}`` are marked in the text, in colour where asked for.
    """
    # One for one, so that offsets hold: a message may not steer the terminal that shows it.
    shown = "".join("\ufffd" if _is_control(char) else char for char in text)
    lines = [_marked(shown, assessment, colour=colour) if text.strip() else "(blank)", ""]
    for name, emotion in assessment.emotions.items():
        unsure = "  (uncertain)" if name in assessment.uncertain else ""
        lines.append(
            f"  {name:<11} {_bar(emotion.level)} {emotion.strength:<8} "
            f"{emotion.probability:>4.0%}{unsure}"
        )
    escalation = assessment.escalation
    lines.append(
        f"  {'escalation':<11} {_bar(escalation.level)} {escalation.name:<8} "
        f"{escalation.risk:>4.0%} risk"
    )
    if assessment.signals:
        reasons = ", ".join(f"{s.name} {s.probability:.0%}" for s in assessment.signals)
        lines.append(f"  because     {reasons}")
    lines += _notes(assessment)
    return "\n".join(lines)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc" and char not in "\t\n"


def _bar(level: int) -> str:
    filled = _BAR * level // MAX_LEVEL
    return "█" * filled + "·" * (_BAR - filled)


def _notes(assessment: Assessment) -> list[str]:
    notes = []
    if assessment.truncated:
        notes.append("  note        the message is longer than the cap and was cut off")
    if assessment.language == "other":
        notes.append("  note        this does not read as English, which is all the model knows")
    return notes


def _marked(text: str, assessment: Assessment, *, colour: bool) -> str:
    """Put marks around every span; where spans of two kinds overlap, both are marked."""
    spans = [(span, kind) for kind, found in assessment.spans.items() for span in found]
    inserts: list[tuple[int, int, int, str]] = []
    for span, kind in spans:
        opening, closing = _around(kind, colour=colour)
        # At one place: closings before openings, inner spans closed first and opened last.
        inserts.append((span.start, 1, -_length(span), opening))
        inserts.append((span.end, 0, _length(span), closing))
    pieces, last = [], 0
    for place, _, _, mark in sorted(inserts):
        pieces += [text[last:place], mark]
        last = place
    return "".join([*pieces, text[last:]])


def _length(span: Span) -> int:
    return span.end - span.start


def _around(kind: str, *, colour: bool) -> tuple[str, str]:
    opening = _MARKS[kind]
    closing = _CLOSING[opening]
    if colour:
        return f"\033[{_COLOURS[kind]}m{opening}", f"{closing}\033[0m"
    return opening, closing
