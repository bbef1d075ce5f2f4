"""What the shipped model says about fixed messages, kept in a file.

A change of the code must not change an answer; a change of the model changes them on purpose. Then
write the file anew and read the difference: ``python tests/golden/test_golden.py``.
"""

import json
from pathlib import Path

import pytest

import heard

FILE = Path(__file__).with_name("heard-en.jsonl")
#: Where sums run in another order, as on another kind of processor, rounding moves a probability by
#: this at most (the bundle's ``parity``); beyond it something else is at work.
TOLERANCE = 0.1

ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def compact(found: heard.Assessment) -> dict:
    """What is kept of an answer."""
    return {
        "at_least": {
            **{name: _two(emotion.at_least) for name, emotion in found.emotions.items()},
            "escalation": _two(found.escalation.at_least),
        },
        "signals": {name: round(p, 2) for name, p in found.signal_probabilities.items()},
        "tokens": found.tokens,
        "windows": found.windows,
        "language": found.language,
    }


def _two(chances) -> list[float]:
    return [round(p, 2) for p in chances]


def test_the_file_was_written_for_this_model(analyzer):
    assert {row["model"] for row in ROWS} == {analyzer.model.sha256}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:40])
def test_the_answer_is_as_before(analyzer, row):
    found = compact(analyzer.assess(row["text"]))
    for key in ("tokens", "windows", "language"):
        assert found[key] == row["found"][key]
    assert found["signals"] == pytest.approx(row["found"]["signals"], abs=TOLERANCE)
    for name, chances in row["found"]["at_least"].items():
        assert found["at_least"][name] == pytest.approx(chances, abs=TOLERANCE), name


def main() -> None:
    """Write the file anew for the shipped model."""
    analyzer = heard.load()
    lines = [
        json.dumps(
            {
                "text": row["text"],
                "model": analyzer.model.sha256,
                "found": compact(analyzer.assess(row["text"])),
            },
            ensure_ascii=False,
        )
        for row in ROWS
    ]
    partial = FILE.with_suffix(".partial")
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(FILE)


if __name__ == "__main__":
    main()
