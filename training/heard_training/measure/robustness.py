"""How figures fall as messages get harder to read: curves over the strength of a disturbance.

Every disturbance is deterministic and leaves what a message says alone; the words that it changes
at one strength are changed alike at the next, so that a curve's points differ in nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from heard import Analyzer
from heard_training.errors import TrainingError
from heard_training.files import read_objects
from heard_training.measure import metrics
from heard_training.measure.answers import Answers, Gold, ask
from heard_training.measure.evaluate import figures
from heard_training.measure.metrics import rounded

__all__ = ["DISTURBANCES", "measure_languages", "measure_robustness", "read_languages"]

#: Shares of the words that are disturbed.
STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.8)
#: Words of calm text around a message, for the curve over length.
PADDING = (0, 50, 200, 500, 2000)
_PADDED_ROWS = 60

_KEPT = (
    "mean_emotions.f1_1",
    "mean_emotions.auroc_1",
    "mean_emotions.auroc_2",
    "targets.escalation.auroc_2",
    "targets.escalation.f1_2",
    "mean_signals_f1",
    "signals.abusive.recall",
)
#: The key to the right of each on an English keyboard, or to the left at the end of a row.
_NEIGHBOURS = str.maketrans("qwertyuiopasdfghjklzxcvbnm", "wertyuioposdfghjklkxcvbnmn")
_LEET = str.maketrans("aeiosAEIOS", "4310543105")
_LOOKALIKES = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")  # noqa: RUF001
_WORD = re.compile(r"[^\W\d_]{3,}")


def _misspelt(word: str, random: Random) -> str:
    """Swap, drop, double or mistype one letter inside the word."""
    place = random.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    how = random.randrange(4)
    if how == 0:
        return before + after[0] + letter + after[1:]
    if how == 1:
        return before + after
    if how == 2:
        return before + letter * 2 + after
    return before + letter.lower().translate(_NEIGHBOURS) + after


def _stretched(word: str, random: Random) -> str:
    """Repeat one letter, as in "sooooo"."""
    place = random.randrange(len(word))
    return word[:place] + word[place] * random.randrange(4, 8) + word[place + 1 :]


def _split_by_nothing(word: str, random: Random) -> str:
    """Put a zero-width space inside the word."""
    place = random.randrange(1, len(word))
    return f"{word[:place]}\u200b{word[place:]}"


#: Names of disturbances of single words.
DISTURBANCES: Mapping[str, Callable[[str, Random], str]] = {
    "misspelling": _misspelt,
    "leetspeak": lambda word, _: word.translate(_LEET),
    "repeated letters": _stretched,
    "zero-width characters": _split_by_nothing,
    "lookalike letters": lambda word, _: word.translate(_LOOKALIKES),
    "capitals": lambda word, _: word.upper(),
}


def disturbed(text: str, how: str, share: float, seed: int) -> str:
    """Disturb ``share`` of the words of three letters or more; ``missing spaces`` joins words.

    The words of a lower share are among those of a higher one, and are changed alike.
    """
    chosen = Random(seed)
    if how == "missing spaces":
        return re.sub(r" ", lambda _: "" if chosen.random() < share else " ", text)
    change = DISTURBANCES[how]

    def one(match: re.Match[str]) -> str:
        draw, own = chosen.random(), Random(chosen.random())
        return change(match[0], own) if draw < share else match[0]

    return _WORD.sub(one, text)


def padded(text: str, calm: Sequence[str], words: int, seed: int) -> str:
    """Put a message somewhere into about ``words`` words of calm messages."""
    random = Random(seed)
    around: list[str] = []
    while sum(len(piece.split()) for piece in around) < words:
        around.append(random.choice(calm))
    around.insert(random.randrange(len(around) + 1), text)
    return "\n".join(around)


def measure_robustness(
    analyzer: Analyzer, gold: Gold, texts: Sequence[str], plain: Answers
) -> dict[str, list[dict[str, Any]]]:
    """Measure key figures at every strength of every disturbance.

    ``plain`` is what the model says about the texts as they are.

    Returns:
        Per disturbance a list of points: ``strength`` (a share of words; for ``calm text around``
        a number of words), ``rows``, ``unchanged_levels``, the share of the levels decided as on
        the undisturbed text, and the figures by their dotted names.
    """
    quiet = (gold.levels == 0).all(axis=1) & (gold.signals == 0).all(axis=1)
    calm = [text for text, is_calm in zip(texts, quiet, strict=True) if is_calm]
    found: dict[str, list[dict[str, Any]]] = {}
    changes: dict[str, tuple[Sequence[float], Callable[[str, float, int], str]]] = {
        how: (STRENGTHS, lambda t, share, seed, how=how: disturbed(t, how, share, seed))
        for how in (*DISTURBANCES, "missing spaces")
    }
    if calm:
        changes["calm text around"] = (PADDING, lambda t, n, seed: padded(t, calm, int(n), seed))
    for how, (strengths, change) in changes.items():
        # Long texts take their time: some of the rows, evenly spread, do for them.
        count = _PADDED_ROWS if max(strengths) > 1 else len(gold)
        places = np.unique(np.linspace(0, len(gold) - 1, min(count, len(gold))).astype(int))
        some, before = gold.at(places), plain.at(places)
        found[how] = []
        for strength in strengths:
            answers = before
            if strength:
                answers = ask(analyzer, [change(texts[p], strength, int(p)) for p in places])
            # Offsets in a disturbed text are not those of the plain one.
            unspanned = replace(answers, spans=None, unsure=None)
            own = figures(some, unspanned, metrics.plain(len(some)))
            same = float(np.mean(answers.levels == before.levels))
            found[how].append(
                {"strength": strength, "rows": len(some), "unchanged_levels": rounded(same)}
                | {name: rounded(own[name][0]) for name in _KEPT}
            )
    return found


def read_languages(path: Path) -> dict[str, list[str]]:
    """Read messages by language: lines with ``language`` and ``text``.

    Raises:
        TrainingError: when a line lacks one of them.
    """
    found: dict[str, list[str]] = {}
    for place, row in read_objects(path):
        if not all(isinstance(row.get(key), str) for key in ("language", "text")):
            raise TrainingError(f"{place} needs `language` and `text`.")
        found.setdefault(row["language"], []).append(row["text"])
    return found


def measure_languages(
    analyzer: Analyzer, foreign: Mapping[str, Sequence[str]], english: Sequence[str]
) -> dict[str, Any]:
    """Count what ``language`` says of messages in other languages, and of English ones.

    Returns:
        ``languages``, per language its ``messages``, how many are said to be ``other``,
        ``unknown`` and ``en``, and ``unknown_share``, the mean share of unknown tokens;
        ``english``, the same of the English ones.
    """
    groups = {**foreign, "english": english}
    report: dict[str, Any] = {}
    for name, texts in groups.items():
        answers = analyzer.assess_many(texts)
        said = Counter(answer.language for answer in answers)
        report[name] = {
            "messages": len(texts),
            **{language: said[language] for language in ("other", "unknown", "en")},
            "unknown_share": rounded(float(np.mean([a.unknown_share for a in answers]))),
        }
    return {"english": report.pop("english"), "languages": report}
