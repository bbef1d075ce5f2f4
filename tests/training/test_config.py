"""Configurations: TOML in, frozen dataclasses out, mistakes named."""

from pathlib import Path

import pytest

from heard_training.config import Config, load_config
from heard_training.errors import TrainingError

CONFIGS = Path(__file__).resolve().parents[2] / "training/configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.name)
def test_committed_configurations_are_read(path):
    assert isinstance(load_config(path), Config)


def test_whole_numbers_pass_for_real_ones(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[fit]\nepochs = 2\n")
    assert load_config(path).fit.epochs == 2.0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[fit]\nepoch = 3\n", "'epoch'"),
        ("[fits]\nepochs = 3\n", "fits"),
        ("fit = 3\n", "table"),
        ("[fit]\nepochs = 'three'\n", "fit.epochs"),
        ("[fit]\nbf16 = 1\n", "fit.bf16"),
        ("[data]\nown_sources = 'a'\n", "data.own_sources"),
        ("data = 3\n", "table"),
        ("[fit]\nepochs = -1\n", "fit.epochs"),
        ("[fit]\nepochs = inf\n", "fit.epochs"),
        ("[fit]\nseed = -1\n", "fit.seed"),
        ("[network]\ndropout = 5.0\n", "network.dropout"),
        ("[network]\npooling = 'last'\n", "network.pooling"),
        ("[network]\nwindow = 48\n", "overlap"),
        ("[export]\nschemes = ['int4']\n", "int4"),
        ("[calibrate]\npooling = 'median'\n", "median"),
        ("[data]\ncalibration_share = 1.5\n", "calibration_share"),
        ("[fit\n", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, word):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(TrainingError, match=word):
        load_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TrainingError, match="cannot be read"):
        load_config(tmp_path)
    with pytest.raises(TrainingError, match=r"nowhere\.toml"):
        load_config(tmp_path / "nowhere.toml")


def test_the_folder_of_texts_is_not_written_into_a_record():
    assert "/somewhere" not in str(load_config(None, texts="/somewhere").to_dict())


def test_values_of_the_command_line_count_instead_of_the_file(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[fit]\nepochs = 3.0\n")
    changes = ("fit.epochs=5", "fit.bf16 = false", "export.name=mine")
    config = load_config(path, changes, texts="here")
    assert (config.fit.epochs, config.fit.bf16, config.export.name) == (5.0, False, "mine")
    assert config.data.texts == "here"


@pytest.mark.parametrize(
    ("change", "word"),
    [("epochs=3", "TABLE.KEY=VALUE"), ("fit.epochs", "TABLE.KEY=VALUE"), ("fit.epoch=3", "epoch")],
)
def test_a_wrong_change_is_named(change, word):
    with pytest.raises(TrainingError, match=word):
        load_config(None, (change,))
