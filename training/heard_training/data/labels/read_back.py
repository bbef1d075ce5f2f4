"""Labels that persons gave, in a spreadsheet or in Label Studio, as messages to train on.

What they did not say is not known. Several labellings of one text are several views of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from heard.errors import InputError
from heard.text import check_text
from heard_training.config import Heads
from heard_training.data.labels.entry import Returned
from heard_training.data.labels.label_studio import read_export
from heard_training.data.labels.sheet import read_sheet
from heard_training.data.sources import Labelling, Message, agreed, labelling
from heard_training.errors import TrainingError

__all__ = ["LABELS", "read_labels"]

LABELS = "labels"


def read_labels(paths: Sequence[Path], heads: Heads) -> Iterator[Message]:
    """Read sheets (``.csv``) and exports of Label Studio (``.json``).

    Raises:
        TrainingError: for a file of another kind, that is broken, or without any label.
    """
    views: dict[str, list[Labelling]] = {}
    names: dict[str, str] = {}
    for path in paths:
        returned = list(_returned(path, heads))
        if not returned:
            raise TrainingError(f"{path} holds no labels: fill some in.")
        for one in returned:
            names.setdefault(one.text, f"{path.stem}-{one.id}")
            views.setdefault(one.text, []).extend(_views(one, heads))
    for text, given in views.items():
        spans = next((view.spans for view in given if view.spans is not None), None)
        yield Message(
            source=LABELS,
            source_id=names[text],
            text=text,
            split="train",
            gold=given[0] if len(given) == 1 else agreed(given, spans, heads),
            views=tuple(given),
        )


def _views(returned: Returned, heads: Heads) -> list[Labelling]:
    try:
        length = len(check_text(returned.text))
    except InputError as error:
        raise TrainingError(f"{returned.place}: {error}") from None
    if not returned.text.strip():
        raise TrainingError(f"{returned.place} has labels, but no text.")
    return [
        labelling(returned.place, labels, length=length, heads=heads)
        for labels in returned.labellings
    ]


def _returned(path: Path, heads: Heads) -> Iterator[Returned]:
    kind = path.suffix.lower()
    if kind == ".csv":
        return read_sheet(path, heads)
    if kind == ".json":
        return read_export(path)
    raise TrainingError(
        f"{path} is neither .csv nor .json: give a sheet, or an export of Label Studio."
    )
