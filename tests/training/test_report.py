"""The report: one page that stands by itself, from figures that are right."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from heard.text import normalise
from heard_training.cli import main
from heard_training.measure.answers import Answers, Gold
from heard_training.measure.curves import confusions, precision_recall, worst_errors
from heard_training.measure.robustness import DISTURBANCES, disturbed, padded

HOSTILE = "<script>alert('x')</script> & I am furious"


@pytest.fixture(scope="module")
def answered():
    """Four rows, of which the model is right about two."""
    levels = np.array([[0], [1], [2], [3]]).repeat(5, axis=1)
    decided = np.array([[0], [1], [0], [1]]).repeat(5, axis=1)
    at_least = np.array([0.1, 0.8, 0.2, 0.9])[:, None, None] * np.ones((1, 5, 3))
    gold = Gold(levels, np.eye(4, 10, dtype=int), [[]] * 4)
    return gold, Answers(at_least, decided, np.eye(4, 10) * 0.8, np.eye(4, 10) > 0.5)


def test_confusions_count_every_row(answered):
    cells = np.array(confusions(*answered)["angry"])
    assert cells.sum() == 4
    assert cells[0, 0] == cells[1, 1] == cells[2, 0] == cells[3, 1] == 1


def test_a_curve_ends_at_full_recall_and_a_perfect_ranking_has_all_its_area(answered):
    found = precision_recall(*answered)
    assert found["angry >= 1"]["average_precision"] == pytest.approx(1.0)
    assert found["angry >= 1"]["curve"][-1] == [1.0, 0.75]
    assert found["angry >= 1"]["decided"] == [pytest.approx(2 / 3, abs=1e-4), 1.0]


def test_only_wrong_answers_are_listed_the_surest_first(answered):
    texts, names = list("abcd"), [f"row-{i}" for i in range(4)]
    found = worst_errors(*answered, texts, names)
    angry = [error for error in found if error["question"] == "angry >= 1"]
    assert [error["name"] for error in angry] == ["row-2"]
    assert not [error for error in found if error["question"] == "abusive"]


@pytest.mark.parametrize("how", [*DISTURBANCES, "missing spaces"])
def test_disturbances_are_the_same_every_time_and_grow(how):
    text = "Where is my order? Nobody answers, and I have been waiting for three weeks."
    assert disturbed(text, how, 0.0, 1) == text
    assert disturbed(text, how, 1.0, 1) == disturbed(text, how, 1.0, 1) != text


def test_what_is_disturbed_a_little_is_part_of_what_is_disturbed_more():
    text = "please cancel everything and refund the whole amount today or tomorrow " * 5
    words, some, more = (
        disturbed(text, "misspelling", share, 3).split() for share in (0.0, 0.3, 0.9)
    )
    assert len(words) == len(some) == len(more)
    few = [place for place, word in enumerate(some) if word != words[place]]
    assert few and all(some[place] == more[place] for place in few)
    many = sum(word != words[place] for place, word in enumerate(more))
    eligible = sum(len(word) > 2 for word in words)
    assert len(few) < many > 0.7 * eligible


def test_what_normalisation_mends_does_not_disturb():
    text = "You people are idiots and liars"
    hidden = disturbed(text, "zero-width characters", 1.0, 1)
    assert normalise(hidden).text == text


def test_padding_keeps_the_message():
    found = padded("I am furious", ["all fine thanks"], 30, 1)
    assert "I am furious" in found.split("\n") and len(found.split()) >= 30


@pytest.fixture(scope="module")
def report(tmp_path_factory, tiny_run, tiny_config):
    """The report of the tiny bundle, one of its test messages full of markup."""
    folder = tmp_path_factory.mktemp("report")
    data = folder / "authored"
    data.mkdir()
    text = tiny_config.read_text()
    source = re.search(r'authored = "(.*)"', text)[1]
    rows = Path(source, "dignity.jsonl").read_text(encoding="utf-8").splitlines()
    lines = [json.loads(row) for row in rows]
    for row in lines:
        if row["split"] == "test":
            row["text"] = f"{HOSTILE} {row['id']}"
            row["second"] = None
    (data / "dignity.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    config = folder / "c.toml"
    config.write_text(text.replace(source, str(data)))
    out = folder / "out"
    command = ["evaluate", str(tiny_run / "bundle"), "--config", str(config), "--out", str(out)]
    assert main([*command, "--results", str(folder / "none")]) == 0
    return out


@pytest.mark.slow
def test_the_page_stands_by_itself(report):
    html = (report / "report.html").read_text(encoding="utf-8")
    assert html.count("<svg") >= 7
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html)
    assert "<script" not in html.replace("&lt;script", "")
    assert "&lt;script&gt;" in html  # the message is shown, not run


@pytest.mark.slow
def test_the_figures_are_those_of_the_page_and_have_intervals(report):
    found = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert set(found["splits"]) == {"dev", "test"}
    value, low, high = found["splits"]["test"]["figures"]["mean_emotions.auroc_1"]
    assert low <= value <= high
    html = (report / "report.html").read_text(encoding="utf-8")
    assert f"{value:.3f} ({low:.3f} to {high:.3f})" in html
    assert found["languages"]["languages"]["ru"]["other"] == 3
    assert set(found["robustness"]) >= {"misspelling", "missing spaces"}
    assert "baselines" not in found  # nobody measured them for this bundle


@pytest.mark.slow
def test_texts_that_may_not_be_shown_are_not_in_it(report, tiny_data):
    kept = (report / "report.json").read_text(encoding="utf-8")
    lines = (tiny_data / "texts/messages/dev.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 12
    assert not any(json.loads(line)["text"][:40] in kept for line in lines)


@pytest.mark.slow
def test_a_learning_curve_grows_is_kept_and_is_not_made_twice(
    tiny_run, tiny_config, tmp_path, capsys, monkeypatch
):
    kept = tmp_path / "curve.json"
    command = ["curve", "--config", str(tiny_config), "--set", "fit.epochs=2", "--json", str(kept)]
    command += ["--out", str(tmp_path / "points"), "--shares", "0.5", "1", "--seeds", "20", "21"]
    assert main(command) == 0
    points = json.loads(kept.read_text())["points"]
    assert [(point["share"], point["seed"]) for point in points] == [(0.5, 20), (1, 20), (1, 21)]
    assert points[0]["rows"] * 2 == pytest.approx(points[-1]["rows"], abs=1)
    first, second = (point["figures"]["test"]["mean_emotions.auroc_1"] for point in points[1:])
    assert 0 < first <= 1 and first != second  # another seed is another network
    assert not list(tmp_path.glob("points/*/checkpoint"))

    def never(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr("heard_training.measure.curve.fit", never)
    capsys.readouterr()
    assert main(command) == 0 and "| 20 |" in capsys.readouterr().out
    # A finished run of the same configuration serves as its point; one of another does not.
    again = [*command[:3], "--shares", "1", "--run", str(tiny_run), "--json", str(kept)]
    assert main([*again, "--out", str(tmp_path / "other")]) == 0
    with pytest.raises(AssertionError, match="trained again"):
        main([*again, "--out", str(tmp_path / "third"), "--set", "fit.epochs=2"])
    assert main([*command, "--shares", "1.5"]) == 2
    assert "1.5 is no share" in capsys.readouterr().err
