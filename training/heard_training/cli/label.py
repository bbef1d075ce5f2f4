"""``heard-train suggest``."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from heard_training.cli.shared import (
    add_command,
    add_config,
    add_labels,
    add_texts,
    bundle_config,
)
from heard_training.errors import TrainingError

__all__ = ["add_to"]


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add this command to the command line's."""
    text = "what to label next, and which labels look wrong"
    suggest = add_command(commands, "suggest", text, _suggest)
    what = suggest.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--messages", type=Path, help="messages to choose from (.csv, .tsv, .jsonl or .txt)"
    )
    what.add_argument("--labelled", type=Path, help="labelled messages to doubt, as JSONL")
    suggest.add_argument("bundle", nargs="?", type=Path, help="default: the one shipped")
    suggest.add_argument("--count", type=_positive, default=100, help="how many at most")
    suggest.add_argument("--text-column", default="text", help="where a message's text is")
    suggest.add_argument("--id-column", default="id", help="where its id is, if it has one")
    suggest.add_argument("--seed", type=int, default=20, help="another gives another choice")
    suggest.add_argument(
        "--out", type=Path, default=Path("build/suggest"), help="the folder for the files"
    )
    add_config(suggest)
    add_texts(suggest)
    add_labels(suggest)


def _positive(value: str) -> int:
    if not value.isdecimal() or not int(value):
        raise ArgumentTypeError(f"{value!r} is no whole number above 0")
    return int(value)


def _suggest(arguments: Namespace) -> None:
    from heard_training.suggest.files import suggest_doubts, suggest_next
    from heard_training.suggest.messages import read_messages

    if arguments.out.exists() and not arguments.out.is_dir():
        raise TrainingError(f"{arguments.out} is a file: give --out a folder.")
    config = bundle_config(arguments)
    common = (config, arguments.bundle)
    if arguments.labelled:
        found = suggest_doubts(*common, arguments.labelled, arguments.count, arguments.out)
    else:
        messages = read_messages(arguments.messages, arguments.text_column, arguments.id_column)
        found = suggest_next(*common, messages, arguments.count, arguments.seed, arguments.out)
    print(json.dumps(found, indent=1))
