"""The person shift against wordings that were written by hand before there were rules."""

import json
from pathlib import Path

import pytest

from heard.reply.shift import shift

ROWS = [
    json.loads(line)
    for line in (Path(__file__).with_name("shifts.jsonl")).read_text(encoding="utf-8").splitlines()
]


def shifted(row):
    return shift(row["span"], clause=row["kind"] == "problem")


def test_most_spans_come_out_word_for_word_as_a_writer_shifted_them():
    wanted = [row for row in ROWS if row["shifted"] is not None]
    same = sum(shifted(row) == row["shifted"] for row in wanted)
    other = [row for row in wanted if shifted(row) not in (row["shifted"], None)]
    assert same / len(wanted) > 0.85
    assert len(other) / len(wanted) < 0.03


def test_what_the_writer_would_not_shift_is_mostly_left_alone():
    left = [row for row in ROWS if row["shifted"] is None]
    assert sum(shifted(row) is None for row in left) / len(left) > 0.88


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (
            "I've been waiting since Monday and my order still isn't here!!",
            "you've been waiting since Monday and your order still isn't here",
        ),
        ("I was told I'd get my money back", "you were told you'd get your money back"),
        ("And you lot lost OUR bags again \U0001f621", "we lost your bags again"),
        ("MY CARD WAS BLOCKED IN THE SHOP", "your card was blocked in the shop"),
        ("you sent me the wrong one", "we sent you the wrong one"),
        ("the fucking app keeps kicking me out", "the app keeps kicking you out"),
        ("Norvik cancelled my flight", "Norvik cancelled your flight"),
        ("nobody told us why we were moved", "nobody told you why you were moved"),
        ("been on hold for 50 mins", "you've been on hold for 50 mins"),
        ("Waiting since March for an engineer", "you've been waiting since March for an engineer"),
        ("told it would be here by Monday", "you were told it would be here by Monday"),
        ("Can't log in to my account", "you can't log in to your account"),
        ("Ordered two lamps and you sent one", "you ordered two lamps and we sent one"),
    ],
)
def test_problems(span, said):
    assert shift(span, clause=True) == said


@pytest.mark.parametrize(
    "span",
    [
        'he said "calm down love" to me',
        "bag lost, again",
        "another cancelled flight",
        "no word until you called",
        "who can eat for that",
        "your idiots lost my bag",
        "told you I was out",
        "called a liar by your agent",
        "can't believe you did this",
        "",
        "!!!",
        "x " * 80,
    ],
)
def test_what_is_no_safe_sentence_is_not_shifted(span):
    assert shift(span, clause=True) is None


def test_needs_may_be_requests_and_questions():
    assert shift("how do I get my refund?", clause=False) == "how do you get your refund?"
    assert shift("let me speak to someone", clause=False) == "let you speak to someone"
