"""Reads a customer's message: how they feel, how close the contact is to escalating, what to say.

>>> import heard
>>> heard.load().assess("They laughed at me in front of the whole queue.").primary
'humiliated'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heard.analyzer import Analyzer, load
    from heard.conversation import Conversation
    from heard.errors import BundleError, HeardError, InputError
    from heard.reply.check.check import check_reply
    from heard.reply.check.finding import Finding
    from heard.reply.context import Context
    from heard.reply.playbook import Playbook, PlaybookError, read_playbook
    from heard.reply.recommend import Recommendation, recommend
    from heard.types import Assessment

__version__ = "0.1.0"

__all__ = [
    "Analyzer",
    "Assessment",
    "BundleError",
    "Context",
    "Conversation",
    "Finding",
    "HeardError",
    "InputError",
    "Playbook",
    "PlaybookError",
    "Recommendation",
    "__version__",
    "check_reply",
    "load",
    "read_playbook",
    "recommend",
]

#: Where each name lives: a module is imported when one of its names is first asked for, so that a
#: program that only reads messages does not pay for replies, nor one that only imports for either.
_MODULES = {
    "Analyzer": "analyzer",
    "Assessment": "types",
    "BundleError": "errors",
    "Context": "reply.context",
    "Conversation": "conversation",
    "Finding": "reply.check.finding",
    "HeardError": "errors",
    "InputError": "errors",
    "Playbook": "reply.playbook",
    "PlaybookError": "reply.playbook",
    "Recommendation": "reply.recommend",
    "check_reply": "reply.check.check",
    "load": "analyzer",
    "read_playbook": "reply.playbook",
    "recommend": "reply.recommend",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
