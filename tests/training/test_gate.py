"""The gate, and two bundles side by side, through the command line."""

import json
import shutil
from pathlib import Path

import pytest

from heard.bundle import default_path
from heard_training.cli import main
from heard_training.config import Heads
from heard_training.data.corpus import read_rows
from heard_training.errors import TrainingError
from heard_training.measure.compare import compare_bundles, differences
from heard_training.measure.gate import Tolerances, failures, read_tolerances

ROOT = Path(__file__).resolve().parents[2]
GATE = ROOT / "training/gate.toml"
ROWS = ROOT / "data/authored/dignity.jsonl"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def rows_file(tmp_path):
    """Sixty authored rows, as a file of the user's own."""
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(ROWS.read_text(encoding="utf-8").splitlines(True)[:60]))
    return path


@pytest.fixture
def worse(tmp_path):
    """The shipped bundle, its thresholds for humiliated out of reach."""
    folder = Path(shutil.copytree(default_path(), tmp_path / "worse"))
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["thresholds"]["humiliated"] = [0.997, 0.998, 0.999]
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return folder


def test_the_shipped_bundle_is_no_worse_than_what_was_accepted(capsys):
    assert main(["gate"]) == 0, capsys.readouterr().out
    assert "Passed" in capsys.readouterr().out


def test_a_worse_bundle_is_refused_with_its_reasons(worse, rows_file, capsys):
    code = main(["gate", str(worse), "--against", str(default_path()), "--on", str(rows_file)])
    out = capsys.readouterr().out
    assert code == 1
    assert "targets.humiliated.f1_1 fell from" in out
    assert "targets.angry" not in out


def test_accepted_figures_hold_for_the_rows_they_were_measured_on(rows_file, tmp_path, capsys):
    kept = tmp_path / "kept.json"
    on = ["--on", str(rows_file), "--against", str(kept)]
    assert main(["gate", *on, "--accept"]) == 0
    assert main(["gate", *on]) == 0
    rows_file.write_text("".join(rows_file.read_text().splitlines(True)[:50]))
    assert main(["gate", *on]) == 2
    assert "other rows" in capsys.readouterr().err


def test_saved_figures_hold_no_text(rows_file, tmp_path):
    kept = tmp_path / "kept.json"
    main(["gate", "--on", str(rows_file), "--against", str(kept), "--accept"])
    saved = kept.read_text()
    assert not any(json.loads(line)["text"][:30] in saved for line in rows_file.open())


def test_tolerances_by_name_the_last_that_fits():
    allowed = Tolerances({"a.*": 0.1, "a.b": 0.0}, {"e": 0.1}, {"r": 0.9})
    same = {"a.b": 0.5, "a.c": 0.5, "e": 0.2, "r": 0.95}
    assert failures(same, same, allowed) == []
    assert failures({**same, "a.c": 0.41}, same, allowed) == []
    assert "a.b fell" in failures({**same, "a.b": 0.49}, same, allowed)[0]
    assert "e rose" in failures({**same, "e": 0.31}, same, allowed)[0]
    assert "r is 0.8000" in failures({**same, "r": 0.8}, same, allowed)[0]
    assert failures({**same, "a.c": None}, same, allowed) == []
    assert failures(same, {**same, "a.c": None}, allowed) == []
    with pytest.raises(TrainingError, match='"x" in'):
        failures(same, same, Tolerances({"x": 0.1}, {}, {}))


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ("[fall]\na.b = 0.1\n", "stand in quotes"),
        ('[fall]\n"a" = 2\n', "not a number"),
        ("[drop]\n", r"\[drop\]"),
        ("fall = 1\n", r"\[fall\]"),
        ("[fall]\n", "allows anything"),
        ("[fall", "not valid TOML"),
    ],
)
def test_broken_tolerances_are_named(tmp_path, toml, reason):
    path = tmp_path / "gate.toml"
    path.write_text(toml)
    with pytest.raises(TrainingError, match=reason):
        read_tolerances(path)
    assert read_tolerances(GATE).fall


def test_two_bundles_side_by_side(worse, rows_file, tmp_path, capsys):
    path = tmp_path / "compared.json"
    assert main(["compare", str(worse), "--on", str(rows_file), "--json", str(path)]) == 0
    page = capsys.readouterr().out
    assert "| humiliated |" in page and "source: mine, 60 rows" in page and " MB" in page
    compared = json.loads(path.read_text())
    found = compared["figures"]["targets.humiliated.f1_1"]
    # The shipped one stands first: what is named is told as better or worse than it.
    assert found["one"] > found["other"] + 0.2
    assert found["low"] <= found["difference"] <= found["high"] < 0
    turned = compared["flipped"]
    assert turned["humiliated"]["broken"] > turned["humiliated"]["mended"]
    assert turned["angry"] == {"flipped": 0, "mended": 0, "broken": 0}
    assert not any(json.loads(line)["text"][:30] in page for line in rows_file.open())


def test_a_bundle_beside_itself_differs_in_nothing(rows_file):
    compared = compare_bundles(None, None, read_rows(rows_file, Heads()), count=20)
    assert all(f["difference"] in (0, None) for f in compared["figures"].values())
    assert all(turned["flipped"] == 0 for turned in compared["flipped"].values())


def test_differences_are_paired():
    import numpy as np

    one = {"f": np.array([0.5, 0.1, 0.9])}
    other = {"f": one["f"] + 0.2}
    found = differences(one, other)["f"]
    # However much each varies, they vary together.
    assert found["low"] == found["high"] == found["difference"] == 0.2


@pytest.mark.parametrize("line", ["", "{}\n", '{"text": "hi", "levels": {"angry": 9}}\n'])
def test_files_that_cannot_be_measured_on_end_with_one_sentence(tmp_path, capsys, line):
    path = tmp_path / "mine.jsonl"
    path.write_text(line)
    assert main(["gate", "--on", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_things_are_named(tmp_path, capsys):
    assert main(["compare", str(tmp_path), "--on", str(ROWS)]) == 2
    assert main(["gate", "--on", str(tmp_path / "none.jsonl")]) == 2
    assert main(["gate", "--split", "dev"]) == 2
    assert capsys.readouterr().err.count("\n") == 3
