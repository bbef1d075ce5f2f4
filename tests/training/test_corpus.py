"""The prepared dataset: splits, rights, masks."""

import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest

from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard_training.config import load_config
from heard_training.data.corpus import UNKNOWN, build_corpus, load_corpus, save_corpus
from heard_training.data.features import IGNORED_TAG, tag_tokens
from heard_training.errors import TrainingError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tiny_config):
    return build_corpus(load_config(tiny_config))


def _keys(split):
    return set(zip(split["source"], split["source_id"], strict=True))


def test_splits_share_no_row(built):
    corpus, summary = built
    sets = [_keys(corpus[name]) for name in ("train", "calibrate", "test")]
    assert sum(map(len, sets)) == len(set.union(*sets))
    assert summary["rows"]["train"] == len(corpus["train"])


def test_authored_test_rows_are_never_trained_on():
    corpus, _ = build_corpus(load_config(None))
    declared = {
        row["id"]
        for path in (ROOT / "data/authored").glob("*.jsonl")
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if row["split"] == "test"
    }
    assert set(corpus["test"]["source_id"]) == declared
    for split in ("train", "calibrate"):
        assert not declared & set(corpus[split]["source_id"])


def test_a_source_whose_rights_forbid_it_is_never_trained_on(built):
    corpus, summary = built
    for split in ("train", "calibrate"):
        assert set(corpus[split]["source"]) <= {"authored", "cfpb", "multidogo"}
    # twcs may only be evaluated with; nobody has said anything of acme.
    assert summary["left_out_for_rights"] == {"twcs": 10, "acme": 10}


def test_not_even_as_ones_own(tiny_config):
    with pytest.raises(TrainingError, match="forbids training on twcs"):
        build_corpus(load_config(tiny_config, own_sources=["twcs"]))


def test_a_text_that_is_measured_is_never_trained_on():
    corpus, summary = build_corpus(load_config(None))
    measured = {text.lower() for text in corpus["test"]["text"]}
    for split in ("train", "calibrate"):
        assert not measured & {text.lower() for text in corpus[split]["text"]}
    assert summary["left_out_as_in_dev_or_test"]["authored"] >= 2


def test_minimal_pairs_are_never_cut_between_splits():
    corpus, _ = build_corpus(load_config(None))
    blocks = {
        split: {
            (name, (int(number) - 1) // 25)
            for name, _, number in (row.rpartition("-") for row in corpus[split]["source_id"])
        }
        for split in ("train", "calibrate", "test")
    }
    assert not blocks["train"] & blocks["calibrate"]
    assert not (blocks["train"] | blocks["calibrate"]) & blocks["test"]


def test_every_slice_gives_the_same_share_to_calibration():
    corpus, _ = build_corpus(load_config(None))
    counts = [
        Counter(row.rpartition("-")[0] for row in corpus[split]["source_id"])
        for split in ("train", "calibrate")
    ]
    for name in {path.stem for path in (ROOT / "data/authored").glob("*.jsonl")}:
        train, aside = (count[name] for count in counts)
        most = max(0.2, 26 / (train + aside))  # a block of 25 is not cut
        assert 0.05 < aside / (train + aside) < most, name


def test_own_sources_may_be_trained_on(tiny_config):
    config = load_config(tiny_config, own_sources=["acme"])
    corpus, summary = build_corpus(config)
    trained = set(corpus["train"]["source"]) | set(corpus["calibrate"]["source"])
    assert "acme" in trained and summary["left_out_for_rights"] == {"twcs": 10}


def test_the_committed_table_forbids_what_is_non_commercial():
    from heard_training.data.sources import read_sources

    sources = read_sources(ROOT / "data/sources.toml")
    for name, source in sources.items():
        doubtful = "NC" in source["licence"] or "unclear" in source["licence"]
        assert source["train"] != doubtful, name


def test_two_views_make_soft_targets(tmp_path, tiny_config):
    row = {
        "id": "x-0001",
        "text": "Still nothing.",
        "levels": dict.fromkeys(TARGET_NAMES, 0) | {"frustrated": 2},
        "signals": ["repeat_contact"],
        "split": "test",
        "second": {
            "levels": dict.fromkeys(TARGET_NAMES, 0) | {"frustrated": 1},
            "signals": [],
            "spans": {"problem": [[0, 13]], "need": [], "feeling": []},
        },
    }
    found = _prepared(row, tmp_path, tiny_config)
    frustrated = TARGET_NAMES.index("frustrated")
    assert found["level_targets"][frustrated] == [1.0, 0.5, 0.0]
    assert found["signal_targets"][SIGNAL_NAMES.index("repeat_contact")] == 0.5
    assert found["gold_levels"][frustrated] == 2
    assert found["span_mask"] == [1.0, 1.0, 1.0]


def test_what_a_row_does_not_know_is_masked(tmp_path, tiny_config):
    row = {"id": "x-0001", "text": "Hm.", "levels": {"angry": 1}, "split": "test"}
    found = _prepared(row, tmp_path, tiny_config)
    assert found["level_mask"][0] == [1.0, 1.0, 1.0]
    assert found["level_mask"][1] == [0.0, 0.0, 0.0]
    assert found["signal_mask"] == [0.0] * len(SIGNAL_NAMES)
    assert found["span_mask"] == [0.0, 0.0, 0.0]
    assert found["gold_levels"][1] == found["gold_signals"][0] == UNKNOWN


def _prepared(row, tmp_path, tiny_config):
    """Prepare one test row beside the tiny corpus."""
    config = load_config(tiny_config)
    folder = tmp_path / "authored"
    folder.mkdir()
    for path in Path(config.data.authored).glob("*.jsonl"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "x.jsonl").write_text(json.dumps(row) + "\n")
    data = dataclasses.replace(config.data, authored=str(folder), texts="")
    corpus, _ = build_corpus(dataclasses.replace(config, data=data))
    return next(found for found in corpus["test"] if found["source_id"] == "x-0001")


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("{", "line 1 is not JSON"),
        ('{"id": "x-1", "split": "train"}', "`text`"),
        ('{"id": "x-1", "text": "a", "split": "train", "levels": {"angry": 4}}', "angry is 4"),
        ('{"id": "x-1", "text": "a", "split": "train", "levels": {"glad": 1}}', "glad"),
        ('{"id": "x-1", "text": "a", "split": "train", "signals": ["shouts"]}', "shouts"),
        ('{"id": "x-1", "text": "a", "split": "train", "signals": 3}', "list of names"),
        ('{"id": "x-1", "text": "a", "split": "train", "levels": {"angry": 1.5}}', "1.5"),
        ('{"id": "x-1", "text": "a", "split": "Test"}', "'Test'"),
        ('{"id": "x", "text": "a", "split": "train"}', "end in a number"),
        ('{"text": "a", "split": "train"}', "`id`"),
        ('{"id": "x-1", "text": "a", "split": "train", "spans": {"need": [[0, 9]]}}', "need span"),
        ('{"id": "x-1", "text": "a", "split": "train", "spans": {"need": 5}}', "lists"),
        (
            '{"id": "x-1", "text": "a", "split": "train", "second": {"spans": {"need": [[0, 9]]}}}',
            "need span",
        ),
        ('{"id": "x-1", "text": "\\ud800", "split": "train"}', "surrogate"),
    ],
)
def test_broken_rows_are_named(tmp_path, tiny_config, row, word):
    (tmp_path / "x.jsonl").write_text(row + "\n")
    config = load_config(tiny_config, authored=str(tmp_path))
    with pytest.raises(TrainingError, match=word):
        build_corpus(config)


def test_an_empty_folder_is_named(tmp_path, tiny_config):
    with pytest.raises(TrainingError, match=r"no \.jsonl files"):
        build_corpus(load_config(tiny_config, authored=str(tmp_path)))
    with pytest.raises(TrainingError, match="messages"):
        build_corpus(load_config(tiny_config, texts=str(tmp_path)))


def test_a_saved_corpus_is_read_back(built, tmp_path):
    corpus, summary = built
    save_corpus(corpus, summary, tmp_path / "corpus")
    again, said = load_corpus(tmp_path / "corpus")
    assert said == summary
    assert again["train"][0] == corpus["train"][0]
    with pytest.raises(TrainingError, match="heard-train prepare"):
        load_corpus(tmp_path / "nowhere")


def test_a_saved_corpus_without_public_texts_is_read_back(tmp_path, tiny_config):
    corpus, summary = build_corpus(load_config(tiny_config, texts=""))
    save_corpus(corpus, summary, tmp_path / "corpus")
    again, _ = load_corpus(tmp_path / "corpus")
    assert len(again["dev"]) == 0 and again["dev"].features == corpus["dev"].features
    assert again["train"]["text"][:] == corpus["train"]["text"][:]


def test_tags_mark_the_first_token_and_those_inside():
    offsets = [(0, 3), (4, 7), (8, 11), (12, 15)]
    assert tag_tokens(offsets, [[4, 11]]) == [0, 1, 2, 0]
    assert tag_tokens(offsets, [[0, 3], [4, 7]]) == [1, 1, 0, 0]
    assert tag_tokens(offsets, []) == [0, 0, 0, 0]
    assert IGNORED_TAG < 0
