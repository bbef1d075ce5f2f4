"""`python -m bench`: a quick run on a few texts measures every part and writes it down."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bench.speed.memory import _weigh

ROOT = Path(__file__).resolve().parents[2]


def bench(*options):
    command = [sys.executable, "-m", "bench", "--quick", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def texts(tmp_path_factory, authored_rows):
    folder = tmp_path_factory.mktemp("texts")
    (folder / "messages").mkdir()
    lines = [json.dumps({"text": row["text"]}) + "\n" for row in authored_rows[:40]]
    (folder / "messages/dev.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(texts, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    few = ("--threads", 1, "--rounds", 2, "--most", 150, "--no-install")
    done = bench("--texts", texts, "--peers", "vader", *few, "--out", out)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads((out / "speed.json").read_text(encoding="utf-8")), out


def ordered(spread):
    return spread["least"] <= spread["median"] <= spread["most"]


@pytest.mark.slow
def test_every_part_is_there_with_its_spread(run):
    table, result, out = run
    speed = result["speed"]["1"]
    sets = {"messages", "8", "16", "32", "64", "128", "256", "512"}
    assert set(speed["single"]) == set(speed["bulk"]) == sets
    for use in ("single", "bulk"):
        for found in speed[use].values():
            assert set(found["peers"]) == {"heard", "vader"}
            assert set(found["times"]["heard"]) == {"vader"}
            for figures in (*found["peers"].values(), found["times"]["heard"]["vader"]):
                assert all(map(ordered, figures.values()))
    assert set(result["split"]["1"]["messages"]["heard"]) == {
        "normalise", "tokenise", "run", "decode", "around",
    }  # fmt: skip
    assert list(result["growth"]["1"]["heard"]) == ["1", "100", "150"]
    assert result["stream"]["bundles"]["heard"]["peak_mb"] > 0
    assert {"interpreter", "import", "import alone"} < set(result["cold"]["1"])
    assert result["same"] == {"messages": 40, "differing": {"heard": 0}}
    assert (out / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert "40 dev messages" in table and "| VADER |" in table


@pytest.mark.slow
def test_a_graphs_work_is_counted_whatever_its_operators(run):
    """Six layers of 384 and 1536: known by arithmetic, read off the profile."""
    work = run[1]["limits"]["1"]["bundles"]["heard"]["multiply_adds"]
    layers = 6 * (4 * 384 * 384 + 2 * 384 * 1536)
    assert work["linear"] == pytest.approx(layers, rel=0.01)  # the heads add a little
    assert work["square"] == pytest.approx(6 * 2 * 384, rel=0.02)  # and take as little away
    for share in work["shares"].values():
        assert sum(share.values()) == pytest.approx(1)


@pytest.mark.slow
def test_a_part_measured_anew_takes_its_place(run, texts, tmp_path):
    _, before, out = run
    shutil.copytree(out, tmp_path / "out")
    few = ("--texts", texts, "--peers", "vader", "--threads", 1, "--rounds", 2, "--no-install")
    renew = ("--only", "same", "--renew", "--out", tmp_path / "out")
    other = bench(*few, "--most", 100, *renew)
    assert other.returncode == 2 and "other settings" in other.stderr
    path = tmp_path / "out/speed.json"
    assert path.read_text(encoding="utf-8") == (out / "speed.json").read_text(encoding="utf-8")
    done = bench(*few, "--most", 150, *renew)
    assert done.returncode == 0, done.stderr
    after = json.loads(path.read_text(encoding="utf-8"))
    assert after.pop("renewed")["same"]["models"] == before["models"]
    assert after == before
    assert "Measured anew: same" in done.stdout


def test_results_are_weighed_without_what_others_hold():
    text, numbers = "a message " * 100, np.zeros(1000)
    results = [(text, numbers[:10]), (text, numbers[10:20])]
    assert 8000 < _weigh(results, [text]) < 9000
    assert _weigh(results, [text, numbers]) < 500


@pytest.mark.slow
def test_no_text_is_written_down(run, texts):
    table, result, _ = run
    said = table + json.dumps(result)
    rows = (texts / "messages/dev.jsonl").read_text(encoding="utf-8").splitlines()
    assert not [row for row in rows if json.loads(row)["text"] in said]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--texts", "nowhere"), "nowhere"),
        (("--bundle", "mine"), "'mine'"),
        (("--bundle", "vader=shipped"), "'vader=shipped'"),
        (("--threads", "0"), "--threads"),
        (("--rounds", "0"), "--rounds"),
        (("--bundle", "mine=nowhere", "--only", "split", "--threads", "1"), "nowhere"),
        (("--renew",), "--renew"),
        (("--renew", "--only", "speed"), "--renew"),
        (("--renew", "--only", "same"), "speed.json cannot be read"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(options, named, tmp_path):
    done = bench(*options, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert named in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
