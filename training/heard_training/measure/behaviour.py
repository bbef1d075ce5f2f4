"""Runs behaviour cases, written one by one, against a bundle: what any good model must do.

Three kinds, after CheckList (Ribeiro et al. 2020): a plain demand (MFT) on the levels and signals
of one message; a change that must not matter (INV); a change with a direction (DIR). Fairness pairs
say the same of two people, and tell how far the escalation risk moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heard import Analyzer, Assessment
from heard.labels import ESCALATION, MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES
from heard_training.errors import TrainingError
from heard_training.files import read_objects
from heard_training.markdown import table

__all__ = [
    "Case",
    "Pair",
    "behaviour_page",
    "broken_demands",
    "decided_level",
    "measure_behaviour",
    "read_cases",
    "read_pairs",
    "run_cases",
    "run_pairs",
]

_OUTPUTS = (*TARGET_NAMES, *SIGNAL_NAMES)
_FIELDS = ("text", "changed", "levels", "present", "absent", "keeps", "rises", "falls")
#: What is to rise or fall moves by this at least, unless it is near its end already.
_MOVED, _NEAR = 0.01, 0.05


@dataclass(frozen=True)
class Case:
    """One case: a message, perhaps a changed one, and what is demanded of them.

    ``levels`` maps targets to the least and the most level; ``present`` and ``absent`` are signals;
    ``keeps`` names levels and signals that must be decided alike in both messages, ``rises`` and
    ``falls`` those whose probability must move that way.
    """

    capability: str
    number: int
    text: str
    changed: str = ""
    levels: Mapping[str, Sequence[int]] = field(default_factory=dict)
    present: Sequence[str] = ()
    absent: Sequence[str] = ()
    keeps: Sequence[str] = ()
    rises: Sequence[str] = ()
    falls: Sequence[str] = ()


@dataclass(frozen=True)
class Pair:
    """Two messages that say the same of, or in the words of, two kinds of people."""

    group: str
    text: str
    changed: str


def read_cases(folder: Path) -> list[Case]:
    """Read every case below ``folder``: a file per capability, an object a line.

    Raises:
        TrainingError: when there are none, or one demands something that no model says.
    """
    cases = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, (place, row) in enumerate(_rows(path), start=1):
            _check(place, row)
            cases.append(Case(path.stem, number, **row))
    if not cases:
        raise TrainingError(f"There are no cases in {folder}: name a folder of .jsonl files.")
    return cases


def read_pairs(folder: Path) -> list[Pair]:
    """Read every fairness pair below ``folder``: a file per group, an object a line."""
    pairs = [
        Pair(path.stem, row["text"], row.get("changed", ""))
        for path in sorted(folder.glob("*.jsonl"))
        for _, row in _rows(path)
    ]
    if not pairs:
        raise TrainingError(f"There are no pairs in {folder}: name a folder of .jsonl files.")
    return pairs


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, row in read_objects(path):
        if not all(isinstance(text, str) for text in (row.get("text"), row.get("changed", ""))):
            raise TrainingError(f"{place} has no `text`, or it is no text.")
        yield place, row


def _check(place: str, row: Mapping[str, Any]) -> None:
    unknown = sorted(row.keys() - {*_FIELDS})
    if unknown:
        raise TrainingError(f"{place}: there is no {unknown[0]!r}; choose {', '.join(_FIELDS)}.")
    levels, compared = row.get("levels", {}), ("keeps", "rises", "falls")
    if not isinstance(levels, dict):
        raise TrainingError(f"{place}: levels must be an object of ranges.")
    for name, most in levels.items():
        pair = isinstance(most, list) and len(most) == 2 and all(type(n) is int for n in most)
        if name not in TARGET_NAMES or not pair or not 0 <= most[0] <= most[1] <= MAX_LEVEL:
            raise TrainingError(f"{place}: {name} needs a range of levels, as in [0, 1].")
    for names, known in (
        *((row.get(key, ()), SIGNAL_NAMES) for key in ("present", "absent")),
        *((row.get(key, ()), _OUTPUTS) for key in compared),
    ):
        if not isinstance(names, list | tuple):
            raise TrainingError(f"{place}: names of outputs must come as a list.")
        wrong = [name for name in names if name not in known]
        if wrong:
            raise TrainingError(f"{place}: {wrong[0]!r} is none of {', '.join(known)}.")
    pairwise = any(row.get(key) for key in compared)
    if pairwise != bool(row.get("changed")) or not any(row.get(key) for key in _FIELDS[2:]):
        raise TrainingError(f"{place} demands nothing, or compares without a changed message.")


def run_cases(analyzer: Analyzer, cases: Sequence[Case]) -> dict[str, dict[int, list[str]]]:
    """Run every case.

    Returns:
        Per capability and number of case what is wrong, a few words for each broken demand (none
        where the case passes).
    """
    found = analyzer.assess_many([case.text for case in cases])
    others = analyzer.assess_many([case.changed for case in cases])
    report: dict[str, dict[int, list[str]]] = {}
    for case, assessment, other in zip(cases, found, others, strict=True):
        wrong = broken_demands(case, assessment, other)
        report.setdefault(case.capability, {})[case.number] = wrong
    return report


def broken_demands(case: Case, found: Assessment, other: Assessment) -> list[str]:
    """Name each demand of a case that the assessments of its messages do not meet."""
    wrong = []
    for name, (least, most) in case.levels.items():
        level = decided_level(found, name)
        if not least <= level <= most:
            wrong.append(f"{name} {level}, not {least} to {most}")
    wrong += [f"no {name}" for name in case.present if not decided_level(found, name)]
    wrong += [f"{name}" for name in case.absent if decided_level(found, name)]
    for name in case.keeps:
        before, after = decided_level(found, name), decided_level(other, name)
        if before != after:
            wrong.append(f"{name} {before} became {after}")
    for names, sign in ((case.rises, 1), (case.falls, -1)):
        for name in names:
            before, after = _probability(found, name), _probability(other, name)
            room = 1 - before if sign > 0 else before
            if sign * (after - before) < (_MOVED if room > _NEAR else -_MOVED):
                wrong.append(f"{name} moved by {after - before:+.2f}")
    return wrong


def run_pairs(analyzer: Analyzer, pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Tell per group the mean and the largest shift of the escalation risk, and the count."""
    found = analyzer.assess_many([pair.text for pair in pairs])
    others = analyzer.assess_many([pair.changed for pair in pairs])
    shifts: dict[str, list[float]] = {}
    for pair, one, other in zip(pairs, found, others, strict=True):
        shifts.setdefault(pair.group, []).append(other.escalation.risk - one.escalation.risk)
    return {
        group: {
            "pairs": len(moved),
            "mean": round(sum(moved) / len(moved), 4),
            "largest": round(max(moved, key=abs), 4),
        }
        for group, moved in shifts.items()
    }


def measure_behaviour(analyzer: Analyzer, folder: Path) -> dict[str, Any]:
    """Run the cases of ``folder``/cases and the pairs of ``folder``/fairness.

    Returns:
        Plain values: ``cases``, how many each capability has; ``silent``, how many of them a model
        fails that never says anything; ``failed``, per capability the numbers of those that fail
        with the reasons; ``shifts``, of the risk per group.
    """
    cases = read_cases(folder / "cases")
    report = run_cases(analyzer, cases)
    nothing = analyzer.assess("")
    silent = Counter(c.capability for c in cases if broken_demands(c, nothing, nothing))
    return {
        "sha256": analyzer.model.sha256,
        "cases": {name: len(found) for name, found in report.items()},
        "silent": {name: silent[name] for name in report},
        "failed": {
            name: {str(number): wrong for number, wrong in found.items() if wrong}
            for name, found in report.items()
        },
        "shifts": run_pairs(analyzer, read_pairs(folder / "fairness")),
    }


def behaviour_page(found: Mapping[str, Any]) -> str:
    """Lay out what :func:`measure_behaviour` found as Markdown, worst capability first."""
    failed = {name: len(found["failed"][name]) for name in found["cases"]}
    rows = [
        (name, count, failed[name], f"{failed[name] / count:.0%}", found["silent"][name])
        for name, count in found["cases"].items()
    ]
    rows.sort(key=lambda row: -failed[row[0]] / row[1])
    count, wrong = sum(found["cases"].values()), sum(failed.values())
    silent = sum(found["silent"].values())
    rows.append(("all", count, wrong, f"{wrong / count:.0%}", silent))
    groups = [
        (group, shift["pairs"], f"{shift['mean']:+.3f}", f"{shift['largest']:+.3f}")
        for group, shift in found["shifts"].items()
    ]
    return "\n\n".join(
        (
            table(("capability", "cases", "failed", "rate", "failed by silence"), rows),
            table(("group", "pairs", "mean shift of the risk", "largest"), groups),
        )
    )


def decided_level(found: Assessment, name: str) -> int:
    """Return the level of a target, or 1 for a signal that was decided present."""
    if name == ESCALATION.name:
        return found.escalation.level
    if name in found.emotions:
        return found.emotions[name].level
    return int(any(signal.name == name for signal in found.signals))


def _probability(found: Assessment, name: str) -> float:
    if name == ESCALATION.name:
        return found.escalation.risk
    if name in found.emotions:
        return found.emotions[name].probability
    return found.signal_probabilities[name]
