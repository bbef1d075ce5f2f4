"""Every export scheme on a tiny graph: close to fp32, and blind to the rest of the batch."""

import numpy as np
import pytest

from heard.session import Session
from heard_training.config import SCHEMES
from heard_training.errors import TrainingError
from heard_training.export.fitting import Observed, fit_stored, round_rows
from heard_training.export.quantise import quantise

pytestmark = pytest.mark.slow

LENGTHS = (3, 7, 12, 12, 30)


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(4)
    return [generator.integers(5, 400, size=length).tolist() for length in LENGTHS]


@pytest.fixture(scope="module")
def feeds(rows):
    return [{"input_ids": np.array([r]), "attention_mask": np.ones((1, len(r)), int)} for r in rows]


@pytest.fixture(scope="module", params=[name for name in SCHEMES if name != "rounded8"])
def graphs(request, tiny_run, tmp_path_factory, feeds):
    fused = tiny_run / "export/fused.onnx"
    target = tmp_path_factory.mktemp("scheme") / f"{request.param}.onnx"
    quantise(fused, target, scheme=request.param, calibration=iter(feeds))
    return Session(fused, threads=1), Session(target, threads=1)


def test_logits_stay_close_to_fp32(graphs, rows):
    plain, scheme = graphs
    for row in rows:
        wanted, got = plain.run([row]), scheme.run([row])
        for name in wanted:
            assert np.abs(got[name] - wanted[name]).max() < 0.25, name


def test_a_row_gets_the_same_numbers_in_a_padded_batch(graphs, rows):
    _, scheme = graphs
    together = scheme.run(rows)
    for place, row in enumerate(rows):
        alone = scheme.run([row])
        for name in ("levels", "signals"):
            np.testing.assert_allclose(together[name][place], alone[name][0], atol=2e-5)


def test_an_unknown_scheme_is_named(tiny_run, tmp_path):
    with pytest.raises(TrainingError, match="int4"):
        quantise(tiny_run / "export/fused.onnx", tmp_path / "x", scheme="int4", calibration=[])


@pytest.mark.parametrize("scheme", ["weights8", "static8", "mixed8"])
def test_schemes_that_observe_say_so_when_there_is_nothing_to_observe(tiny_run, tmp_path, scheme):
    with pytest.raises(TrainingError, match="calibration"):
        quantise(tiny_run / "export/fused.onnx", tmp_path / "x", scheme=scheme, calibration=[])


def test_compensated_rounding_beats_plain_rounding_on_what_it_observed():
    generator = np.random.default_rng(2)
    mixing = generator.normal(size=(32, 32)).astype(np.float32)
    inputs = (generator.normal(size=(400, 32)) @ mixing).astype(np.float32)
    weight = generator.normal(size=(32, 8)).astype(np.float32)
    seen = Observed(inputs, inputs.min(axis=0), inputs.max(axis=0))
    stored = fit_stored(seen, weight)
    steps = stored.steps.astype(np.float32)
    rounded = (stored.integers * steps).reshape(32, 8)
    plain = (np.rint(weight.reshape(-1, 16, 8) / steps) * steps).reshape(32, 8)
    assert np.abs(rounded - weight).max() < 0.1
    errors = [np.square(inputs @ (guess - weight)).mean() for guess in (rounded, plain)]
    assert errors[0] < 0.7 * errors[1]


def test_a_rounded_table_is_close_and_keeps_its_shape():
    table = np.random.default_rng(3).normal(size=(50, 64)).astype(np.float32)
    integers, steps = round_rows(table)
    assert integers.dtype == np.int8 and integers.shape == (50, 64) and steps.shape == (50, 1)
    assert np.abs(integers * steps - table).max() < 0.03
