"""What accompanies a reply: the summary for a supervisor, and a line for the agent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heard.reply.clauses import stems
from heard.reply.context import Context
from heard.types import Assessment

__all__ = ["pause", "summary"]

_HOT = 2  # the level of anger or escalation from which on a pause is wise


def summary(assessment: Assessment, context: Context, tried: Sequence[str] = ()) -> str:
    """Sum up for the supervisor, in the customer's own words, so that nobody has to repeat it.

    ``tried`` is what was offered or promised before in the conversation.
    """
    lines = []
    for title, kind in (("Problem", "problem"), ("Needs", "need"), ("Feeling", "feeling")):
        texts = [re.sub(r"\s+", " ", span.text).strip() for span in assessment.spans[kind]]
        # A loose "the" tells nobody anything; a feeling may be made of small words.
        texts = [text for text in texts if kind == "feeling" or stems(text)]
        if texts:
            lines.append(f"{title}: " + "; ".join(f'"{text}"' for text in texts))
    shown = [
        f"{name} ({emotion.strength})"
        for name, emotion in assessment.emotions.items()
        if emotion.level
    ]
    if shown:
        lines.append("Expressed: " + ", ".join(shown))
    if tried:
        lines.append("Tried so far: " + "; ".join(tried))
    names = [signal.name.replace("_", " ") for signal in assessment.signals]
    if names:
        lines.append("Signals: " + ", ".join(names))
    lines.append(f"Escalation: {assessment.escalation.name}, risk {assessment.escalation.risk:.0%}")
    who = f" from {context.customer_name}" if context.customer_name else ""
    lines.append(f"Received{who}: {context.channel}, {context.stage.replace('_', ' ')}")
    return "\n".join(lines)


def pause(assessment: Assessment, context: Context) -> str | None:
    """Advise the agent to pause before a hot written reply; ``None`` where there is no need."""
    hot = max(assessment.emotions["angry"].level, assessment.escalation.level) >= _HOT
    if context.channel == "phone" or not hot:
        return None
    return "This one is hot: read it twice and take a breath before you answer; do not match it."
