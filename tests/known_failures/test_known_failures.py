"""What the shipped model gets wrong today, written down.

Each row is expected to fail. When a better model passes one, the test says so: move the row to
``../golden`` or to a behaviour test, and be glad.
"""

import json
from pathlib import Path

import pytest

from heard.labels import EMOTION_NAMES, ESCALATION, SIGNAL_NAMES
from heard_training.measure.behaviour import decided_level

FILE = Path(__file__).with_name("messages.jsonl")
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_rows_name_outputs_that_exist():
    names = {name for row in ROWS for name in row["wanted"]}
    assert names <= {*EMOTION_NAMES, ESCALATION.name, *SIGNAL_NAMES}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:40])
def test_it_still_fails(analyzer, row):
    found = analyzer.assess(row["text"])
    missed = [
        name
        for name, (low, high) in row["wanted"].items()
        if not low <= decided_level(found, name) <= high
    ]
    assert missed, "this row passes now: move it out of the known failures"
