"""On which rows outputs are calibrated, and by which labels."""

import hashlib
import json
from pathlib import Path

import pytest

from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard_training.config import load_config
from heard_training.data.calibration.prefer import prefer, read_sampled, sampled
from heard_training.data.calibration.reread import read_again
from heard_training.data.corpus import build_corpus
from heard_training.data.sources import Labelling, Message
from heard_training.errors import TrainingError

ROOT = Path(__file__).resolve().parents[2]
ANGRY = 0


def _row(source, name, level, heads):
    levels = [[0.0] * 3 for _ in heads.levels]
    levels[ANGRY] = [float(level >= k) for k in (1, 2, 3)]
    return {
        "source": source,
        "source_id": f"{name}-0001",
        "level_targets": levels,
        "level_mask": [[1.0] * 3 for _ in heads.levels],
        "signal_targets": [0.0] * len(heads.signals),
        "signal_mask": [1.0] * len(heads.signals),
    }


def test_slices_written_to_show_a_label_have_no_say_where_others_suffice(config):
    heads = config.heads
    rows = [_row("authored", "feed", 2 * (place % 2), heads) for place in range(60)]
    rows += [_row("cfpb", "x", 1, heads), _row("authored", "scorned", 3, heads)]
    assert prefer(rows, sampled(frozenset({"feed"})), heads) == ["angry >= 1", "angry >= 2"]
    assert rows[-1]["level_mask"][ANGRY] == [0.0, 0.0, 1.0]
    assert rows[-1]["signal_mask"] == [1.0] * len(heads.signals)
    assert all(row["level_mask"][ANGRY] == [1.0] * 3 for row in rows[:-1])


def test_the_sampled_slices_are_there():
    names = read_sampled(ROOT / "data/sampled.toml")
    files = {path.stem for path in (ROOT / "data/authored").glob("*.jsonl")}
    assert names < files


@pytest.mark.parametrize("text", ["", "sampled = 3", "sampled = [1]"])
def test_a_broken_list_of_slices_is_named(tiny_config, tmp_path, text):
    path = tmp_path / "sampled.toml"
    path.write_text(text)
    with pytest.raises(TrainingError, match=r"no list of slices named `sampled`"):
        build_corpus(load_config(tiny_config, [f"data.sampled={path}"]))


def test_rows_kept_aside_take_the_labels_of_their_second_reading(tiny_config, tmp_path):
    corpus, _ = build_corpus(load_config(tiny_config, ['data.reread=""']))
    row = corpus["calibrate"][0]
    learned = corpus["train"][0]
    levels = dict.fromkeys(TARGET_NAMES, 3)
    lines = [
        {
            "sha256": hashlib.sha256(one["text"].encode()).hexdigest(),
            "levels": levels,
            "signals": ["abusive"],
        }
        for one in (row, learned)
    ]
    path = tmp_path / "again.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    again, _ = build_corpus(load_config(tiny_config, [f"data.reread={path}"]))
    assert again["train"][0] == learned
    changed = again["calibrate"][0]
    assert changed["gold_levels"] == [3] * 5
    assert changed["level_targets"] == [[1.0] * 3] * 5
    assert [n for n, s in zip(SIGNAL_NAMES, changed["gold_signals"], strict=True) if s] == [
        "abusive"
    ]
    assert changed["spans"] == row["spans"]
    assert again["calibrate"][1:] == corpus["calibrate"][1:]


@pytest.mark.parametrize(("source", "stands"), [("own", True), ("labels", True), ("cfpb", False)])
def test_labels_of_ones_own_stand(source, stands):
    given = Labelling({"angry": 3}, frozenset({"abusive"}), None)
    message = Message(source, "1", "How dare you", "train", given, (given,))
    again = Labelling(dict.fromkeys(TARGET_NAMES, 0), frozenset(), None)
    read = read_again(message, {message.sha256: again})
    assert read.gold.levels == (given if stands else again).levels


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"levels": {}, "signals": []}', "no sha256"),
        ('{"sha256": "ab", "levels": {"angry": 4}, "signals": []}', "angry is 4"),
        ('{"sha256": "ab", "levels": {"angry": 1}, "signals": "abusive"}', "no list of signals"),
    ],
)
def test_a_broken_second_reading_is_named(tiny_config, tmp_path, line, why):
    path = tmp_path / "again.jsonl"
    path.write_text(line)
    with pytest.raises(TrainingError, match=why):
        build_corpus(load_config(tiny_config, [f"data.reread={path}"]))
    with pytest.raises(TrainingError, match=r"give \"\""):
        build_corpus(load_config(tiny_config, ["data.reread=nowhere.jsonl"]))
