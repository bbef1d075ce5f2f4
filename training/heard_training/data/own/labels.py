"""Turns the cells of label columns into labels; what no mapping knows is counted, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heard_training.config import Heads
from heard_training.data.own.mapping import Csv, LabelColumn, Meaning, fold
from heard_training.data.own.table import Row
from heard_training.data.sources import Labelling
from heard_training.errors import TrainingError, did_you_mean

__all__ = ["Label", "labelling", "read_labels"]

_MOST_LISTED = 8
#: A longer cell is no label but somebody's words, and is not repeated.
_LONGEST_SHOWN = 30


@dataclass(frozen=True)
class Label:
    """One label of the network, as a column says it.

    ``values`` counts the rows of each value that the column holds, ``meanings`` says what it was
    taken for; a value without a meaning is masked.
    """

    name: str
    source: LabelColumn
    is_level: bool
    values: Mapping[str, int]
    meanings: Mapping[str, Meaning]

    @property
    def kind(self) -> str:
        """Whether the column says how strongly, or only whether."""
        used = [self.meanings.get(value) for value in self.values]
        return "levels" if any(type(meaning) is int for meaning in used) else "yes or no"

    def of(self, row: Row) -> Meaning:
        """Read one row's cell; ``None`` where it is empty, missing or masked."""
        cell = row.cells.get(self.source.column, "")
        if not cell.strip():
            return None
        if not self.source.contains:
            return self.meanings.get(fold(cell))
        wanted = {fold(tag) for tag in self.source.contains}
        return not wanted.isdisjoint(_tags(cell, self.source))

    def to_dict(self) -> dict[str, Any]:
        """Return what was understood, for the report."""
        short = [value for value in self.values if len(value) <= _LONGEST_SHOWN]
        shown = {
            value: {"rows": self.values[value], "means": self.meanings.get(value)}
            for value in short
        }
        return {
            "column": self.source.column,
            "kind": self.kind,
            "values": shown,
            "long_values": len(self.values) - len(short),
        }


def read_labels(config: Csv, heads: Heads, rows: Sequence[Row]) -> list[Label]:
    """Find out what every value of every label's column means.

    Raises:
        TrainingError: for values that no mapping knows, unless they are to be masked, and for tags
            that no row has.
    """
    labels = []
    for name, source in config.labels.items():
        cells = [row.cells.get(source.column, "") for row in rows]
        cells = [cell for cell in cells if cell.strip()]
        is_level = name in heads.levels
        if source.contains:
            labels.append(_tagged(name, source, is_level, cells))
            continue
        values = Counter(map(fold, cells))
        meanings = source.meanings(name, is_level, values.keys())
        strange = {value: rows for value, rows in values.items() if value not in meanings}
        if strange and config.unmapped == "error":
            raise _unmapped(config, name, source, strange, meanings)
        labels.append(Label(name, source, is_level, dict(values.most_common()), meanings))
    return labels


def labelling(row: Row, labels: Sequence[Label]) -> Labelling:
    """Read what one row knows."""
    found = {label.name: label.of(row) for label in labels}
    levels = {label.name: found[label.name] for label in labels if label.is_level}
    signals = {label.name: found[label.name] for label in labels if not label.is_level}
    asked = frozenset(name for name, present in signals.items() if present is not None)
    return Labelling(
        levels={name: level for name, level in levels.items() if level is not None},
        signals=frozenset(name for name in asked if signals[name]) if asked else None,
        spans=None,
        asked=asked or None,
    )


def _tags(cell: str, source: LabelColumn) -> set[str]:
    return {fold(tag) for tag in cell.split(source.separator) if tag.strip()}


def _tagged(name: str, source: LabelColumn, is_level: bool, cells: Sequence[str]) -> Label:
    counts = Counter(tag for cell in cells for tag in _tags(cell, source))
    absent = [tag for tag in source.contains if fold(tag) not in counts]
    if absent:
        raise TrainingError(
            f"No row has the tag {absent[0]!r}{did_you_mean(absent[0], counts)} in the column "
            f"{source.column!r}, which data.csv.labels.{name}.contains names."
        )
    wanted = {fold(tag) for tag in source.contains}
    return Label(
        name,
        source,
        is_level,
        dict(counts.most_common()),
        {tag: tag in wanted for tag in counts},
    )


def _unmapped(
    config: Csv,
    name: str,
    source: LabelColumn,
    strange: Mapping[str, int],
    meanings: Mapping[str, Meaning],
) -> TrainingError:
    listed = [
        f"{_named(value)} in {count} row{'s' * (count > 1)}{did_you_mean(value, meanings)}"
        for value, count in Counter(strange).most_common(_MOST_LISTED)
    ]
    if len(strange) > _MOST_LISTED:
        listed.append(f"{len(strange) - _MOST_LISTED} more")
    return TrainingError(
        f"The column {source.column!r} of {config.path} has values that say nothing of {name}: "
        f"{', '.join(listed)}: name them in data.csv.labels.{name}.values, as in "
        '{ "mad" = 2, "n/a" = "unknown" }, or learn nothing from them with '
        "--set data.csv.unmapped=mask."
    )


def _named(value: str) -> str:
    return repr(value) if len(value) <= _LONGEST_SHOWN else f"one of {len(value)} characters"
