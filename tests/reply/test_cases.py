"""Situations written by hand, each with what a good reply must and must not hold."""

import json
from collections import Counter
from pathlib import Path

import pytest

import heard
from heard.labels import EMOTION_NAMES
from heard.reply.clauses import stems
from heard.reply.context import CHANNELS, STAGES

ROOT = Path(__file__).resolve().parents[2]


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


CASES = read(ROOT / "data/reply_cases.jsonl")
FAILING = read(ROOT / "tests/known_failures/reply_cases.jsonl")


def faults(case):
    """List what is wrong with the reply to a case."""
    context = heard.Context(
        channel=case["channel"],
        stage=case["stage"],
        remedies=tuple(case["remedies"]),
        customer_name=case["customer_name"],
    )
    found = heard.recommend(heard.load().assess(case["message"]), context)
    names = [move.name for move in found.moves]
    reply = found.reply.lower()
    wrong = []
    rest = iter(names)
    if not all(name in rest for name in case["moves"]):
        wrong.append(f"moves {names}, not {case['moves']}")
    wrong += [f"has {name}" for name in case["no_moves"] if name in names]
    if case["action"] not in (None, found.action):
        wrong.append(f"action {found.action}, not {case['action']}")
    wrong += [f"none of {some}" for some in case["must"] if not any(s in reply for s in some)]
    wrong += [f"has {words!r}" for words in case["must_not"] if words.lower() in reply]
    if case["own_words"] and len(stems(case["message"]) & stems(found.reply)) < min(
        2, len(stems(case["message"]))
    ):
        wrong.append("no words of the customer's own")
    return wrong


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_good_reply(case):
    case = case | {"must": [[s.lower() for s in some] for some in case["must"]]}
    assert faults(case) == []


def test_the_known_failures_still_fail():
    """One that passes has been mended: move it to data/reply_cases.jsonl."""
    mended = [
        case["id"]
        for case in FAILING
        if not faults(case | {"must": [[s.lower() for s in some] for some in case["must"]]})
    ]
    assert mended == []


def test_the_cases_cover_what_there_is():
    assert len(CASES) >= 120
    assert {case["channel"] for case in CASES} == set(CHANNELS)
    assert {case["stage"] for case in CASES} == set(STAGES)
    assert {case["emotion"] for case in CASES} == {"none", *EMOTION_NAMES}
    assert len(Counter(case["industry"] for case in CASES)) >= 12
