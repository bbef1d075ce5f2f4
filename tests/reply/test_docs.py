"""The worked examples are what the program says today."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_worked_examples_are_the_programs_own():
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/replies.py")], capture_output=True, check=True
    )
    printed = done.stdout.decode()
    assert printed == (ROOT / "docs/replies.md").read_text(encoding="utf-8"), (
        "print them anew: python examples/replies.py > docs/replies.md"
    )
    assert printed.count("\n## ") == 12
