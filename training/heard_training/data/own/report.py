"""What was understood of one's own file, and what is wrong with it; places, and never texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.feature_extraction.text import HashingVectorizer

from heard.language import detect_language
from heard_training.data.own.labels import Label
from heard_training.data.own.mapping import Csv
from heard_training.data.own.table import Row, Table
from heard_training.markdown import table

__all__ = ["Text", "describe", "own_page"]

#: How the page names the corpus' splits.
SPLIT_NAMES = {"train": "train", "calibrate": "calibrate", "dev": "test"}

_MOST_PLACES = 5
_MOST_VALUES = 12
#: Share of common three-word phrases, as a cosine, from which on two texts are nearly one.
_NEAR = 0.8
_COMPARED_AT_ONCE = 256
#: Characters beyond which heard reads no further (the default of heard.tokens).
_CAP = 20_000


@dataclass(frozen=True)
class Text:
    """All rows of one text, with the split that it is in."""

    rows: Sequence[Row]
    text: str
    split: str


def describe(
    own: Csv, tables: Sequence[Table], labels: Sequence[Label], texts: Sequence[Text]
) -> dict[str, Any]:
    """Describe the file as plain values."""
    rows = [row for found in tables for row in found.rows]
    columns = list(dict.fromkeys(name for found in tables for name in found.columns))
    named = {own.text_column, own.id_column, own.group_column, own.split_column, own.channel_column}
    named |= {label.source.column for label in labels}
    return {
        "files": {found.path.name: len(found.rows) for found in tables},
        "delimiter": tables[0].delimiter,
        "rows": len(rows),
        "texts": len(texts),
        "text_column": own.text_column,
        "group_column": own.group_column,
        "unused_columns": [name for name in columns if name not in named],
        "labels": {label.name: label.to_dict() | _counts(label, texts) for label in labels},
        "splits": _splits(own, texts),
        "empty": _places(row for row in rows if not row.cells[own.text_column].strip()),
        "unlabelled": _places(
            row for row in rows if all(label.of(row) is None for label in labels)
        ),
        "too_long": _places(text.rows[0] for text in texts if len(text.text) > _CAP),
        "repeated": _places(text.rows[1] for text in texts if len(text.rows) > 1),
        "contradictory": _places(text.rows[0] for text in texts if _contradict(text, labels)),
        "nearly_trained_on": _near(texts),
        "groups_cut": _cut(own, texts),
        "languages": dict(Counter(detect_language(text.text) for text in texts)),
    }


def _places(rows: Iterable[Row]) -> dict[str, Any]:
    """Count rows, and name the places of the first few."""
    places = [row.place for row in rows]
    return {"count": len(places), "first": places[:_MOST_PLACES]}


def _counts(label: Label, texts: Sequence[Text]) -> dict[str, int]:
    meanings = [label.of(row) for text in texts for row in text.rows]
    known = [meaning for meaning in meanings if meaning is not None]
    return {"known": len(known), "positive": sum(meaning > 0 for meaning in known)}


def _splits(own: Csv, texts: Sequence[Text]) -> dict[str, Any]:
    found = {}
    for split, name in SPLIT_NAMES.items():
        inside = [text for text in texts if text.split == split]
        groups = {row.cells.get(own.group_column, "") for text in inside for row in text.rows}
        found[name] = {"texts": len(inside)} | ({"groups": len(groups)} if own.group_column else {})
    return found


def _contradict(text: Text, labels: Sequence[Label]) -> bool:
    """Tell whether rows of one text have two known labels that differ."""
    given = [{label.of(row) for row in text.rows} - {None} for label in labels]
    return any(len(meanings) > 1 for meanings in given)


def _cut(own: Csv, texts: Sequence[Text]) -> int:
    """Count groups in several splits: by a split column, or by a text that several groups wrote."""
    splits: dict[str, set[str]] = {}
    for text in texts:
        for row in text.rows:
            group = row.cells.get(own.group_column, "").strip()
            if group:
                splits.setdefault(group, set()).add(text.split)
    return sum(len(found) > 1 for found in splits.values())


def _near(texts: Sequence[Text]) -> dict[str, Any]:
    """Find texts held out that are nearly one of the others: a template with another number."""
    held = [text for text in texts if text.split != "train"]
    learned = [text for text in texts if text.split == "train"]
    if not held or not learned:
        return _places(())
    # Phrases of three words; what is shorter is too common to tell.
    phrases = HashingVectorizer(ngram_range=(3, 3), binary=True, alternate_sign=False)
    known = phrases.transform([_without_numbers(text.text) for text in learned]).T.tocsc()
    near: list[Row] = []
    for start in range(0, len(held), _COMPARED_AT_ONCE):
        part = held[start : start + _COMPARED_AT_ONCE]
        found = phrases.transform([_without_numbers(text.text) for text in part]) @ known
        nearest = found.max(axis=1).toarray()[:, 0]
        near += [text.rows[0] for text, by in zip(part, nearest, strict=True) if by >= _NEAR]
    return _places(near)


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def own_page(report: Mapping[str, Any]) -> str:
    """Lay the report out for a person."""
    files = ", ".join(f"{name} ({rows:,} rows)" for name, rows in report["files"].items())
    lines = [
        f"Read {files}: {report['texts']:,} texts in the column {report['text_column']!r}, cells "
        f"between {report['delimiter']!r}.",
        "",
        table(
            ("label", "column", "kind", "rows that know it", "positive"),
            (
                (name, label["column"], label["kind"], label["known"], label["positive"])
                for name, label in report["labels"].items()
            ),
        ),
        "",
        *(_meanings(name, label) for name, label in report["labels"].items()),
        "",
        f"Splits, {_drawn_by(report)}:",
        *(f"  {name}: {_split_line(split)}" for name, split in report["splits"].items()),
        f"Languages: {', '.join(f'{n:,} {name}' for name, n in report['languages'].items())}.",
    ]
    if report["unused_columns"]:
        lines.append(f"Not used: {', '.join(map(repr, report['unused_columns']))}.")
    return "\n".join([*lines, "", *_findings(report)])


def _meanings(name: str, label: Mapping[str, Any]) -> str:
    shown = [
        f"{value} = {_meaning(found['means'])} ({found['rows']})"
        for value, found in list(label["values"].items())[:_MOST_VALUES]
    ]
    more = len(label["values"]) + label["long_values"] - len(shown)
    return f"{name}: {', '.join(shown)}{f' and {more} more' if more else ''}"


def _meaning(means: int | bool | None) -> str:
    if means is None:
        return "not known"
    return ("yes" if means else "no") if isinstance(means, bool) else f"level {means}"


def _drawn_by(report: Mapping[str, Any]) -> str:
    column = report["group_column"]
    return f"whole groups of {column!r}" if column else "text by text (no group_column is named)"


def _split_line(split: Mapping[str, int]) -> str:
    groups = f", {split['groups']:,} groups" if "groups" in split else ""
    return f"{split['texts']:,} texts{groups}"


def _findings(report: Mapping[str, Any]) -> Iterator[str]:
    """Name what is wrong, or say that nothing is."""
    sentences = {
        "empty": "rows have no text, and are left out",
        "unlabelled": "rows have no label, and teach nothing",
        "too_long": f"texts have more than {_CAP:,} characters, of which the rest is not read",
        "repeated": "texts stand there more than once, and are learned once with the mean label",
        "contradictory": "texts stand there with labels that contradict each other",
        "nearly_trained_on": "texts to calibrate and test on are nearly a training text, so that "
        "figures will flatter",
    }
    found = [
        f"{report[key]['count']:,} {sentence} (first: {', '.join(report[key]['first'])})."
        for key, sentence in sentences.items()
        if report[key]["count"]
    ]
    if report["groups_cut"]:
        found.append(f"{report['groups_cut']:,} groups lie in more than one split.")
    foreign = report["languages"].get("other", 0)
    if foreign:
        found.append(f"{foreign:,} texts are not English, which the shipped model does not know.")
    yield from (f"! {sentence}" for sentence in found)
    if not found:
        yield "Nothing wrong was found."
