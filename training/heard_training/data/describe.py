"""Tables about our labels, for the dataset card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from heard.labels import MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.config import Heads
from heard_training.data.calibration.reread import read_reread
from heard_training.data.sources import Labelling, Message, read_authored
from heard_training.files import read_objects
from heard_training.markdown import table, three
from heard_training.measure import metrics

__all__ = ["describe"]


def describe(folder: Path, annotations: Path) -> str:
    """Return rows, distributions and agreement of the authored corpus, as Markdown tables.

    Last come the agreement on those public training messages of ``annotations`` that were labelled
    twice, and of the rows kept aside with what was said of them in one shuffled order.
    """
    messages = list(read_authored(folder, Heads()))
    parts = [
        _rows(messages),
        _levels(messages),
        _signals(messages),
        _spans(messages),
        _agreement("author and second", [m.views for m in messages if len(m.views) == 2]),
        _agreement("first and second", _labelled_twice(annotations / "train.jsonl")),
        _agreement("before and shuffled", _read_again(messages, annotations)),
    ]
    return "\n\n".join(parts)


def _rows(messages: list[Message]) -> str:
    slices = Counter((message.source_id.rpartition("-")[0], message.split) for message in messages)
    names = sorted({name for name, _ in slices})
    rows = [(name, slices[name, "train"], slices[name, "test"]) for name in names]
    total = [sum(row[column] for row in rows) for column in (1, 2)]
    return table(("slice", "train", "test"), [*rows, ("all", *total)])


def _levels(messages: list[Message]) -> str:
    counts = {
        name: Counter(message.gold.levels[name] for message in messages) for name in TARGET_NAMES
    }
    head = ("target", *(f"level {level}" for level in range(MAX_LEVEL + 1)))
    return table(head, [(n, *(c[k] for k in range(MAX_LEVEL + 1))) for n, c in counts.items()])


def _signals(messages: list[Message]) -> str:
    counts = Counter(name for message in messages for name in message.gold.signals or ())
    return table(("signal", "messages"), [(name, counts[name]) for name in SIGNAL_NAMES])


def _spans(messages: list[Message]) -> str:
    known = [message.gold.spans for message in messages if message.gold.spans is not None]
    rows = [
        (kind, sum(bool(spans[kind]) for spans in known), sum(len(spans[kind]) for spans in known))
        for kind in SPAN_NAMES
    ]
    return table(("span kind", f"messages of {len(known)}", "spans"), rows)


def _labelled_twice(path: Path) -> list[tuple[Labelling, ...]]:
    return [
        tuple(Labelling(v["levels"], frozenset(v["signals"]), None) for v in row["annotations"])
        for _, row in read_objects(path)
        if len(row.get("annotations", ())) == 2
    ]


def _read_again(messages: list[Message], annotations: Path) -> list[tuple[Labelling, ...]]:
    again = read_reread(annotations / "calibrate.jsonl", Heads())
    before = {message.sha256: message.views[0] for message in messages}
    for _, row in read_objects(annotations / "train.jsonl"):
        first = row.get("annotations", [row])[0]
        before[row["sha256"]] = Labelling(first["levels"], frozenset(first["signals"]), None)
    return [(before[sha256], view) for sha256, view in again.items() if sha256 in before]


def _agreement(title: str, pairs: Sequence[tuple[Labelling, ...]]) -> str:
    """Tabulate how far two labellings of the same messages agree."""
    once = metrics.plain(len(pairs))
    rows = []
    for name in TARGET_NAMES:
        one = np.array([author.levels[name] for author, _ in pairs])
        two = np.array([second.levels[name] for _, second in pairs])
        scores = (
            metrics.f1(one >= 1, two >= 1, once),
            metrics.f1(one >= 2, two >= 2, once),
            metrics.quadratic_kappa(one, two, once),
        )
        rows.append((name, *(three(score[0]) for score in scores)))
    for name in SIGNAL_NAMES:
        one, two = (
            np.array([_has(view, name) for view in views]) for views in zip(*pairs, strict=True)
        )
        rows.append((name, three(metrics.f1(one, two, once)[0]), "", ""))
    return table((f"{title}, {len(pairs)} rows", "F1", "F1 >= 2", "kappa"), rows)


def _has(view: Labelling, name: str) -> bool:
    return name in (view.signals or ())
