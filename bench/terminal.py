"""What the benchmarks say while they run, and how they end when they are stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["progress", "run"]

_INTERRUPTED = 130


def progress(text: str) -> None:
    """Tell what goes on, beside the results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; one that is interrupted says so in a line."""
    try:
        main()
    except KeyboardInterrupt:
        progress("Stopped; what was started has ended, and nothing was written.")
        sys.exit(_INTERRUPTED)
