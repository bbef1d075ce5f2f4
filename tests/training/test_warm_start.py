"""Going on from a fitted network: its heads come along, whatever else the new one has."""

import pytest

pytest.importorskip("torch")

import torch

from heard_training.cli import main
from heard_training.config import load_config
from heard_training.errors import TrainingError
from heard_training.learn.encoder import resolve_encoder
from heard_training.learn.fit import load_network
from heard_training.learn.network import HeardNetwork

IDS = torch.tensor([[2, 8, 9, 10, 3], [2, 11, 3, 0, 0]])
MASK = (IDS != 0).long()


@pytest.fixture
def fitted(tiny_run):
    return load_network(str(tiny_run / "checkpoint")).eval()


def test_every_head_comes_along(tiny_run, tiny_config, fitted):
    made = HeardNetwork.from_encoder(str(tiny_run / "checkpoint"), load_config(tiny_config)).eval()
    assert not torch.allclose(made(IDS, MASK).levels, fitted(IDS, MASK).levels)
    assert len(made.take_heads(fitted)) == 5 + 10 + 3
    for group in ("levels", "signals", "spans"):
        torch.testing.assert_close(made(IDS, MASK)[group], fitted(IDS, MASK)[group])


def test_heads_are_found_by_name(tiny_run, tiny_config, fitted):
    changes = ['heads.levels=["escalation", "new"]', 'heads.signals=["abusive"]', "heads.spans=[]"]
    config = load_config(tiny_config, changes)
    made = HeardNetwork.from_encoder(str(tiny_run / "checkpoint"), config).eval()
    assert made.take_heads(fitted) == ["escalation", "abusive"]
    got, wanted = made(IDS, MASK), fitted(IDS, MASK)
    torch.testing.assert_close(got.levels[:, 0], wanted.levels[:, 4])
    torch.testing.assert_close(got.signals[:, 0], wanted.signals[:, 4])


def test_training_goes_on_from_a_run(tiny_run, tiny_config, fitted, tmp_path):
    (tmp_path / "corpus").symlink_to(tiny_run / "corpus")
    command = ["fit", "--config", str(tiny_config), "--out", str(tmp_path)]
    command += ["--from", str(tiny_run / "checkpoint")]
    for rate in ("learning_rate", "head_learning_rate"):
        command += ["--set", f"fit.{rate}=1e-9"]
    assert main([*command, "--set", "fit.epochs=1"]) == 0
    again = load_network(str(tmp_path / "checkpoint")).eval()
    torch.testing.assert_close(again(IDS, MASK).levels, fitted(IDS, MASK).levels)


def test_the_shipped_network_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = load_network(resolve_encoder("shipped"))
    assert len(shipped.config.targets) == 5


def test_an_encoder_without_heads_is_nothing_to_go_on_from(tiny_encoder):
    with pytest.raises(TrainingError, match="--base-model"):
        load_network(str(tiny_encoder))
    with pytest.raises(TrainingError, match="--base-model"):
        load_network("no/such-network")


def test_one_thing_to_start_from(tiny_config, capsys):
    with pytest.raises(SystemExit) as left:
        main(["fit", "--from", "shipped", "--base-model", "x", "--config", str(tiny_config)])
    assert left.value.code == 2


def test_a_project_is_begun_once(tmp_path, capsys):
    folder = tmp_path / "new/mine"
    assert main(["init", str(folder)]) == 0
    assert f"heard-train fit --config {folder}/config.toml" in capsys.readouterr().out
    assert load_config(folder / "config.toml").data.csv.path == str(folder / "sample.csv")
    (folder / "config.toml").write_text("mine")
    assert main(["init", str(folder)]) == 2
    assert "there already" in capsys.readouterr().err
    assert (folder / "config.toml").read_text() == "mine"
