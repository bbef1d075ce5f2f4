"""How figures fall as messages get harder to read: curves over the strength of a disturbance.

Every disturbance is deterministic (a seed), leaves what a message says alone, and is applied to
the same rows at each strength, so that the points of a curve differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from heard import Analyzer
from heard.language import detect_language
from heard_training.files import read_objects
from heard_training.measure import metrics
from heard_training.measure.answers import Gold, ask
from heard_training.measure.evaluate import figures
from heard_training.measure.metrics import rounded

__all__ = ["DISTURBANCES", "measure_languages", "measure_robustness"]

#: Shares of the words that are disturbed.
STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.8)
#: Words of calm text around a message, for the curve over length.
PADDING = (0, 50, 200, 500, 2000)

_KEPT = (
    "mean_emotions.f1_1",
    "mean_emotions.auroc_1",
    "mean_emotions.auroc_2",
    "targets.escalation.auroc_2",
    "targets.escalation.f1_2",
    "mean_signals_f1",
    "signals.abusive.recall",
)
_SEED = 20

_NEIGHBOURS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "snvfrdfghjokmnibajegyubcztx",
        strict=False,
    )
)
_LEET = str.maketrans("aeiosAEIOS", "4310543105")
_LOOKALIKES = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")  # noqa: RUF001


def _misspelt(word: str, random: Random) -> str:
    """Swap, drop, double or mistype one letter inside the word."""
    if len(word) < 4 or not word.isalpha():
        return word
    place = random.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    how = random.randrange(4)
    if how == 0:
        return before + after[0] + letter + after[1:]
    if how == 1:
        return before + after
    if how == 2:
        return before + letter * 2 + after
    return before + _NEIGHBOURS.get(letter.lower(), letter) + after


def _stretched(word: str, random: Random) -> str:
    """Repeat one vowel, as in "sooooo"."""
    vowels = [place for place, letter in enumerate(word) if letter in "aeiouAEIOU"]
    if not vowels:
        return word
    place = random.choice(vowels)
    return word[:place] + word[place] * random.randrange(3, 7) + word[place + 1 :]


def _split_by_nothing(word: str, random: Random) -> str:
    """Put a zero-width space inside the word."""
    place = random.randrange(1, len(word)) if len(word) > 1 else 0
    return f"{word[:place]}\u200b{word[place:]}" if place else word


#: Names of disturbances of single words.
DISTURBANCES: Mapping[str, Callable[[str, Random], str]] = {
    "misspelling": _misspelt,
    "leetspeak": lambda word, _: word.translate(_LEET),
    "repeated letters": _stretched,
    "zero-width characters": _split_by_nothing,
    "lookalike letters": lambda word, _: word.translate(_LOOKALIKES),
    "capitals": lambda word, _: word.upper(),
}


def disturbed(text: str, how: str, share: float, random: Random) -> str:
    """Disturb ``share`` of the words of a text; ``missing spaces`` joins them to the next."""
    words = text.split(" ")
    chosen = [random.random() < share for _ in words]
    if how == "missing spaces":
        ends = ["" if here else " " for here in chosen]
        return "".join(word + end for word, end in zip(words, ends, strict=True)).rstrip(" ")
    change = DISTURBANCES[how]
    return " ".join(
        change(word, random) if here else word for word, here in zip(words, chosen, strict=True)
    )


def padded(text: str, calm: Sequence[str], words: int, random: Random) -> str:
    """Put a message somewhere into about ``words`` words of calm messages."""
    around: list[str] = []
    while sum(len(piece.split()) for piece in around) < words:
        around.append(random.choice(calm))
    around.insert(random.randrange(len(around) + 1), text)
    return "\n".join(around)


def measure_robustness(
    analyzer: Analyzer, gold: Gold, texts: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Measure key figures at every strength of every disturbance.

    Returns:
        Per disturbance a list of points: ``strength`` (a share of words; for ``calm text around``
        a number of words), ``unchanged_levels``, the share of the levels decided as on the
        undisturbed text, and the figures by their dotted names.
    """
    plain = ask(analyzer, texts)
    quiet = (gold.levels == 0).all(axis=1) & (gold.signals == 0).all(axis=1)
    calm = [text for text, is_calm in zip(texts, quiet, strict=True) if is_calm]
    found: dict[str, list[dict[str, Any]]] = {}
    curves: dict[str, Sequence[float]] = {
        **dict.fromkeys((*DISTURBANCES, "missing spaces"), STRENGTHS),
        **({"calm text around": PADDING} if calm else {}),
    }
    for how, strengths in curves.items():
        found[how] = []
        for strength in strengths:
            random = Random(_SEED)  # noqa: S311 - no secret
            if how in (*DISTURBANCES, "missing spaces"):
                changed = [disturbed(text, how, strength, random) for text in texts]
            else:
                changed = [padded(text, calm, int(strength), random) for text in texts]
            answers = ask(analyzer, changed) if strength else plain
            own = figures(gold, _without_spans(answers), metrics.plain(len(gold)))
            same = float(np.mean(answers.levels == plain.levels))
            found[how].append(
                {"strength": strength, "unchanged_levels": rounded(same)}
                | {name: rounded(own[name][0]) for name in _KEPT}
            )
    return found


def _without_spans(answers: Any) -> Any:  # noqa: ANN401 - Answers
    """Offsets in a disturbed text are not those of the plain one."""
    return answers.__class__(answers.at_least, answers.levels, answers.chances, answers.signals)


def measure_languages(analyzer: Analyzer, path: Path, english: Sequence[str]) -> dict[str, Any]:
    """Tell which messages in other languages are reported as such.

    Args:
        analyzer: the model.
        path: lines with ``language`` and ``text``.
        english: texts that must not be reported.

    Returns:
        ``languages``, per language the messages, those reported as not English and the mean share
        of unknown tokens; ``english``, the rows and the share wrongly reported as ``other``.
    """
    rows = [row for _, row in read_objects(path)]
    by_language: dict[str, list[str]] = {}
    for row in rows:
        by_language.setdefault(row["language"], []).append(row["text"])
    report = {}
    for language, texts in by_language.items():
        answers = analyzer.assess_many(texts)
        report[language] = {
            "messages": len(texts),
            "reported": sum(answer.language != "en" for answer in answers),
            "unknown_share": rounded(float(np.mean([a.unknown_share for a in answers]))),
        }
    wrong = [detect_language(text) == "other" for text in english]
    return {
        "languages": report,
        "english": {"messages": len(wrong), "reported": rounded(float(np.mean(wrong)))},
    }
