"""The shipped graph's 8-bit products: sound on every processor, and blind to the batch."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from heard.bundle import default_path


@pytest.fixture(scope="module")
def texts(authored_rows):
    return [row["text"] for row in authored_rows if row["split"] == "test"] + ["", "ok " * 400]


def test_answers_do_not_depend_on_the_batch(analyzer, texts):
    alone = [analyzer.assess(text).to_dict() for text in texts]
    assert [found.to_dict() for found in analyzer.assess_many(texts)] == alone
    assert [found.to_dict() for found in analyzer.assess_many(texts[::-1])][::-1] == alone


def test_no_sum_can_saturate_on_processors_without_vnni():
    """Two products of an activation (at most 255) and a weight are added in 16 bits there."""
    model = onnx.load(str(default_path() / "model.onnx"))
    kinds = ("MatMulIntegerToFloat", "QAttention")
    products = {node.input[1] for node in model.graph.node if node.op_type in kinds}
    weights = [
        numpy_helper.to_array(item) for item in model.graph.initializer if item.name in products
    ]
    assert len(weights) == 4 * 6
    for weight in weights:
        assert weight.dtype == np.int8
        assert 2 * 255 * int(np.abs(weight.astype(int)).max()) <= 2**15 - 1


@pytest.mark.parametrize("precise", ["0", "1"])
def test_the_switch_for_processors_without_vnni_changes_nothing(analyzer, texts, precise):
    """onnxruntime's own switch against saturation: were there any, it would move the answers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.x64quantprecision", precise)
    other = onnxruntime.InferenceSession(
        str(analyzer.bundle.model_path), options, providers=["CPUExecutionProvider"]
    )
    for text in texts[:10]:
        for window in analyzer.encode(text).windows:
            ids = np.array([window.ids], dtype=np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            wanted = analyzer.session.run([window.ids])
            for name, got in zip(wanted, other.run(list(wanted), feed), strict=True):
                np.testing.assert_array_equal(got, wanted[name])
