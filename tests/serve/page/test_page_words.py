"""The page has words for every name that the service can send, and for no other."""

import re
from importlib.resources import files
from typing import get_args

import pytest

from heard import labels
from heard.conversation import Trend
from heard.reply import context, playbook
from heard.reply.check.finding import RULES, SEVERITIES

WORDS = files("heard.serve").joinpath("page/labels.js").read_text(encoding="utf-8")
_TABLE = re.compile(r"export const (\w+) = (?:words\()?\{(.*?)\}\)?;", re.DOTALL)
TABLES = {name: dict(re.findall(r'(\w+): "([^"]*)"', body)) for name, body in _TABLE.findall(WORDS)}
NAMES = {
    "EMOTIONS": labels.EMOTION_NAMES,
    "STRENGTHS": [label.name for label in labels.STRENGTHS],
    "ESCALATION": [label.name for label in labels.ESCALATION_LEVELS],
    "SIGNALS": labels.SIGNAL_NAMES,
    "SPANS": labels.SPAN_NAMES,
    "CHANNELS": context.CHANNELS,
    "STAGES": context.STAGES,
    "REMEDIES": context.REMEDIES,
    "SEVERITIES": SEVERITIES,
    "actionWords": playbook.ACTIONS,
    "moveWords": playbook.MOVES,
    "ruleWords": RULES,
    "trendWords": get_args(Trend),
}


@pytest.mark.parametrize("table", NAMES)
def test_every_name_has_words(table):
    assert set(TABLES[table]) == set(NAMES[table])
    assert all(TABLES[table].values())


def test_no_table_is_left_out():
    assert set(TABLES) == set(NAMES)


@pytest.mark.parametrize(
    ("table", "declared"),
    [("EMOTIONS", labels.EMOTIONS), ("STRENGTHS", labels.STRENGTHS)],
)
def test_what_the_page_says_of_a_label_is_what_is_declared(table, declared):
    assert TABLES[table] == {label.name: label.meaning for label in declared}
