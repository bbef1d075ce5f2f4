"""Assessments made by hand, so that replies are tested apart from the model."""

from heard.labels import ESCALATION_LEVELS, STRENGTHS
from heard.types import Assessment, Emotion, Escalation, ModelInfo, Signal, Span

NAMES = ("angry", "frustrated", "surprised", "humiliated")


def chain(level):
    return tuple(0.9 if level >= k else 0.05 for k in (1, 2, 3))


def assessment(text, *, signals=(), escalation=0, problem=(), need=(), feeling=(), **levels):
    """Make the assessment of a message: levels by name, spans by their words."""
    emotions = {
        name: Emotion(levels.get(name, 0), STRENGTHS[levels.get(name, 0)].name, chain(level))
        for name in NAMES
        for level in (levels.get(name, 0),)
    }
    strongest = max(NAMES, key=lambda name: emotions[name].level)

    def found(parts):
        return tuple(Span(text.index(p), text.index(p) + len(p), p, 0.9) for p in parts)

    return Assessment(
        emotions=emotions,
        primary=strongest if emotions[strongest].level else "none",
        escalation=Escalation(escalation, ESCALATION_LEVELS[escalation].name, chain(escalation)),
        signals=tuple(Signal(name, 0.9) for name in signals),
        signal_probabilities={},
        spans={"problem": found(problem), "need": found(need), "feeling": found(feeling)},
        uncertain=(),
        language="en",
        unknown_share=0.0,
        tokens=len(text.split()),
        windows=1,
        truncated=False,
        model=ModelInfo("test", "0", "0"),
        text=text,
    )


FURIOUS = assessment(
    "You lost my bag and nobody cares. I'm livid.",
    angry=3,
    escalation=2,
    problem=["You lost my bag"],
    feeling=["livid"],
)
