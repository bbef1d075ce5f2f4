"""The files that a labeller gets: a sheet, tasks, and Label Studio's labelling interface."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict

from heard import Analyzer, load
from heard.labels import SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.config import Config
from heard_training.data.corpus import build_corpus, read_rows
from heard_training.data.identity import essence
from heard_training.data.labels.entry import Entry, Labels
from heard_training.data.labels.label_studio import interface, write_tasks
from heard_training.data.labels.sheet import write_sheet
from heard_training.errors import TrainingError
from heard_training.files import write_whole
from heard_training.suggest.choose import Choice, choose
from heard_training.suggest.doubt import Doubted, find_doubts, need_cleanlab
from heard_training.suggest.messages import Unlabelled
from heard_training.suggest.outputs import said

__all__ = ["suggest_doubts", "suggest_next"]

_log = logging.getLogger(__name__)

_INTERFACE = "label_studio.xml"


def suggest_next(
    config: Config,
    bundle: Path | None,
    messages: Sequence[Unlabelled],
    count: int,
    seed: int,
    out: Path,
) -> dict[str, Any]:
    """Write the messages to label next, ``next.csv`` and ``next.json``, into ``out``.

    Args:
        config: names the messages that are labelled already.
        bundle: the model (``None``: the shipped one).
        messages: what there is to choose from.
        count: how many to choose.
        seed: of what is drawn.
        out: a folder; files that are there stay.

    Raises:
        TrainingError: when there is nothing to choose, or the files are there already.
    """
    _check_room(out, "next")
    analyzer = load(bundle)
    corpus = _corpus(config, analyzer)
    seen = {essence(text) for rows in corpus.values() for text in rows["text"][:]}
    chosen, left_out = choose(analyzer, messages, count, seen, seed)
    if not chosen:
        reasons = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
        raise TrainingError(f"None of the {len(messages)} messages is left to label: {reasons}.")
    files = _write(out, "next", [_of_choice(choice) for choice in chosen])
    return {
        "messages": len(messages),
        "left_out": left_out,
        "chosen": len(chosen),
        "files": files,
    }


def suggest_doubts(
    config: Config, bundle: Path | None, path: Path, count: int, out: Path
) -> dict[str, Any]:
    """Write the rows of ``path`` whose labels look wrong, ``doubts.csv`` and ``doubts.json``.

    Rows that the model learned from, as ``config`` names them, are left out: it knows their labels.

    Raises:
        TrainingError: when cleanlab is missing, no row is left, or the files are there already.
    """
    need_cleanlab()
    _check_room(out, "doubts")
    rows = read_rows(path, config.heads)
    analyzer = load(bundle)
    learned = {essence(text) for text in _corpus(config, analyzer)["train"]["text"][:]}
    new = [place for place, text in enumerate(rows["text"][:]) if essence(text) not in learned]
    if len(new) < len(rows):
        _log.warning(
            "left out: %d messages that the model learned from, and whose labels it knows",
            len(rows) - len(new),
        )
    if not new:
        raise TrainingError(
            f"{path} holds only messages that the model learned from, whose labels it knows: give "
            "others."
        )
    judged = rows.select(new)
    doubted, unjudged = find_doubts(analyzer, judged)
    entries = [_of_doubted(row, judged) for row in doubted[:count]]
    return {
        "messages": len(rows),
        "left_out": {"learned from": len(rows) - len(new)},
        "too_few_to_judge": unjudged,
        "in_doubt": len(doubted),
        "files": _write(out, "doubts", entries) if entries else [],
    }


def _corpus(config: Config, analyzer: Analyzer) -> DatasetDict:
    """Read what is labelled already; say so where the model learned from something else."""
    corpus, summary = build_corpus(config)
    trained_on = analyzer.bundle.manifest["training"]["data"]["sha256"]["train"]
    if trained_on != summary["sha256"]["train"]:
        _log.warning(
            "%s %s was trained on other rows than these, so that messages it has seen may be taken "
            "for new: give the --config, --texts and --labels that it was trained with",
            analyzer.model.name,
            analyzer.model.version,
        )
    return corpus


def _check_room(out: Path, name: str) -> None:
    """Refuse to write over a sheet in which somebody may have labelled."""
    for path in (out / f"{name}.csv", out / f"{name}.json"):
        if path.exists():
            raise TrainingError(f"{path} is there, and may hold labels: give another --out.")


def _write(out: Path, name: str, entries: Sequence[Entry]) -> list[str]:
    sheet, tasks = out / f"{name}.csv", out / f"{name}.json"
    write_sheet(sheet, entries)
    write_tasks(tasks, entries)
    write_whole(out / _INTERFACE, interface())
    return [str(path) for path in (sheet, tasks, out / _INTERFACE)]


def _of_choice(choice: Choice) -> Entry:
    about = {
        "id": choice.message.id,
        "uncertainty": round(choice.uncertainty, 3),
        "unsure": ", ".join(choice.unsure),
        "model": said(choice.found),
    }
    return Entry(about, choice.message.text, {}, choice.found, 1 - choice.uncertainty)


def _of_doubted(doubted: Doubted, rows: Dataset) -> Entry:
    row = rows[doubted.place]
    worst, *others = doubted.doubts
    about = {
        "id": row["source_id"],
        "score": round(worst.score, 3),
        "label": worst.label,
        "given": "yes" if worst.given else "no",
        "chance": round(worst.chance, 3),
        "also": ", ".join(doubt.label for doubt in others),
        "model": said(doubted.found),
    }
    return Entry(about, row["text"], _given(row), doubted.found, worst.score)


def _given(row: Mapping[str, Any]) -> Labels:
    levels = zip(TARGET_NAMES, row["gold_levels"], strict=True)
    signals = zip(SIGNAL_NAMES, row["gold_signals"], strict=True)
    first = row["annotated_spans"][0] if row["annotated_spans"] else [None] * len(SPAN_NAMES)
    return {
        "levels": {name: level for name, level in levels if level >= 0},
        "signals": {name: bool(present) for name, present in signals if present >= 0},
        "spans": {
            kind: pairs for kind, pairs in zip(SPAN_NAMES, first, strict=True) if pairs is not None
        },
    }
