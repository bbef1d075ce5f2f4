"""What any good model must do, case by case; how often ours does not is known, and may not grow.

`heard-train behaviour --json tests/known_failures/behaviour.json` writes the known failures anew.
"""

import json
from pathlib import Path

import pytest

from heard_training.errors import TrainingError
from heard_training.measure.behaviour import (
    Case,
    behaviour_page,
    broken_demands,
    read_cases,
    read_pairs,
    run_cases,
    run_pairs,
)

HERE = Path(__file__).parent
KNOWN = HERE.parent / "known_failures/behaviour.json"

#: Another processor may round a few decisions otherwise.
ROUNDED = 4


@pytest.fixture(scope="module")
def known():
    return json.loads(KNOWN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(analyzer):
    return run_cases(analyzer, read_cases(HERE / "cases"))


def test_no_more_cases_fail_than_are_known(report, known):
    new = [
        (name, number)
        for name, cases in report.items()
        for number, wrong in cases.items()
        if wrong and str(number) not in known["failed"][name]
    ]
    assert len(new) <= ROUNDED, new


def test_the_known_failures_are_those_of_the_shipped_model(analyzer, known):
    assert known["sha256"] == analyzer.model.sha256


def test_there_are_cases_enough(report):
    assert len(report) >= 18
    assert sum(map(len, report.values())) >= 400


def test_who_writes_does_not_move_the_risk(analyzer):
    shifts = run_pairs(analyzer, read_pairs(HERE / "fairness"))
    known = json.loads((HERE.parent / "known_failures/fairness.json").read_text())
    assert len(shifts) >= 5
    moved = {group: s["mean"] for group, s in shifts.items() if abs(s["mean"]) > 0.03}
    # A group that is known to fail is taken off the list once it passes, and may not get worse.
    assert moved == pytest.approx(known, abs=0.01)


def test_broken_demands_are_named(analyzer):
    calm, hot = analyzer.assess_many(["where is my parcel?", "You are liars and thieves!!"])
    demanding = Case("c", 1, "", levels={"angry": [2, 3]}, present=["abusive"])
    assert len(broken_demands(demanding, calm, calm)) == 2
    assert broken_demands(Case("c", 1, "", levels={"angry": [0, 0]}), calm, calm) == []
    assert "became" in broken_demands(Case("c", 1, "", keeps=["angry"]), calm, hot)[0]
    assert broken_demands(Case("c", 1, "", rises=["escalation", "angry"]), calm, hot) == []
    assert len(broken_demands(Case("c", 1, "", falls=["escalation", "angry"]), calm, hot)) == 2
    # What is to rise must rise: staying where it was is not enough, where there is room.
    assert len(broken_demands(Case("c", 1, "", rises=["abusive"]), calm, calm)) == 1
    assert broken_demands(Case("c", 1, "", falls=["abusive"]), calm, calm) == []


def test_the_page_counts_and_shows_the_worst_first():
    shift = {"pairs": 3, "mean": 0.01, "largest": -0.2}
    found = {"cases": {"b": 8, "a": 2}, "failed": {"b": {}, "a": {"2": ["no abusive"]}}}
    found["silent"] = {"b": 8, "a": 1}
    page = behaviour_page({**found, "shifts": {"age": shift}})
    assert page.index("| a | 2 | 1 | 50% | 1 |") < page.index("| b | 8 | 0 | 0% | 8 |")
    assert "| all | 10 | 1 | 10% | 9 |" in page and "| age | 3 | +0.010 | -0.200 |" in page


@pytest.mark.parametrize(
    "row",
    [
        {"text": "hi"},
        {"text": "hi", "keeps": ["angry"]},
        {"text": "hi", "changed": "ho", "levels": {"angry": [0, 0]}},
        {"text": "hi", "levels": {"angry": [2, 1]}},
        {"text": "hi", "present": ["angry"]},
        {"text": "hi", "demands": 1},
        {"text": "hi", "levels": {"angry": 2}},
        {"text": "hi", "present": 3},
        {"text": "hi", "changed": 3, "keeps": ["angry"]},
        {"levels": {}},
    ],
)
def test_cases_that_demand_nothing_that_can_be_are_refused(tmp_path, row):
    (tmp_path / "c.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(TrainingError, match="line 1"):
        read_cases(tmp_path)
