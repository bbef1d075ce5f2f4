"""Labels in a spreadsheet: a message a row, a column for each level and each signal.

Words cannot be marked in a spreadsheet, so that spans are neither written nor read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from heard.labels import MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES
from heard_training.config import Heads
from heard_training.data.labels.entry import Entry, Returned
from heard_training.data.labels.tables import read_table, write_table
from heard_training.errors import TrainingError, did_you_mean

__all__ = ["read_sheet", "write_sheet"]

_log = logging.getLogger(__name__)

_LEVELS = {str(level): level for level in range(MAX_LEVEL + 1)}
_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0")
_SIGNALS = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
#: What this module itself writes besides text and labels.
_ABOUT = {"id", "uncertainty", "unsure", "model", "score", "label", "given", "chance", "also"}


def write_sheet(path: Path, entries: Sequence[Entry]) -> None:
    """Write at least one entry; labels that are not given are left empty."""
    about = list(entries[0].about)
    rows = []
    for entry in entries:
        levels, signals = (entry.given.get(name, {}) for name in ("levels", "signals"))
        present = [{True: "yes", False: "no"}.get(signals.get(name), "") for name in SIGNAL_NAMES]
        cells = [levels.get(name, "") for name in TARGET_NAMES] + present
        rows.append([*(entry.about[name] for name in about), entry.text, *cells])
    write_table(path, [*about, "text", *TARGET_NAMES, *SIGNAL_NAMES], rows)


def read_sheet(path: Path, heads: Heads) -> Iterator[Returned]:
    """Read the rows that have any label; an empty cell is one that is not known.

    Raises:
        TrainingError: for a file that is no such table, and for cells that are no labels.
    """
    levels = dict.fromkeys(heads.levels, _LEVELS)
    signals = dict.fromkeys(heads.signals, _SIGNALS)
    for number, (place, row) in enumerate(read_table(path), start=1):
        if number == 1:
            _check_columns(path, row, heads)
        labels = {"levels": _read(place, row, levels), "signals": _read(place, row, signals)}
        if any(labels.values()):
            yield Returned(place, row.get("id") or str(number), row["text"], [labels])


def _check_columns(path: Path, row: Mapping[str, str], heads: Heads) -> None:
    names = {*heads.levels, *heads.signals}
    if "text" not in row or not names & row.keys():
        raise TrainingError(
            f"{path} is no sheet of labels: it needs the column text and some of "
            f"{', '.join(sorted(names))}."
        )
    unread = sorted(row.keys() - names - _ABOUT - {"text", ""})
    if unread:
        _log.warning("%s: not read, as no label has that name: %s", path, ", ".join(unread))


def _read(
    place: str, row: Mapping[str, str], columns: Mapping[str, Mapping[str, int]]
) -> dict[str, int]:
    """Read the cells of ``columns`` that are not empty, by the words that each may hold."""
    found = {}
    for name, words in columns.items():
        cell = row.get(name, "").strip().lower()
        if not cell:
            continue
        if cell not in words:
            wanted = "yes or no" if words is _SIGNALS else f"0 to {MAX_LEVEL}"
            shown = f"a cell of {len(cell)} characters"
            if len(cell) <= 20:
                shown = f"{cell!r}{did_you_mean(cell, words)}"
            raise TrainingError(f"{place}: {name} is {shown}, not {wanted} (or nothing).")
        found[name] = words[cell]
    return found
