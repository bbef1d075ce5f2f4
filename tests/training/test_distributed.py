"""Steps are the same whether one process takes their rows at once or in parts, or several do."""

import json
import shutil
import sys
from itertools import chain

import numpy as np
import pytest
import torch
from launched import Launched
from safetensors.torch import load_file

from heard_training import cli
from heard_training.errors import TrainingError
from heard_training.learn import machine
from heard_training.learn.steps import StepSampler

#: How far a step's loss may lie from one process's, and a weight: learn/fit.py says why at all.
LOSS, WEIGHT = 1e-5, 1e-3

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def fitted(tiny_prepared, tiny_config, tmp_path_factory):
    """Train with some changes in one or two processes: losses, weights, record, what it said."""

    def fit(*changes, start=(sys.executable,)):
        out = tmp_path_factory.mktemp("fitted") / "out"
        shutil.copytree(tiny_prepared, out)
        changes = ("fit.epochs=3", "fit.log_steps=1", "network.dropout=0", *changes)
        command = [*start, "-m", "heard_training", "fit", "--config", tiny_config, "--out", out]
        command += [f"--set={change}" for change in changes]
        run = Launched(command).wait()
        assert not (out / "checkpoint.work").exists()
        lines = (out / "checkpoint/losses.jsonl").read_text().splitlines()
        weights = load_file(out / "checkpoint/model.safetensors")
        record = json.loads((out / "checkpoint/training.json").read_text())
        return [json.loads(line) for line in lines], weights, record, run

    return fit


@pytest.fixture(scope="module")
def whole(fitted):
    """One process that takes a step's 16 rows at once."""
    return fitted("fit.batch_size=16")


def check_same(found, wanted):
    (losses, weights, _, _), (steps, reference, _, _) = found, wanted
    for key in ("step", "loss", "learning_rate"):
        ours, theirs = ([entry[key] for entry in side] for side in (losses, steps))
        np.testing.assert_allclose(ours, theirs, rtol=LOSS)
    for name, tensor in weights.items():
        torch.testing.assert_close(tensor, reference[name], rtol=0.01, atol=WEIGHT, msg=name)


@pytest.mark.slow
def test_accumulated_batches_give_the_losses_of_one_large_batch(fitted, whole):
    losses = [entry["loss"] for entry in whole[0]]
    assert len(losses) == 21 and sum(losses[-7:]) < sum(losses[:7])
    check_same(fitted("fit.batch_size=8", "fit.accumulation=2"), whole)


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(fitted, whole):
    found = fitted("fit.batch_size=8", start=TORCHRUN)
    check_same(found, whole)
    assert found[2]["processes"] == 2


@pytest.mark.slow
def test_two_processes_accumulate_and_only_the_first_speaks(fitted, whole):
    found = fitted("fit.batch_size=4", "fit.accumulation=2", start=TORCHRUN)
    check_same(found, whole)
    run = found[3]
    assert run.said.count("checkpoint") == 1
    assert run.errors.count("'train_runtime'") == 1


LENGTHS = np.random.default_rng(0).integers(4, 60, 101).tolist()


def steps_of(sampler):
    """The rows of each step of a process."""
    batches = list(sampler)
    assert len(batches) == len(sampler)
    each = sampler.accumulation
    return [[*chain(*batches[at : at + each])] for at in range(0, len(batches), each)]


@pytest.mark.parametrize(("batch_size", "accumulation", "processes"), [(16, 1, 2), (4, 2, 4)])
def test_every_step_has_the_same_rows_however_it_is_shared(batch_size, accumulation, processes):
    for epoch in (0, 1):
        one = StepSampler(LENGTHS, 32, seed=5)
        one.set_epoch(epoch)
        shares = []
        for rank in range(processes):
            own = {"accumulation": accumulation, "processes": processes, "rank": rank, "seed": 5}
            sampler = StepSampler(LENGTHS, batch_size, **own)
            sampler.set_epoch(epoch)
            assert max(map(len, sampler)) <= batch_size
            shares.append(steps_of(sampler))
        together = [sorted(chain(*parts)) for parts in zip(*shares, strict=True)]
        assert together == [sorted(rows) for rows in steps_of(one)]
        assert sorted(chain(*together)) == list(range(len(LENGTHS)))


def test_steps_are_even_and_group_rows_of_like_length():
    sampler = StepSampler(LENGTHS, 8, seed=5)
    batches = list(sampler)
    assert {len(batch) for batch in batches} == {7, 8}
    spread = [max(LENGTHS[row] for row in batch) - LENGTHS[batch[-1]] for batch in batches]
    assert sum(spread) / len(batches) < 0.5 * (max(LENGTHS) - min(LENGTHS))


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = []
    for seed, epoch in ((5, 0), (5, 1), (6, 0)):
        sampler = StepSampler(LENGTHS, 8, seed=seed)
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        torch.manual_seed(epoch)  # which has no say
        assert orders[-1] == list(sampler)
    assert orders[0] != orders[1] != orders[2] != orders[0]


def test_a_process_without_rows_takes_part_nevertheless():
    shares = [list(StepSampler([3, 4, 5], 1, processes=4, rank=rank)) for rank in range(4)]
    assert [len(share) for share in shares] == [1] * 4
    assert {row for share in shares for batch in share for row in batch} == {0, 1, 2}


def test_only_fit_runs_in_several_processes(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert cli.main(["prepare", "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "without torchrun" in error
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert cli.main(["prepare", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == ""  # the first process has said it
    assert not (tmp_path / "out").exists()


def test_a_gpu_is_used_where_there_is_one_and_demanded_where_it_must_be(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not machine.uses_gpu("auto") and not machine.uses_gpu("cpu")
    with pytest.raises(TrainingError, match="finds no GPU"):
        machine.uses_gpu("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert machine.uses_gpu("auto") and machine.uses_gpu("cuda")
    assert not machine.uses_gpu("cpu")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(TrainingError, match="--nproc-per-node 2"):
        machine.uses_gpu("auto")
