"""Reads a customer's message: how they feel, how close the contact is to escalating, and why.

>>> import heard
>>> heard.load().assess("They laughed at me in front of the whole queue.").primary
'humiliated'
"""

from __future__ import annotations

from heard.analyzer import Analyzer, load
from heard.errors import BundleError, HeardError, InputError
from heard.types import Assessment

__version__ = "0.1.0"

__all__ = [
    "Analyzer",
    "Assessment",
    "BundleError",
    "HeardError",
    "InputError",
    "__version__",
    "load",
]
