"""A run that was killed and taken up again ends as one that was left alone, bit by bit."""

import json
import shutil
import sys
import time

import pytest
from launched import SECONDS, Launched

from heard_training.cli import main
from heard_training.config import load_config
from heard_training.data.corpus import load_corpus
from heard_training.learn.checkpoints import last_checkpoint, origin_of
from heard_training.run import prepare_run

COMMAND = [sys.executable, "-m", "heard_training", "fit"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture
def start(tiny_prepared, tiny_config, tmp_path):
    """Start ``fit`` on a copy of the prepared corpus, with dropout, in a process of its own."""

    def begin(name, *options, command=COMMAND):
        out = tmp_path / name
        if not out.exists():
            shutil.copytree(tiny_prepared, out)
        changes = ("fit.epochs=8", "fit.batch_size=8", "fit.log_steps=4", "network.dropout=0.2")
        options = [*(f"--set={change}" for change in changes), *options]
        return out, Launched([*command, "--config", tiny_config, "--out", out, *options])

    return begin


def finish(begun):
    """Wait for the run; what it made is its weights, as bytes, and its logged losses."""
    out, run = begun
    run.wait()
    assert not (out / "checkpoint.work").exists()
    lines = (out / "checkpoint/losses.jsonl").read_text().splitlines()
    losses = [(entry["step"], entry["loss"]) for entry in map(json.loads, lines)]
    return (out / "checkpoint/model.safetensors").read_bytes(), losses


def kill_after_checkpoint(begun):
    """Kill a run, and the processes that it started, once it has a whole checkpoint."""
    out, run = begun
    until = time.monotonic() + SECONDS
    try:
        while not list(out.glob("checkpoint.work/checkpoint-*/origin.json")):
            assert not run.ended, run.errors
            assert time.monotonic() < until, f"no checkpoint\n{run.errors}"
            time.sleep(0.01)
    finally:
        run.kill()
    assert not (out / "checkpoint").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "options"),
    [
        (COMMAND, []),
        # In the middle of an epoch of seven steps.
        (COMMAND, ["--set=fit.save_steps=5", "--set=fit.accumulation=2"]),
        ([*TORCHRUN, *COMMAND[1:]], ["--set=fit.save_steps=5"]),
    ],
    ids=["after an epoch", "within an epoch", "two processes"],
)
def test_a_killed_run_taken_up_again_ends_as_one_left_alone(start, command, options):
    undisturbed = finish(start("whole", *options, command=command))
    kill_after_checkpoint(start("killed", *options, command=command))
    again = finish(start("killed", "--resume", *options, command=command))
    assert again[1] == undisturbed[1]
    assert again[0] == undisturbed[0]


@pytest.fixture
def interrupted(tiny_prepared, tiny_config, tmp_path):
    """Work that seems to have been interrupted, as far as can be told before it is loaded."""
    out = tmp_path / "out"
    shutil.copytree(tiny_prepared, out)
    origin = origin_of(load_config(tiny_config), load_corpus(out / "corpus")[1])
    for step, whole in ((9, True), (18, True), (27, False)):
        folder = out / f"checkpoint.work/checkpoint-{step}"
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text("{}")
        if whole:
            (folder / "origin.json").write_text(json.dumps(origin))
    return out


def test_what_a_kill_left_half_written_is_passed_over(interrupted, tiny_config):
    work = interrupted / "checkpoint.work"
    origin = origin_of(load_config(tiny_config), load_corpus(interrupted / "corpus")[1])
    assert last_checkpoint(work, origin) == work / "checkpoint-18"
    assert not (work / "checkpoint-27").exists()
    assert last_checkpoint(interrupted / "nothing", origin) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("fit.seed=3", "fit.seed is 3 and was 20"),
        ("fit.accumulation=2", "fit.accumulation is 2 and was 1"),
        ("network.dropout=0.5", "network.dropout is 0.5 and was 0.1"),
        ('heads.spans=["need"]', "heads.spans is ['need']"),
    ],
)
def test_another_configuration_is_not_trained_on(interrupted, tiny_config, change, words, capsys):
    command = ["fit", "--resume", "--config", str(tiny_config), "--out", str(interrupted)]
    assert main([*command, "--set", change]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and words in error and "leave out --resume" in error
    assert (interrupted / "checkpoint.work/checkpoint-18").exists()


def test_other_rows_are_not_trained_on(interrupted, tiny_config, capsys):
    prepare_run(load_config(tiny_config, calibration_share=0.5), interrupted)
    command = ["fit", "--resume", "--config", str(tiny_config), "--out", str(interrupted)]
    capsys.readouterr()
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "prepared rows are not those" in error


def test_another_number_of_processes_does_not_go_on(interrupted, tiny_config, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    command = ["fit", "--resume", "--config", str(tiny_config), "--out", str(interrupted)]
    assert main(command) == 2
    assert "the number of processes is 2 and was 1" in capsys.readouterr().err


def test_what_only_says_how_training_is_run_may_change(interrupted, tiny_config):
    changes = ("fit.save_steps=7", "fit.log_steps=3", "fit.device=cpu", "export.name=other")
    config = load_config(tiny_config, changes)
    origin = origin_of(config, load_corpus(interrupted / "corpus")[1])
    assert last_checkpoint(interrupted / "checkpoint.work", origin)
