"""Prints how many faults `check_reply` finds in the test drafts, and how many good it flags."""

import json
from collections import Counter
from pathlib import Path

from heard import Context, check_reply, load

TESTS = Path(__file__).resolve().parents[1] / "tests/reply"


def read(name: str) -> list[dict]:
    """Read the rows of a file of drafts."""
    return [json.loads(line) for line in (TESTS / name).read_text(encoding="utf-8").splitlines()]


def found(rows: list[dict]) -> list[set[str]]:
    """Give the rules that each draft breaks, hints aside."""
    rules = []
    assessed = load().assess_many(row["message"] for row in rows)
    for row, assessment in zip(rows, assessed, strict=True):
        context = Context(row["channel"], row["stage"], remedies=tuple(row["remedies"]))
        findings = check_reply(row["draft"], assessment, context)
        rules.append({finding.rule for finding in findings if finding.severity != "hint"})
    return rules


def main() -> None:
    """Print a table by fault, and the two figures that count."""
    bad, good = read("drafts_bad.jsonl"), read("drafts_good.jsonl")
    there = Counter(fault for row in bad for fault in row["faults"])
    hits = Counter(
        fault
        for row, rules in zip(bad, found(bad), strict=True)
        for fault in row["faults"]
        if fault in rules
    )
    alarms = found(good)
    false = Counter(rule for rules in alarms for rule in rules)
    print(f"{'fault':24} found  of   good drafts flagged")
    for fault, count in there.most_common():
        print(f"{fault:24} {hits[fault]:5} {count:4} {false[fault]:5}")
    flagged = sum(map(bool, alarms))
    print(f"\nfaults found   {hits.total()} of {there.total()}: {hits.total() / there.total():.3f}")
    print(f"good flagged   {flagged} of {len(good)}: {flagged / len(good):.3f}")


if __name__ == "__main__":
    main()
