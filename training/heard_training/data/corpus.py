"""One Arrow dataset from every source, with masks for what each row knows.

Splits: ``train``; ``calibrate``, rows that may be trained on but are kept aside; ``test``, the
authored test rows; ``dev``, real messages that only report. A row of a source that may not be
trained on never enters the first two.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict, Features, List, Value, disable_progress_bars

from heard.labels import MAX_LEVEL
from heard_training.config import Config, Heads
from heard_training.data.calibration.prefer import is_own, prefer, read_sampled, sampled
from heard_training.data.calibration.reread import read_again, read_reread
from heard_training.data.drafts import read_drafts
from heard_training.data.feedback import FEEDBACK, count_without_text, read_feedback
from heard_training.data.identity import chance, essence
from heard_training.data.labels.read_back import LABELS, read_labels
from heard_training.data.own.read import OWN, OwnData, read_own
from heard_training.data.sources import (
    Labelling,
    Message,
    read_authored,
    read_labelled,
    read_local,
    read_sources,
)
from heard_training.data.tables import read_label_table
from heard_training.errors import TrainingError
from heard_training.files import in_repository, written_whole

__all__ = ["SPLITS", "UNKNOWN", "build_corpus", "load_corpus", "read_rows", "save_corpus"]

SPLITS = ("train", "calibrate", "test", "dev")
#: Stands in gold columns for what a row does not know.
UNKNOWN = -1

_SUMMARY = "prepared.json"

_SPANS = List(List(List(Value("int32"))))
FEATURES = Features(
    {
        "text": Value("string"),
        "source": Value("string"),
        "source_id": Value("string"),
        "channel": Value("string"),
        # Soft targets: the mean over views of "level >= k"; 1.0 in the mask where it is known.
        "level_targets": List(List(Value("float32"))),
        "level_mask": List(List(Value("float32"))),
        "signal_targets": List(Value("float32")),
        "signal_mask": List(Value("float32")),
        # Per kind a list of [start, end) in code points, from the first view that has spans.
        "spans": _SPANS,
        "span_mask": List(Value("float32")),
        # What evaluation compares with.
        "gold_levels": List(Value("int8")),
        "gold_signals": List(Value("int8")),
        "annotated_spans": List(_SPANS),
    }
)


#: Why messages are left out, as the summary names it.
_FORBIDDEN, _MEASURED = "left_out_for_rights", "left_out_as_in_dev_or_test"
_SPARED, _REPLACED = "authored_not_learned_from", "left_out_as_labelled_anew"
_REASONS = (_FORBIDDEN, _MEASURED, _SPARED, _REPLACED)


def build_corpus(config: Config, own: OwnData | None = None) -> tuple[DatasetDict, dict[str, Any]]:
    """Read every source that ``config`` names; return the splits and a summary of them.

    ``own`` is one's own file where it has been read already.
    """
    trainable = _trainable(config)
    messages = list(_messages(config))
    if config.data.csv:
        messages += (own or read_own(config)).messages
    # The splits of a benchmark are taken as they are: its published figures rest on them.
    official = bool(config.data.label_table)
    kept_aside = set() if official else _kept_aside(messages, config.data.calibration_share)
    reported = [] if official else [m for m in messages if m.split in ("dev", "test")]
    measured = {essence(message.text) for message in reported}
    anew = {essence(message.text) for message in messages if message.source == LABELS}
    reread = _second_reading(config)
    rows: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
    left_out: dict[str, Counter[str]] = {reason: Counter() for reason in _REASONS}
    for message in messages:
        split = _split_of(message, trainable, kept_aside)
        reason = _why_not(message, split, measured, anew, config.data.authored_share)
        if reason:
            left_out[reason][message.source] += 1
        else:
            if split == "calibrate":
                message = read_again(message, reread)
            rows[str(split)].append(_row(message, config.heads))
    if not rows["train"] or not rows["calibrate"]:
        raise TrainingError("No rows are left to train or to calibrate on: check [data].")
    preferred, like_use = _prefer_nearer(rows["calibrate"], config)
    corpus = DatasetDict({split: _dataset(rows[split]) for split in SPLITS})
    summary: dict[str, Any] = {
        "rows": {split: len(rows[split]) for split in SPLITS},
        "sources": {split: dict(Counter(r["source"] for r in rows[split])) for split in SPLITS},
        **{reason: dict(left_out[reason]) for reason in _REASONS[:2]},
        "sha256": {split: _sha256(rows[split]) for split in SPLITS},
    }
    if like_use:
        summary["calibrated_on_sampled_rows_alone"] = like_use
    if config.data.csv:
        summary[_SPARED] = left_out[_SPARED].total()
        summary["calibrated_on_own_rows_alone"] = preferred
        summary["taught_by_no_row"] = _untaught(rows["train"], config.heads)
    if config.data.feedback:
        summary["feedback_without_text"] = count_without_text(Path(config.data.feedback))
    if config.data.labels:
        summary[_REPLACED] = dict(left_out[_REPLACED])
    return corpus, summary


def _second_reading(config: Config) -> dict[str, Labelling]:
    place = config.data.reread
    return read_reread(in_repository(place), config.heads) if place else {}


def _prefer_nearer(rows: list[dict[str, Any]], config: Config) -> tuple[list[str], list[str]]:
    """Choose what each output is calibrated on.

    Returns those that one's own rows suffice for, and those that rows written as samples do.
    """
    own = prefer(rows, is_own, config.heads)
    if not config.data.sampled:
        return own, []
    slices = read_sampled(in_repository(config.data.sampled))
    return own, prefer(rows, sampled(slices), config.heads)


def _why_not(
    message: Message, split: str | None, measured: set[str], anew: set[str], share: float
) -> str:
    """Tell why a message enters no split; an empty text where it does."""
    if split is None:
        return _FORBIDDEN
    if split not in ("train", "calibrate"):
        return ""
    if split == "train" and _spared(message, share):
        return _SPARED
    if essence(message.text) in measured:
        return _MEASURED
    return _REPLACED if _labelled_anew(message, anew) else ""


def read_rows(path: Path, heads: Heads) -> Dataset:
    """Read a file of labelled messages into rows of the corpus' make.

    Raises:
        TrainingError: when the file is missing, empty or broken.
    """
    rows = [_row(message, heads) for message in read_labelled(path, heads)]
    if not rows:
        raise TrainingError(f"{path} holds no messages.")
    if not any(row["annotated_spans"] or _knows_labels(row) for row in rows):
        raise TrainingError(f"{path} knows no levels, signals or spans of any message.")
    return _dataset(rows)


def _knows_labels(row: dict[str, Any]) -> bool:
    masks = (*row["level_mask"], row["signal_mask"])
    return any(known for mask in masks for known in mask)


def _untaught(rows: list[dict[str, Any]], heads: Heads) -> list[str]:
    """Name the outputs of which no row knows anything."""
    taught = {
        name
        for row in rows
        for names, masks in (
            (heads.levels, [max(mask) for mask in row["level_mask"]]),
            (heads.signals, row["signal_mask"]),
        )
        for name, known in zip(names, masks, strict=True)
        if known
    }
    return [name for name in (*heads.levels, *heads.signals) if name not in taught]


def save_corpus(corpus: DatasetDict, summary: dict[str, Any], folder: Path) -> None:
    """Write the corpus under a temporary name, then rename: a folder that is there is whole."""
    with written_whole(folder) as partial:
        # A split without rows is written as no file at all, which then cannot be read.
        kept = DatasetDict({split: rows for split, rows in corpus.items() if len(rows)})
        disable_progress_bars()  # of a second at most, and there without a terminal too
        kept.save_to_disk(partial)
        (partial / _SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def load_corpus(folder: Path) -> tuple[DatasetDict, dict[str, Any]]:
    """Read what :func:`save_corpus` wrote.

    Raises:
        TrainingError: when there is no prepared corpus.
    """
    if not (folder / _SUMMARY).is_file():
        raise TrainingError(f"There is no prepared corpus at {folder}: run `heard-train prepare`.")
    summary = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
    kept = DatasetDict.load_from_disk(folder)
    return DatasetDict({split: kept.get(split, _dataset([])) for split in SPLITS}), summary


def _trainable(config: Config) -> set[str]:
    """Name the sources that may be trained on: those allowed by the table, and one's own."""
    rights = read_sources(in_repository(config.data.sources))
    for name in config.data.own_sources:
        if name in rights and not rights[name]["train"]:
            raise TrainingError(
                f"{config.data.sources} forbids training on {name}: take it out of "
                "data.own_sources."
            )
    given = {
        FEEDBACK: config.data.feedback,
        LABELS: config.data.labels,
        OWN: config.data.csv is not None,
    }
    own = {*config.data.own_sources, *(name for name, place in given.items() if place)}
    return {name for name, source in rights.items() if source["train"]} | own


def _dataset(rows: list[dict[str, Any]]) -> Dataset:
    """Make a dataset by columns: a split without rows keeps its columns."""
    columns = {name: [row[name] for row in rows] for name in FEATURES}
    return Dataset.from_dict(columns, features=FEATURES)


def _messages(config: Config) -> Iterator[Message]:
    if config.data.authored:
        yield from read_authored(in_repository(config.data.authored), config.heads)
    if config.data.drafts:
        yield from read_drafts(Path(config.data.drafts))
    if config.data.label_table:
        yield from read_label_table(config)
    elif config.data.texts:
        yield from read_local(Path(config.data.texts), config.heads)
    if config.data.feedback:
        yield from read_feedback(Path(config.data.feedback), config.heads)
    if config.data.labels:
        yield from read_labels([Path(place) for place in config.data.labels], config.heads)


def _kept_aside(messages: Iterable[Message], share: float) -> set[str]:
    """Choose what to calibrate on: of every slice of the authored corpus the same share of rows.

    They are taken in whole blocks, in the order of a hash; so are single messages, that lie in no
    block. One's own have their splits already.
    """
    slices: dict[str, Counter[str]] = {}
    chosen = set()
    for message in messages:
        if message.split == "train" and message.block:
            slices.setdefault(message.block.rpartition("-")[0], Counter())[message.block] += 1
        elif message.source != OWN and chance(message.sha256) < share:
            chosen.add(message.sha256)
    # A slice of one block would be learned from in whole or not at all: such are taken together.
    small = [name for name, blocks in slices.items() if len(blocks) == 1]
    together = sum((slices.pop(name) for name in small), Counter())
    for blocks in (*slices.values(), together):
        wanted, taken = share * blocks.total(), 0
        for block in sorted(blocks, key=chance)[: len(blocks) - 1]:
            if taken >= wanted:
                break
            # After the first, a block is taken where that brings the count nearer to the share.
            if taken and taken + blocks[block] / 2 > wanted:
                break
            chosen.add(block)
            taken += blocks[block]
    return chosen


def _spared(message: Message, share: float) -> bool:
    """Whether an authored row is left out beside one's own; the choice stays as rows are added."""
    return message.source == "authored" and chance(f"share {message.source_id}") >= share


def _split_of(message: Message, trainable: Iterable[str], kept_aside: set[str]) -> str | None:
    """Name a message's split; ``None`` where rights forbid the one that it would enter."""
    if message.split in ("dev", "test"):
        return message.split
    if message.source not in trainable:
        return None
    if message.split == "calibrate":
        return message.split
    return "calibrate" if (message.block or message.sha256) in kept_aside else "train"


def _labelled_anew(message: Message, anew: set[str]) -> bool:
    return message.source != LABELS and essence(message.text) in anew


def _row(message: Message, heads: Heads) -> dict[str, Any]:
    level_views = [
        [_cumulative(view.levels.get(name)) for name in heads.levels] for view in message.views
    ]
    signal_views = [[_present(view, name) for name in heads.signals] for view in message.views]
    spans = [view.spans for view in message.views if view.spans is not None]
    level_pairs = [
        [_mean([view[target][k] for view in level_views]) for k in range(MAX_LEVEL)]
        for target in range(len(heads.levels))
    ]
    signal_pairs = [_mean(list(column)) for column in zip(*signal_views, strict=True)]
    first = spans[0] if spans else {}
    return {
        "text": message.text,
        "source": message.source,
        "source_id": message.source_id,
        "channel": message.channel,
        "level_targets": [[value for value, _ in target] for target in level_pairs],
        "level_mask": [[known for _, known in target] for target in level_pairs],
        "signal_targets": [value for value, _ in signal_pairs],
        "signal_mask": [known for _, known in signal_pairs],
        "spans": _by_kind(first, heads),
        "span_mask": [float(kind in first) for kind in heads.spans],
        "gold_levels": [_gold_level(message.gold, name) for name in heads.levels],
        "gold_signals": [_gold(message.gold, name) for name in heads.signals],
        # A kind that an annotation does not know is null.
        "annotated_spans": [
            [pairs if kind in view else None for kind, pairs in _named(view, heads)]
            for view in spans
        ],
    }


def _cumulative(level: int | bool | None) -> list[float | None]:
    if type(level) is bool:  # the negatives alone would teach that stronger levels never occur
        return [float(level), *[None] * (MAX_LEVEL - 1)]
    return [None if level is None else float(level >= k) for k in range(1, MAX_LEVEL + 1)]


def _present(view: Labelling, name: str) -> float | None:
    present = view.signal(name)
    return None if present is None else float(present)


def _gold_level(gold: Labelling, name: str) -> int:
    level = gold.levels.get(name)
    return UNKNOWN if level is None or type(level) is bool else level


def _gold(gold: Labelling, name: str) -> int:
    present = gold.signal(name)
    return UNKNOWN if present is None else int(present)


def _mean(values: list[float | None]) -> tuple[float, float]:
    """Average what is known; the second number is the mask."""
    known = [value for value in values if value is not None]
    return (sum(known) / len(known), 1.0) if known else (0.0, 0.0)


def _by_kind(spans: Any, heads: Heads) -> list[list[list[int]]]:  # noqa: ANN401 - Spans or {}
    return [pairs for _, pairs in _named(spans, heads)]


def _named(spans: Any, heads: Heads) -> list[tuple[str, list[list[int]]]]:  # noqa: ANN401
    return [(kind, [[start, end] for start, end in spans.get(kind, ())]) for kind in heads.spans]


def _sha256(rows: list[dict[str, Any]]) -> str:
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: (row["source"], row["source_id"], row["text"])):
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()
