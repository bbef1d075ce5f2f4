"""The mean of several runs' weights, and the runs that do not belong together."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from heard_training.cli import main
from heard_training.config import load_config
from heard_training.errors import TrainingError
from heard_training.learn.network import HeardNetwork

pytestmark = pytest.mark.slow

WEIGHTS = "checkpoint/model.safetensors"
RECORD = "checkpoint/training.json"
SHAPE = "checkpoint/config.json"


@pytest.fixture
def other(tiny_run, tmp_path):
    """A second run like the first, every weight of which is twice as large."""
    made = tmp_path / "other"
    for part in ("corpus", "checkpoint"):
        shutil.copytree(tiny_run / part, made / part)
    doubled = {name: 2 * tensor for name, tensor in load_file(made / WEIGHTS).items()}
    save_file(doubled, made / WEIGHTS, metadata={"format": "pt"})
    return made


@pytest.fixture
def average(tiny_config, tmp_path):
    """Average runs as the command does."""

    def run(*runs):
        out = tmp_path / "out"
        return main(["average", *map(str, runs), "--config", str(tiny_config), "--out", str(out)])

    return run


def test_weights_are_the_mean_and_the_record_tells_of_all(tiny_run, other, average, tmp_path):
    assert average(tiny_run, other) == 0
    one, mean = load_file(tiny_run / WEIGHTS), load_file(tmp_path / "out" / WEIGHTS)
    assert one.keys() == mean.keys()
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor.float(), 1.5 * one[name].float(), rtol=0.01, atol=0)
    record = json.loads((tmp_path / "out" / RECORD).read_text())
    single = json.loads((tiny_run / RECORD).read_text())
    assert [each["seed"] for each in record["averaged"]] == [single["config"]["fit"]["seed"]] * 2
    assert record["minutes"] == pytest.approx(2 * single["minutes"], abs=0.1)
    assert (tmp_path / "out/corpus").is_dir()


def test_one_run_has_no_average(tiny_run, average, tmp_path, capsys):
    assert average(tiny_run) == 2
    assert "at least two runs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_networks_that_are_made_otherwise_are_refused(tiny_run, other, average, tmp_path, capsys):
    record = json.loads((other / RECORD).read_text())
    record["config"]["network"]["pooling"] = "mean"
    (other / RECORD).write_text(json.dumps(record))
    assert average(tiny_run, other) == 2
    assert "differ in [network]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_rounded_and_plain_networks_are_not_mixed(tiny_run, other, average, tmp_path, capsys):
    shape = json.loads((other / SHAPE).read_text())
    (other / SHAPE).write_text(json.dumps(shape | {"rounded": True}))
    assert average(tiny_run, other) == 2
    assert "learned with rounding and some without" in capsys.readouterr().err


def test_rows_that_one_run_keeps_aside_the_other_may_not_have_learned(
    tiny_run, other, average, tiny_config, tmp_path, capsys
):
    shutil.rmtree(other / "corpus")
    changed = ["--config", str(tiny_config), "--set", "data.calibration_share=0.1"]
    assert main(["prepare", *changed, "--out", str(other)]) == 0
    assert average(tiny_run, other) == 2
    assert f"{other} learned from calibrate rows of {tiny_run}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_thinner_network_keeps_layers_evenly_and_the_last(tiny_encoder, tiny_config):
    whole = HeardNetwork.from_encoder(str(tiny_encoder), load_config(tiny_config))
    half = HeardNetwork.from_encoder(
        str(tiny_encoder), load_config(tiny_config, ("network.layers=1",))
    )
    kept = half.encoder.encoder.layer
    assert len(kept) == half.encoder.config.num_hidden_layers == 1
    for ours, theirs in zip(
        kept[0].parameters(), whole.encoder.encoder.layer[-1].parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)
    with pytest.raises(TrainingError, match=r"network\.layers is 3: choose at most 2"):
        HeardNetwork.from_encoder(
            str(tiny_encoder), load_config(tiny_config, ("network.layers=3",))
        )
