"""The command line of training: ``heard-train``.

``data.py`` holds the commands for messages, ``label.py`` the one for labellers, ``learn.py`` those
for networks, ``measure.py`` those for bundles.

The libraries of the extra ``train`` are imported by the commands, not here, so that a base
installation can answer with the line that installs them.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from heard.errors import HeardError
from heard_training.cli import data, label, learn, measure
from heard_training.processes import is_first, local_rank, processes

__all__ = ["main"]

_WRONG_USE = 2
_INTERRUPTED = 130
_NEEDED = (
    "accelerate",
    "datasets",
    "httpx2",
    "jinja2",
    "matplotlib",
    "onnx",
    "pyarrow",
    "scipy",
    "sklearn",
    "torch",
    "tqdm",
    "transformers",
    "vaderSentiment",
)
_PIP_LINE = "pip install -c constraints.txt -e '.[train]'"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        _complain(f"Training needs {', '.join(missing)}: in a clone, run {_PIP_LINE}")
        return _WRONG_USE
    level = logging.INFO if is_first() else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    if processes() > 1 and not getattr(arguments, "in_several_processes", False):
        _complain(
            "Only `fit` runs in several processes: start the other commands without torchrun."
        )
        return _WRONG_USE
    target: Path | None = getattr(arguments, "json", None)
    if target is not None and target.is_dir():  # said before anything is measured
        _complain(f"{target} is a folder: give --json a file to write.")
        return _WRONG_USE
    try:
        code: int | None = arguments.run(arguments)
    except HeardError as error:
        _complain(str(error))
        return _WRONG_USE
    except OSError as error:
        _complain(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
        return _WRONG_USE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code or 0


def _complain(sentence: str) -> None:
    if local_rank():
        return  # the first process on this machine says the same
    sys.stderr.write(f"heard-train: {sentence}\n")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="heard-train", description="From labelled messages to a verified bundle."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    data.add_to(commands)
    label.add_to(commands)
    learn.add_to(commands)
    measure.add_to(commands)
    return parser
