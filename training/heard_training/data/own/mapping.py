"""What the columns of one's own file mean: ``[data.csv]`` of the configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from heard.labels import ESCALATION, ESCALATION_LEVELS, MAX_LEVEL, STRENGTHS
from heard_training.errors import TrainingError, did_you_mean

__all__ = ["Csv", "LabelColumn", "Meaning", "fold", "read_csv_config"]

#: A level, yes or no, or ``None`` for a value that says nothing.
Meaning = int | bool | None

_YES, _NO = ("yes", "y", "true", "t", "1"), ("no", "n", "false", "f", "0")
_WORDS: dict[str, Meaning] = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
_LEVELS: dict[str, Meaning] = {str(level): level for level in range(MAX_LEVEL + 1)}
#: Stands in ``values`` for a value that says nothing.
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class LabelColumn:
    """Where one label stands, and what the cells of that column mean."""

    column: str
    # What a cell's value means: a level from 0 to 3, true or false, or "unknown". Without it cells
    # are read as numbers, yes and no, or the names of levels.
    values: Mapping[str, int | bool | str] = field(default_factory=dict)
    # For a column of tags: true where one of these is among them, else false.
    contains: tuple[str, ...] = ()
    # What stands between tags.
    separator: str = ";"

    def check(self, name: str, is_level: bool) -> None:
        """Refuse meanings that the label ``name`` cannot have.

        Raises:
            TrainingError: in one sentence that names the key.
        """
        key = f"data.csv.labels.{name}"
        if not self.column:
            raise TrainingError(f"{key} names no column: give `column`.")
        if self.values and self.contains:
            raise TrainingError(f"{key} has both `values` and `contains`: give one of them.")
        if self.contains and not self.separator:
            raise TrainingError(f"{key}.separator is empty: give what stands between tags.")
        known = [value for value in self.values.values() if value != _UNKNOWN]
        for value in known:
            in_range = type(value) is bool or (type(value) is int and 0 <= value <= MAX_LEVEL)
            if not in_range:
                raise TrainingError(
                    f"{key}.values has {value!r}: give a level from 0 to {MAX_LEVEL}, true, false "
                    f"or {_UNKNOWN!r}."
                )
        if is_level and len({type(value) for value in known}) > 1:
            raise TrainingError(
                f"{key}.values mixes levels with true and false: a level of 0 beside a mere "
                "`true` would teach that stronger levels never occur, so give one kind."
            )
        if not is_level and any(type(v) is int and v not in (0, 1) for v in known):
            raise TrainingError(f"{key} is yes or no: give true and false in its values.")
        folded = [fold(value) for value in self.values]
        twice = [value for value in folded if folded.count(value) > 1]
        if twice:
            raise TrainingError(f"{key}.values has {twice[0]!r} twice, but for case and spaces.")

    def meanings(self, name: str, is_level: bool, seen: Collection[str]) -> dict[str, Meaning]:
        """Tell what each value means, folded; ``seen`` are those that the column holds.

        A column of levels that holds nothing but 0 and 1, or yes and no, says whether, not how
        strongly.
        """
        if self.values:
            found = {fold(value): meaning for value, meaning in self.values.items()}
            return {
                value: None if meaning == _UNKNOWN else meaning if is_level else bool(meaning)
                for value, meaning in found.items()
                if not isinstance(meaning, str) or meaning == _UNKNOWN
            }
        if not is_level or (seen and seen <= _WORDS.keys()):
            return dict(_WORDS)
        if any(value in _WORDS and value not in _LEVELS for value in seen):
            return dict(_WORDS)
        names = ESCALATION_LEVELS if name == ESCALATION.name else STRENGTHS
        return _LEVELS | {label.name: level for level, label in enumerate(names)}


@dataclass(frozen=True)
class Csv:
    """One's own labelled messages, in a table with a header."""

    # A file, or a pattern as in "exports/*.csv"; relative to the folder of the configuration.
    path: str
    text_column: str = "text"
    # Columns that may be there: the row's own id; the conversation or customer, whose rows are
    # never cut between splits; a split of your own (train, calibrate or test); the channel.
    id_column: str = ""
    group_column: str = ""
    split_column: str = ""
    channel_column: str = ""
    # "" finds out which of , ; | and tab it is.
    delimiter: str = ""
    encoding: str = "utf-8"
    # Shares of the groups that are held out to measure on, and to calibrate on.
    test_share: float = 0.15
    calibration_share: float = 0.15
    # What becomes of a value that no mapping knows: "error", or "mask" to learn nothing from it.
    unmapped: str = "error"
    labels: Mapping[str, LabelColumn] = field(default_factory=dict)

    def check(self, levels: Collection[str], signals: Collection[str]) -> None:
        """Refuse what cannot be read; the labels are those of the network's heads.

        Raises:
            TrainingError: in one sentence that names the key.
        """
        if not self.path:
            raise TrainingError("data.csv.path is empty: name your file, or give --csv FILE.")
        if not self.labels:
            raise TrainingError(
                "No column of labels is named: give --label LABEL=COLUMN, or [data.csv.labels]."
            )
        if self.unmapped not in ("error", "mask"):
            raise TrainingError(f"data.csv.unmapped is {self.unmapped!r}: choose error or mask.")
        if len(self.delimiter) > 1:
            raise TrainingError(f"data.csv.delimiter is {self.delimiter!r}: give one character.")
        shares = (self.test_share, self.calibration_share)
        if not all(0 < share < 1 for share in shares) or sum(shares) >= 1:
            raise TrainingError(
                f"data.csv.test_share is {shares[0]} and calibration_share {shares[1]}: choose "
                "shares above 0 that leave rows to train on."
            )
        known = [*levels, *signals]
        for name, label in self.labels.items():
            if name not in known:
                raise TrainingError(
                    f"There is no label {name!r}{did_you_mean(name, known)}: choose among "
                    f"{', '.join(known)}."
                )
            label.check(name, name in levels)


def fold(value: str) -> str:
    """Fold what never makes two values of one: case, outer spaces, a number's empty decimals."""
    plain = " ".join(value.split()).casefold()
    whole, dot, decimals = plain.partition(".")
    return whole if dot and whole.isdecimal() and not decimals.strip("0") else plain


def read_csv_config(values: Any, folder: Path) -> Csv:  # noqa: ANN401 - that is what is checked
    """Read the table ``[data.csv]``; a relative path counts from ``folder``.

    Raises:
        TrainingError: for unknown keys and values of a wrong type.
    """
    table = _table("data.csv", values, Csv)
    labels = table.pop("labels", {})
    if not isinstance(labels, dict):
        raise TrainingError("data.csv.labels must be tables, as in [data.csv.labels.angry].")
    return Csv(
        **{**table, "path": str(folder / table["path"]) if table.get("path") else ""},
        labels={name: _label(name, label) for name, label in labels.items()},
    )


def _label(name: str, values: Any) -> LabelColumn:  # noqa: ANN401
    key = f"data.csv.labels.{name}"
    table = _table(key, {"column": values} if isinstance(values, str) else values, LabelColumn)
    contains = table.get("contains", ())
    contains = (contains,) if isinstance(contains, str) else contains
    if not isinstance(contains, list | tuple) or not all(isinstance(v, str) for v in contains):
        raise TrainingError(f"{key}.contains must be a tag or a list of tags, not {contains!r}.")
    meant = table.get("values", {})
    if not isinstance(meant, dict):
        raise TrainingError(f"{key}.values must be a table, as in {{ mad = 2, fine = 0 }}.")
    return LabelColumn(**{"column": "", **table, "contains": tuple(contains), "values": meant})


def _table(key: str, values: Any, cls: Any) -> dict[str, Any]:  # noqa: ANN401
    """Check keys, and that plain ones are text or numbers as their defaults are."""
    if not isinstance(values, dict):
        raise TrainingError(f"{key} must be a table, [{key}], not {values!r}.")
    known = {item.name: item.type for item in fields(cls)}
    for name, value in values.items():
        if name not in known:
            raise TrainingError(
                f"[{key}] has no key {name!r}{did_you_mean(name, known)}: choose among "
                f"{', '.join(known)}."
            )
        wanted = {"str": (str,), "float": (float, int)}.get(str(known[name]))
        if wanted and (not isinstance(value, wanted) or isinstance(value, bool)):
            kind = "a text" if str in wanted else "a number"
            raise TrainingError(f"{key}.{name} must be {kind}, not {value!r}.")
    return dict(values)
