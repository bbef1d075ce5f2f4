"""The check of drafts, on drafts that were written before there were rules."""

import json
from collections import Counter
from pathlib import Path

import heard
from heard.reply.check.check import check_reply

HERE = Path(__file__).parent


def read(name):
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def checked(rows):
    """Give each row with the rules that it breaks, hints aside."""
    assessed = heard.load().assess_many([row["message"] for row in rows])
    for row, assessment in zip(rows, assessed, strict=True):
        context = heard.Context(
            channel=row["channel"], stage=row["stage"], remedies=tuple(row["remedies"])
        )
        found = check_reply(row["draft"], assessment, context)
        yield row, {finding.rule for finding in found if finding.severity != "hint"}


def test_most_faults_are_found():
    found = list(checked(read("drafts_bad.jsonl")))
    hits = Counter(fault for row, rules in found for fault in row["faults"] if fault in rules)
    there = Counter(fault for row, _ in found for fault in row["faults"])
    print({fault: f"{hits[fault]}/{there[fault]}" for fault in there})  # noqa: T201
    assert hits.total() / there.total() >= 0.85


def test_few_good_drafts_are_flagged():
    flagged = [(row["draft"], rules) for row, rules in checked(read("drafts_good.jsonl")) if rules]
    print(flagged)  # noqa: T201
    assert len(flagged) / len(read("drafts_good.jsonl")) <= 0.1
