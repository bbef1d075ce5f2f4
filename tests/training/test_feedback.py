"""Corrections that a service kept become rows to train on."""

import json

import numpy as np
import pytest

from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard.serve.feedback import FeedbackStore

pytest.importorskip("torch")

from heard_training.cli import main
from heard_training.config import load_config
from heard_training.data.corpus import build_corpus
from heard_training.errors import TrainingError

MODEL = ("heard-en", "1.0", "a" * 64)
AGREED = {
    "levels": dict.fromkeys(TARGET_NAMES, 1),
    "signals": {name: name == "abusive" for name in SIGNAL_NAMES},
}
CORRECTED = {"levels": {"angry": 3}, "signals": {"abusive": True, "goes_public": False}}


@pytest.fixture
def feedback(tmp_path):
    path = tmp_path / "feedback.db"
    store = FeedbackStore(path, store_texts=True, keep_days=30)
    store.add("One that was right.", agree=True, labels=AGREED, model=MODEL)
    store.add("One that was wrong.", agree=False, labels=CORRECTED, model=MODEL)
    store.add("Twice.", agree=False, labels={"levels": {"angry": 1}, "signals": {}}, model=MODEL)
    store.add("Twice.", agree=False, labels={"levels": {"angry": 2}, "signals": {}}, model=MODEL)
    store.close()
    silent = FeedbackStore(path, store_texts=False, keep_days=30)
    silent.add("One that was not kept.", agree=True, labels=AGREED, model=MODEL)
    silent.close()
    return path


def test_corrections_become_rows_and_what_they_do_not_say_is_masked(tiny_config, feedback):
    corpus, summary = build_corpus(load_config(tiny_config, feedback=str(feedback)))
    rows = [row for split in corpus.values() for row in split if row["source"] == "feedback"]
    by_text = {row["text"]: row for row in rows}
    assert set(by_text) == {"One that was right.", "One that was wrong.", "Twice."}
    assert summary["feedback_without_text"] == 1
    right, wrong, twice = (by_text[text] for text in sorted(by_text))
    assert np.array(right["level_mask"]).all()
    assert sum(right["signal_mask"]) == len(SIGNAL_NAMES)
    assert right["signal_targets"][SIGNAL_NAMES.index("abusive")] == 1
    known = {name: m for name, m in zip(SIGNAL_NAMES, wrong["signal_mask"], strict=True) if m}
    assert set(known) == {"abusive", "goes_public"}
    assert np.array(wrong["level_mask"]).tolist() == [[1, 1, 1]] + [[0, 0, 0]] * 4
    assert wrong["gold_signals"][SIGNAL_NAMES.index("goes_public")] == 0
    assert wrong["gold_signals"][SIGNAL_NAMES.index("repeat_contact")] == -1
    assert twice["level_targets"][0] == [1.0, 0.5, 0.0]
    assert twice["gold_levels"][0] == 2


def test_prepare_takes_a_file_of_feedback(tiny_config, feedback, tmp_path, capsys):
    out = tmp_path / "run"
    given = ["--config", str(tiny_config), "--feedback", str(feedback), "--out", str(out)]
    assert main(["prepare", *given]) == 0
    assert json.loads(capsys.readouterr().out)["feedback_without_text"] == 1


@pytest.mark.parametrize("kind", ["missing", "text", "empty"])
def test_a_file_that_teaches_nothing_is_refused(tiny_config, tmp_path, kind):
    path = tmp_path / "feedback.db"
    if kind == "text":
        path.write_text("hello")
    elif kind == "empty":
        FeedbackStore(path, store_texts=False, keep_days=30).close()
    with pytest.raises(TrainingError, match=r"feedback\.db"):
        build_corpus(load_config(tiny_config, feedback=str(path)))
