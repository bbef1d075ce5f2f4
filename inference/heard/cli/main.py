"""The command line: ``models.py`` messages and bundles, ``replies.py``, ``score.py`` files.

``serve.py`` starts the service.

Results go to standard output, everything else to standard error. Wrong use and bad input end with
one sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import heard
from heard.cli import models, replies, score, serve
from heard.errors import HeardError

__all__ = ["main"]

_FAILED = 1
_WRONG_USE = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    if sys.stdout is None or sys.stderr is None:  # closed by the caller: nothing can be said
        return _FAILED
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # whatever the terminal's own encoding is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except HeardError as error:
        _complain(str(error))
        return _WRONG_USE
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:  # a full disk behind standard output, say
        _complain(f"The results could not be written: {error.strerror}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return code


def _complain(sentence: str) -> None:
    sys.stderr.write(f"heard: {sentence}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heard", description=heard.__doc__.split("\n")[0])
    parser.add_argument("--version", action="version", version=f"heard {heard.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    models.add_to(commands)
    replies.add_to(commands)
    score.add_to(commands)
    serve.add_to(commands)
    return parser
