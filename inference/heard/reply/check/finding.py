"""What the check finds, and what it knows about each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["RULES", "SEVERITIES", "Finding", "Rule", "Severity"]

Severity = Literal["error", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in a draft.

    ``start`` and ``end`` are code points of the draft; what is missing altogether is found at its
    beginning, with an empty range. ``better`` is a wording made from the customer's message, or
    empty where there is none.
    """

    rule: str
    severity: Severity
    start: int
    end: int
    reason: str
    better: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "start": self.start,
            "end": self.end,
            "reason": self.reason,
            "better": self.better,
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: how bad its breach is, why, and which moves of a reply show it done better."""

    severity: Severity
    reason: str
    better: tuple[str, ...]


#: Every rule. Sources: active listening and empathy calm complaints (Herhausen et al., Journal of
#: Marketing 2023); concrete language satisfies (Packard and Berger, Journal of Consumer Research
#: 2021); "I" does more than "we" (Packard, Moore and McFerran, Journal of Marketing Research 2018);
#: matching the customer's style helps (Villarroel Ordenes et al. 2017); opening questions and
#: second-person starts derail a talk (Zhang et al., ACL 2018).
RULES: Mapping[str, Rule] = {
    "cliche": Rule(
        "warning",
        "A stock phrase fits every reply, so this customer hears that nobody read theirs.",
        ("reflect", "validate", "thank"),
    ),
    "policy_shield": Rule(
        "error",
        "It hides behind a rule, a system or another department instead of saying what you can do.",
        ("resolve", "cooperate", "hand_over", "validate"),
    ),
    "blame": Rule(
        "error",
        "It puts the fault, or the next precaution, on the customer.",
        ("validate", "reflect", "apologise"),
    ),
    "arguing": Rule(
        "error",
        "It contradicts the customer or defends the company: even a won argument is a lost one.",
        ("reflect", "validate", "apologise"),
    ),
    "command_to_calm": Rule(
        "error",
        "Nobody ever calmed down because they were told to.",
        ("validate", "listen", "reflect"),
    ),
    "wrong_feeling": Rule(
        "error",
        "It names a feeling that the customer did not express, or a stronger one.",
        ("validate", "reflect"),
    ),
    "asks_again": Rule(
        "error",
        "It asks for something that the customer has already said.",
        ("resolve", "reflect", "clarify"),
    ),
    "fix_before_feelings": Rule(
        "warning",
        "Feelings run high here: say what it was like for them before you fix anything.",
        ("validate", "apologise", "reflect"),
    ),
    "over_promise": Rule(
        "error",
        "It promises more than you were given to offer.",
        ("resolve", "cooperate", "invite_private"),
    ),
    "we_for_i": Rule(
        "warning",
        'One person writes to another: "I" takes it on, "we" hides in a crowd.',
        ("apologise", "cooperate", "resolve"),
    ),
    "vague": Rule(
        "warning",
        "The customer was concrete, and this is not: name the thing, the step, the day.",
        ("reflect", "resolve"),
    ),
    "no_own_words": Rule(
        "warning",
        "Nothing in it comes from this customer's message: say back what happened.",
        ("reflect", "resolve"),
    ),
    "too_long_public": Rule(
        "warning",
        "In public a short reply and an invitation to a private channel do more.",
        ("invite_private",),
    ),
    "private_public": Rule(
        "error",
        "It shows or asks for private details where everybody can read them.",
        ("invite_private",),
    ),
    "bad_opening": Rule(
        "warning",
        'An angry reader takes a question or a "you" as the first word for an attack.',
        ("apologise", "reflect", "validate"),
    ),
    "repeats": Rule(
        "warning",
        "This sentence was said before in this conversation: twice, it is a phrase.",
        ("reflect", "validate", "resolve"),
    ),
    "no_thanks_after_silence": Rule(
        "warning",
        "After a long silence, thank them for waiting or for writing again.",
        ("thank",),
    ),
}
