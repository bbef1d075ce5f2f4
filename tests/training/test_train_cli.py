"""The command line of training: what a data scientist types, and what it answers."""

import json
from pathlib import Path

import pytest

from heard_training.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def labels(tiny_data, tmp_path):
    """Labels without texts, of the tiny public messages."""
    assert main(["strip", str(tiny_data / "texts"), "--annotations", str(tmp_path / "labels")]) == 0
    return tmp_path / "labels"


def test_stripped_labels_hold_no_words(labels, tiny_data):
    kept = "".join(path.read_text() for path in labels.glob("*.jsonl"))
    lines = (tiny_data / "texts/messages/train.jsonl").read_text().splitlines()
    assert len(lines) == 40
    assert not any(json.loads(line)["text"][:25] in kept for line in lines)


def test_labels_and_texts_are_joined_and_prepared_in_one_go(
    labels, tiny_data, tiny_config, tmp_path, capsys
):
    messages = tiny_data / "texts/messages"
    command = ["prepare", "--download", "--config", str(tiny_config)]
    command += ["--annotations", str(labels), "--texts", str(tmp_path / "texts")]
    command += ["--out", str(tmp_path / "run")]
    command += [f"--from={source}={messages}" for source in ("cfpb", "twcs", "multidogo")]
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    found = said["downloaded"]["sources"]
    assert found["cfpb"] == {"wanted": 10, "found": 10, "missing": 0, "why": ""}
    # Nobody has said where these are.
    assert found["acme"]["missing"] == 10 and found["acme"]["why"]
    assert said["sources"]["dev"] == {"twcs": 12}
    assert said["left_out_for_rights"] == {"twcs": 10}
    joined = (tmp_path / "texts/messages/train.jsonl").read_text().splitlines()
    assert len(joined) == 30 and all(json.loads(line)["text"] for line in joined)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--from", "twcs=here"], "--download"),
        (["--download"], "--texts"),
        (["--download", "--texts", "here", "--from", "twcs"], "SOURCE=PLACE"),
        (["--download", "--texts", "here", "--from", "twcs=/no/such/file"], "no such file"),
    ],
)
def test_wrong_use_ends_with_one_sentence(arguments, word, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    out = tmp_path / "run"
    assert main(["prepare", "--out", str(out), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and word in error
    assert not out.exists()


def test_figures_are_not_written_over_a_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    rows = ["--on", "data/authored/dignity.jsonl"]
    assert main(["behaviour", "--json", str(tmp_path)]) == 2
    assert main(["gate", *rows, "--accept", "--against", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("is a folder") == 2
    assert not list(tmp_path.parent.glob("*.partial"))


def test_the_yes_or_no_labels_of_any_network_are_measured(tiny_run, tiny_config, tmp_path, capsys):
    report = tmp_path / "report.json"
    command = ["benchmark", "--config", str(tiny_config), "--out", str(tiny_run)]
    # Yes/no labels are measured, whatever else the network says.
    assert main([*command, "--json", str(report)]) == 0
    measured = json.loads(report.read_text())
    assert "abusive" in measured["labels"]
    assert json.loads(capsys.readouterr().out) == measured
