"""Teachers: what they say becomes part of the targets, and all of those that nobody knows."""

import json

import numpy as np
import pytest
import torch

from heard_training.data.corpus import build_corpus
from heard_training.data.features import IGNORED_TAG, encode_rows
from heard_training.errors import TrainingError
from heard_training.learn.network import HeardNetwork
from heard_training.learn.teach import places_of, read_unlabelled, taught, with_unlabelled


@pytest.fixture(scope="module")
def rows(config, tokenizer):
    corpus, _ = build_corpus(config)
    return encode_rows(corpus["train"].select(range(12)), tokenizer)


@pytest.fixture(scope="module")
def teacher(tiny_encoder, config):
    torch.manual_seed(0)
    return HeardNetwork.from_encoder(str(tiny_encoder), config).eval()


def test_known_targets_are_mixed_and_unknown_ones_taken(rows, teacher, tokenizer):
    more = with_unlabelled(rows, ["the parcel never came and nobody answers"], tokenizer)
    assert len(more) == len(rows) + 1
    mixed = taught(more, [teacher, teacher], 0.25, tokenizer)
    ids = torch.tensor([more[0]["input_ids"]])
    with torch.no_grad():
        said = teacher(input_ids=ids, attention_mask=torch.ones_like(ids)).levels.sigmoid()[0]
    known = np.array(rows[0]["level_mask"]) > 0
    own = np.array(rows[0]["level_targets"])
    wanted = np.where(known, 0.75 * own + 0.25 * said.numpy(), said.numpy())
    # Within what half the digits of a product may differ on machines that have bfloat16.
    np.testing.assert_allclose(mixed[0]["level_targets"], wanted, atol=0.02)
    assert np.array(mixed[0]["level_mask"]).min() == 1
    last = mixed[len(rows)]
    assert 0 < np.array(last["level_targets"]).min() < 1
    tags = np.array(last["span_tags"])
    special = [token in (0, 2, 3) for token in last["input_ids"]]  # [PAD], [CLS], [SEP]
    assert (tags == IGNORED_TAG).all(axis=1).tolist() == special


def test_known_tags_stay(rows, teacher, tokenizer):
    mixed = taught(rows, [teacher], 0.5, tokenizer)
    for before, after in zip(rows, mixed, strict=True):
        if all(before["span_mask"]):
            assert before["span_tags"] == after["span_tags"]


def test_unlabelled_texts_leave_out_what_is_known_and_what_comes_twice(tmp_path):
    texts = ["Where is my parcel?", "where is my PARCEL", "", "Nothing works.", "Cancel it"]
    lines = [json.dumps({"text": text}) for text in texts]
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n")
    assert read_unlabelled(tmp_path, ["nothing works!"]) == ["Where is my parcel?", "Cancel it"]
    assert read_unlabelled(tmp_path / "a.jsonl", texts) == []


def test_a_bad_line_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(TrainingError, match="JSONL"):
        read_unlabelled(tmp_path / "none.jsonl", [])
    (tmp_path / "a.jsonl").write_text('{"text": "fine"}\n["secret words"]\n')
    with pytest.raises(TrainingError, match="line 2") as caught:
        read_unlabelled(tmp_path, [])
    assert "secret" not in str(caught.value)


def test_of_rows_that_they_never_saw_teachers_are_not_asked(rows, teacher, tokenizer):
    mixed = taught(rows, [teacher], 0.5, tokenizer, untaught={0})
    for group in ("level", "signal"):
        known = np.array(rows[0][f"{group}_mask"]) > 0
        before, after = (np.array(of[0][f"{group}_targets"])[known] for of in (rows, mixed))
        np.testing.assert_allclose(after, before, atol=1e-6)
        other = np.array(rows[1][f"{group}_targets"]) - np.array(mixed[1][f"{group}_targets"])
        assert np.abs(other).max() > 0.1


def test_slices_that_do_not_exist_are_named(rows):
    with pytest.raises(TrainingError, match=r"fit.untaught names 'nowhere'"):
        places_of(["nowhere"], rows)
    first = rows[0]["source_id"].rpartition("-")[0]
    assert places_of([first], rows) == {
        place for place, name in enumerate(rows["source_id"]) if name.startswith(f"{first}-")
    }
