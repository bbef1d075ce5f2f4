"""What the caller knows about a contact, besides the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from heard.errors import InputError

__all__ = ["CHANNELS", "MOST_PUBLIC_WORDS", "REMEDIES", "STAGES", "Context"]

CHANNELS = ("chat", "email", "phone", "public")
STAGES = ("opening", "follow_up", "after_silence", "feedback")
#: Remedies that have a wording of their own in the playbook.
REMEDIES = ("redo", "express_replacement", "refund", "upgrade", "credit")

#: More words than this are too many in public.
MOST_PUBLIC_WORDS = 60

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Context:
    """The situation of a reply.

    Attributes:
        channel: where the reply is read: ``chat``, ``email``, ``phone`` or ``public``.
        stage: ``opening``, ``follow_up``, ``after_silence`` or ``feedback``.
        customer_name: how the customer is to be called, if at all.
        remedies: what the agent may offer: names among :data:`REMEDIES`, or a company's own as
            ``{name: wording}``, the wording as it stands after "I can".
        used: sentences that this conversation has seen; none of them is said again.
        conversation_id: replies vary with it; the same id and message give the same reply.

    Raises:
        InputError: for a value that is not among those allowed, which it names.
    """

    channel: str = "chat"
    stage: str = "opening"
    customer_name: str | None = None
    remedies: tuple[str, ...] | Mapping[str, str] = ()
    used: tuple[str, ...] = ()
    conversation_id: str | None = None

    def __post_init__(self) -> None:
        for key, value, known in (
            ("channel", self.channel, CHANNELS),
            ("stage", self.stage, STAGES),
        ):
            if value not in known:
                raise InputError(f"{key} is {value!r}: choose among {', '.join(known)}.")
        _check_words("used", self.used)
        if isinstance(self.remedies, Mapping):
            _check_words("remedies", tuple(self.remedies.values()))
        else:
            _check_words("remedies", self.remedies)
            for name in self.remedies:
                if name not in REMEDIES:
                    raise InputError(
                        f"remedies names {name!r}: choose among {', '.join(REMEDIES)}, or give "
                        "your own as {name: wording}."
                    )
        for key, text in (
            ("customer_name", self.customer_name),
            ("conversation_id", self.conversation_id),
        ):
            if text is not None and not isinstance(text, str):
                raise InputError(f"{key} must be text or None, not {type(text).__name__}.")
        if self.customer_name is not None and len(self.customer_name) > _LONGEST_NAME:
            raise InputError(f"customer_name is longer than {_LONGEST_NAME} characters.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        offered = self.remedies
        return {
            "channel": self.channel,
            "stage": self.stage,
            "customer_name": self.customer_name,
            "remedies": dict(offered) if isinstance(offered, Mapping) else list(offered),
            "used": list(self.used),
            "conversation_id": self.conversation_id,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Context:
        """Read what :meth:`to_dict` wrote; a missing key has its default.

        Raises:
            InputError: for an unknown key or a wrong value, which it names.
        """
        if not isinstance(data, Mapping):
            raise InputError("A context must be an object.")
        unknown = sorted(data.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise InputError(
                f"A context has no {unknown[0]!r}: choose among "
                f"{', '.join(field.name for field in fields(cls))}."
            )
        return cls(**data)


def _check_words(key: str, words: object) -> None:
    """Demand a tuple or list of text; a bare string would be taken letter by letter."""
    if isinstance(words, str) or not isinstance(words, tuple | list):
        raise InputError(f"{key} must be a tuple of text, not {type(words).__name__}.")
    for word in words:
        if not isinstance(word, str):
            raise InputError(f"{key} holds a value that is {type(word).__name__}, not text.")
