"""Reads a customer's message: how they feel, how close the contact is to escalating, what to say.

>>> import heard
>>> heard.load().assess("They laughed at me in front of the whole queue.").primary
'humiliated'
"""

from __future__ import annotations

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
