"""The second shipped bundle: 8-bit products that learned to be rounded."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

import heard
from heard.bundle import FAST, bundle_path
from heard_training.measure.answers import ask


@pytest.fixture(scope="module")
def fast():
    return heard.load("fast", threads=1)


@pytest.fixture(scope="module")
def texts(authored_rows):
    return [row["text"] for row in authored_rows if row["split"] == "test"] + ["", "ok " * 400]


def test_it_is_another_bundle_of_the_same_make(fast, analyzer):
    assert fast.model.name == "heard-fast"
    assert fast.model.sha256 != analyzer.model.sha256
    assert fast.bundle.manifest["labels"] == analyzer.bundle.manifest["labels"]
    assert fast.bundle.manifest["graph"]["scheme"] == "rounded8"


def test_a_folder_of_that_name_is_reached_as_a_path(tmp_path, monkeypatch, bundle_copy):
    monkeypatch.chdir(tmp_path)
    bundle_copy.rename(tmp_path / "fast")
    assert heard.load("./fast").model.name == "heard-en"
    assert heard.load("fast").model.name == "heard-fast"


def test_it_decides_mostly_as_the_exact_one(fast, analyzer, texts):
    ours, theirs = ask(fast, texts), ask(analyzer, texts)
    assert (ours.levels == theirs.levels).mean() > 0.9
    assert (ours.signals == theirs.signals).mean() > 0.95


def test_answers_do_not_depend_on_the_batch(fast, texts):
    alone = [fast.assess(text).to_dict() for text in texts]
    assert [found.to_dict() for found in fast.assess_many(texts)] == alone
    assert [found.to_dict() for found in fast.assess_many(texts[::-1])][::-1] == alone


def _integers(model):
    return [
        numpy_helper.to_array(item)
        for item in model.graph.initializer
        if item.data_type == onnx.TensorProto.INT8 and len(item.dims) == 2
    ]


def test_no_sum_can_saturate_on_processors_without_vnni():
    """Two products of an activation (at most 255) and a weight are added in 16 bits there."""
    model = onnx.load(str(bundle_path(FAST) / "model.onnx"))
    weights = [weight for weight in _integers(model) if min(weight.shape) > 64]
    assert len(weights) == 4 * 6
    for weight in weights:
        assert 2 * 255 * int(np.abs(weight.astype(int)).max()) <= 2**15 - 1


@pytest.mark.parametrize("precise", ["0", "1"])
def test_the_switch_for_processors_without_vnni_changes_nothing(fast, texts, precise):
    """onnxruntime's own switch against saturation: were there any, it would move the answers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.x64quantprecision", precise)
    other = onnxruntime.InferenceSession(
        str(fast.bundle.model_path), options, providers=["CPUExecutionProvider"]
    )
    for text in texts[:10]:
        for window in fast.encode(text).windows:
            ids = np.array([window.ids], dtype=np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            wanted = fast.session.run([window.ids])
            for name, got in zip(wanted, other.run(list(wanted), feed), strict=True):
                np.testing.assert_array_equal(got, wanted[name])


def test_the_command_line_knows_it(capsys):
    from heard.cli import main

    assert main(["info", "--model", "fast", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "heard-fast"
