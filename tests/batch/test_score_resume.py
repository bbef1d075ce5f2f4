"""Interrupted runs: killed in the middle and resumed, no row is lost or doubled."""

import json
import signal
import subprocess
import sys
import time

import pytest
from scoring import ANGRY, CALM, refused, score, start

ROWS = 128 * 24


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Mostly blank messages, which are quick, some real ones, and bad rows; as two files."""
    folder = tmp_path_factory.mktemp("long")
    for name in ("a.csv", "b.csv"):
        lines = ["id,text"]
        for row in range(ROWS // 2):
            text = (CALM, ANGRY)[row // 32 % 2] if row % 32 == 0 else ""
            lines.append(f'{name}-{row},"{text}"' + (",too many" if row % 500 == 7 else ""))
        (folder / name).write_text("\n".join(lines), "utf-8")
    return folder


def kill(process, folder, out, how, after):
    """Kill a run once it has saved more than `after` rows; give how many it had."""
    state = folder / f"{out}.work/state.json"
    while process.poll() is None:
        if state.exists():
            counts = json.loads(state.read_bytes())["counts"]
            if (saved := counts["scored"] + counts["rejected"]) > after:
                process.send_signal(how)
                process.wait(60)
                return saved
        time.sleep(0.002)
    pytest.fail(f"The run was over before it was killed: {process.stderr.read()}")


@pytest.mark.parametrize("out", ["o.jsonl", "o.csv", "o.parquet"])
def test_a_killed_run_goes_on_as_if_nothing_had_been(table, tmp_path, out):
    if out == "o.parquet":
        pytest.importorskip("pyarrow")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes((table / name).read_bytes())
    options = ("a.csv", "b.csv", "--id-column", "id")
    saved = 0
    for again in ((), ("--resume",), ("--resume",)):
        process = start(tmp_path, *options, "--out", out, *again)
        saved = kill(process, tmp_path, out, signal.SIGKILL, after=saved + ROWS // 6)
        assert not (tmp_path / out).exists() and saved < ROWS
    done = score(tmp_path, *options, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    assert f"{ROWS - 8:,} messages scored" in done.stderr.decode()
    calm = score(tmp_path, *options, "--out", f"whole-{out}")
    assert calm.returncode == 0
    for ending in ("", ".rejects"):
        resumed = (tmp_path / (out + ending)).read_bytes()
        assert resumed == (tmp_path / (f"whole-{out}" + ending)).read_bytes()
    assert not (tmp_path / f"{out}.work").exists()


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(table):
    process = start(table, "a.csv", "--out", "c.jsonl")
    kill(process, table, "c.jsonl", signal.SIGINT, after=-1)
    assert process.returncode == 130
    assert "--resume" in process.stderr.read().decode()
    assert not (table / "c.jsonl").exists()

    assert "--resume" in refused(score(table, "a.csv", "--out", "c.jsonl"))
    for options, word in (
        (("b.csv",), "input"),
        (("a.csv", "--id-column", "id"), "columns"),
        (("a.csv", "--threshold", "abusive=0.9"), "thresholds"),
    ):
        assert word in refused(score(table, *options, "--out", "c.jsonl", "--resume"))
    assert "again" in refused(score(table, "-", "--out", "c.jsonl", "--resume"))
    assert score(table, "a.csv", "--out", "c.jsonl", "--resume").returncode == 0
    assert len((table / "c.jsonl").read_bytes().splitlines()) == ROWS // 2 - 4


def test_the_report_covers_the_rows_before_the_interruption(table):
    options = ("a.csv", "--id-column", "id", "--out", "r.jsonl", "--report", "r.html")
    kill(start(table, *options), table, "r.jsonl", signal.SIGKILL, after=ROWS // 8)
    assert not (table / "r.html").exists()
    assert score(table, *options, "--resume").returncode == 0
    resumed = (table / "r.html").read_text("utf-8")
    assert score(table, *options, "--force").returncode == 0
    assert resumed == (table / "r.html").read_text("utf-8")
    assert f"{ROWS // 2 - 4:,} messages" in resumed


def test_two_runs_do_not_write_one_output(table):
    process = start(table, "a.csv", "--out", "d.jsonl")
    state = table / "d.jsonl.work/state.json"
    while not state.exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGSTOP)
    second = score(table, "a.csv", "--out", "d.jsonl", "--resume")
    process.send_signal(signal.SIGCONT)
    assert "at work" in refused(second)
    assert process.wait(120) == 0


@pytest.mark.parametrize("moved", [False, True])
def test_killed_after_the_last_row_it_is_finished(tmp_path, moved):
    """Between the last row and the end there is nothing to score, only to put in its place."""
    (tmp_path / "in.csv").write_text(f"text\n{CALM}\na,b\n")
    stop = "import os, heard.cli, sys, heard.batch.output as output\n"
    stop += "output.rmtree = " if moved else "output.convert = "
    stop += "lambda *_: os._exit(9)\nsys.exit(heard.cli.main())"
    arguments = ["score", "in.csv", "--out", "o.jsonl"]
    killed = subprocess.run([sys.executable, "-c", stop, *arguments], cwd=tmp_path)
    assert killed.returncode == 9 and (tmp_path / "o.jsonl").exists() is moved
    assert score(tmp_path, *arguments[1:], "--resume").returncode == 0
    assert len((tmp_path / "o.jsonl").read_bytes().splitlines()) == 1
    assert len((tmp_path / "o.jsonl.rejects").read_bytes().splitlines()) == 1
    assert not (tmp_path / "o.jsonl.work").exists()


def test_nothing_to_resume(tmp_path):
    """It begins where nothing was begun, and leaves alone what is whole."""
    (tmp_path / "in.csv").write_text(f"text\n{CALM}\n")
    assert score(tmp_path, "in.csv", "--out", "o.jsonl", "--resume").returncode == 0
    assert "there already" in refused(score(tmp_path, "in.csv", "--out", "o.jsonl", "--resume"))
