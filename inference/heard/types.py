"""Results: frozen, the same for one text and for many, with one ``to_dict`` each.

Probabilities lie in [0, 1]. Offsets count Unicode code points of the text as it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from heard.errors import InputError

__all__ = [
    "Assessment",
    "Emotion",
    "Escalation",
    "Language",
    "ModelInfo",
    "Signal",
    "Span",
]

Language = Literal["en", "other", "unknown"]

#: Digits kept when a probability is written out; the objects themselves hold it whole.
_DIGITS = 4


def _written(probability: float) -> float:
    return round(probability, _DIGITS)


@dataclass(frozen=True, slots=True)
class Emotion:
    """One emotion: the decided ``level`` (0 to 3) and the calibrated probabilities behind it.

    ``at_least[k]`` is P(level >= k + 1); the three never increase. ``probability`` is the first.
    """

    level: int
    strength: str
    at_least: tuple[float, ...]

    @property
    def probability(self) -> float:
        """P(level >= 1): how likely the emotion is expressed at all."""
        return self.at_least[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "level": self.level,
            "strength": self.strength,
            "probability": _written(self.probability),
            "at_least": [_written(p) for p in self.at_least],
        }


@dataclass(frozen=True, slots=True)
class Escalation:
    """How close the contact is to escalating: decided ``level`` (0 to 3) with its ``name``."""

    level: int
    name: str
    at_least: tuple[float, ...]

    @property
    def risk(self) -> float:
        """Calibrated P(level >= 2), the figure to rank and to alert by."""
        return self.at_least[1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "level": self.level,
            "name": self.name,
            "risk": _written(self.risk),
            "at_least": [_written(p) for p in self.at_least],
        }


@dataclass(frozen=True, slots=True)
class Signal:
    """A reason for escalation that was decided present, and its calibrated probability."""

    name: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"name": self.name, "probability": _written(self.probability)}


@dataclass(frozen=True, slots=True)
class Span:
    """The customer's own words: ``text`` is the message's ``[start:end]``.

    ``score`` is the mean probability, over the span's tokens, that they belong to it.
    """

    start: int
    end: int
    text: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": _written(self.score),
        }


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answered; ``sha256`` is that of ``bundle.json``, which pins every other file."""

    name: str
    version: str
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one message says about its writer; every field is described in the README.

    ``primary`` is the emotion of the highest level, or ``"none"``. ``uncertain`` names the
    emotions whose probability lies in the band in which decisions are not precise enough to act
    on. ``tokens`` counts the message's own tokens, ``windows`` how many passes read them, and
    ``truncated`` says that characters beyond the cap were not read. ``text`` is the message, for
    replies in its own words; it is private, and neither printed nor part of :meth:`to_dict`.
    """

    emotions: Mapping[str, Emotion]
    primary: str
    escalation: Escalation
    signals: tuple[Signal, ...]
    signal_probabilities: Mapping[str, float]
    spans: Mapping[str, tuple[Span, ...]]
    uncertain: tuple[str, ...]
    language: Language
    unknown_share: float
    tokens: int
    windows: int
    truncated: bool
    model: ModelInfo
    text: str = field(default="", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result as plain values: what the command line and a server emit."""
        return {
            "emotions": {name: emotion.to_dict() for name, emotion in self.emotions.items()},
            "primary": self.primary,
            "escalation": self.escalation.to_dict(),
            "signals": [signal.to_dict() for signal in self.signals],
            "signal_probabilities": {
                name: _written(p) for name, p in self.signal_probabilities.items()
            },
            "spans": {
                kind: [span.to_dict() for span in found] for kind, found in self.spans.items()
            },
            "uncertain": list(self.uncertain),
            "language": self.language,
            "unknown_share": _written(self.unknown_share),
            "tokens": self.tokens,
            "windows": self.windows,
            "truncated": self.truncated,
            "model": self.model.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], text: str = "") -> Assessment:
        """Read what :meth:`to_dict` wrote; probabilities keep the digits that it kept.

        Raises:
            InputError: when a field is missing or of another make.
        """
        try:
            return cls(
                emotions={
                    name: Emotion(one["level"], one["strength"], tuple(one["at_least"]))
                    for name, one in data["emotions"].items()
                },
                primary=data["primary"],
                escalation=Escalation(
                    data["escalation"]["level"],
                    data["escalation"]["name"],
                    tuple(data["escalation"]["at_least"]),
                ),
                signals=tuple(Signal(one["name"], one["probability"]) for one in data["signals"]),
                signal_probabilities=dict(data["signal_probabilities"]),
                spans={
                    kind: tuple(
                        Span(one["start"], one["end"], one["text"], one["score"]) for one in found
                    )
                    for kind, found in data["spans"].items()
                },
                uncertain=tuple(data["uncertain"]),
                language=data["language"],
                unknown_share=data["unknown_share"],
                tokens=data["tokens"],
                windows=data["windows"],
                truncated=data["truncated"],
                model=ModelInfo(**data["model"]),
                text=text,
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError("An assessment must be an object as to_dict() writes it.") from error
