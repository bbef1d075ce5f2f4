"""Phrases that break a rule wherever they stand; the list is data, ``phrases.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from heard.reply.check.finding import Severity

__all__ = ["find_phrases"]

#: "~" stands for a few words of any kind.
_GAP = r"\w[\w' -]{0,30}?"


@dataclass(frozen=True, slots=True)
class _Phrases:
    rule: str
    severity: Severity
    pattern: re.Pattern[str]
    sure: bool


@cache
def _read() -> tuple[_Phrases, ...]:
    text = files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["phrase"]
    return tuple(
        _Phrases(
            entry["rule"],
            entry["severity"],
            re.compile(
                rf"(?<![\w'])(?:{'|'.join(p.replace('~', _GAP) for p in entry['any'])})(?![\w])"
            ),
            entry.get("sure", False),
        )
        for entry in entries
    )


def find_phrases(
    plain: str, *, sure_alone: bool = False
) -> Iterator[tuple[str, Severity, int, int]]:
    """Find phrases in a text in lower case: rule, severity, start and end.

    With ``sure_alone`` those that break their rule whatever stands around them.
    """
    for phrases in _read():
        if sure_alone and not phrases.sure:
            continue
        for match in phrases.pattern.finditer(plain):
            yield phrases.rule, phrases.severity, match.start(), match.end()
