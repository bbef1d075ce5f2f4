"""What the commands share: their common options, and reading the configuration."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from heard_training.config import Config, load_config
from heard_training.errors import TrainingError
from heard_training.files import write_whole

__all__ = [
    "add_command",
    "add_config",
    "add_json",
    "add_labels",
    "add_out",
    "add_own",
    "add_start",
    "add_teachers",
    "add_texts",
    "bundle_config",
    "keep",
    "read_config",
]


def add_command(
    commands: Any,  # noqa: ANN401 - argparse has no public name for it
    name: str,
    text: str,
    run: Callable[[Namespace], int | None],
) -> ArgumentParser:
    """Add a command that ``run`` carries out; ``text`` says what it does."""
    made: ArgumentParser = commands.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    return made


def add_config(parser: ArgumentParser) -> None:
    """Let a command take a configuration, and single values of it."""
    parser.add_argument("--config", type=Path, help="a TOML file (default: the defaults)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="TABLE.KEY=VALUE",
        help="a value of the configuration, as in fit.seed=21; may be repeated",
    )


def add_texts(parser: ArgumentParser) -> None:
    """Let a command read public texts."""
    parser.add_argument("--texts", help="a local folder of public texts with labels")


def add_own(parser: ArgumentParser) -> None:
    """Let a command read messages of one's own."""
    own = parser.add_argument_group("a file of your own, as [data.csv] of the configuration")
    own.add_argument("--csv", help="the file; the options below say what its columns are")
    own.add_argument("--text-column", metavar="COLUMN", help="the message")
    own.add_argument("--id-column", metavar="COLUMN", help="the row's own id")
    own.add_argument(
        "--group-column",
        metavar="COLUMN",
        help="the conversation or customer, whose rows are never cut between splits",
    )
    own.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="LABEL=COLUMN",
        help="a label and its column, of levels 0 to 3 or of yes and no; may be repeated",
    )


def add_start(parser: ArgumentParser) -> None:
    """Let a command say what training starts from."""
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--from",
        dest="start",
        metavar="NETWORK",
        help="go on from a fitted network, heads and all: shipped, or a run's checkpoint",
    )
    start.add_argument(
        "--base-model",
        metavar="ENCODER",
        help="put fresh heads on an encoder: a Hugging Face name or a folder",
    )


def add_teachers(parser: ArgumentParser) -> None:
    """Let a command learn from fitted networks."""
    parser.add_argument(
        "--teacher",
        action="append",
        metavar="RUN",
        help="a run, or shipped: what its network says is learned beside the labels; may be "
        "repeated",
    )
    parser.add_argument("--unlabelled", help="messages for teachers to label: JSONL, or a folder")


def add_labels(parser: ArgumentParser) -> None:
    """Let a command read labels that persons gave."""
    parser.add_argument(
        "--labels",
        action="append",
        metavar="FILE",
        help="a sheet (.csv) or an export of Label Studio (.json) with labels; may be repeated",
    )


def add_out(parser: ArgumentParser) -> None:
    """Let a command work on a run's folder."""
    parser.add_argument("--out", type=Path, default=Path("build/run"), help="the run's folder")


def add_json(parser: ArgumentParser) -> None:
    """Let a command write what it measured to a file."""
    parser.add_argument("--json", type=Path, help="write the figures to this file")


def read_config(arguments: Namespace) -> Config:
    """Read the configuration that the command line names."""
    # Not every command reads texts, feedback or a file of one's own, or starts to train.
    named = vars(arguments)
    keys = ("texts", "feedback", "labels")
    given: dict[str, Any] = {key: named[key] for key in keys if named.get(key)}
    changes = list(named.get("set", ()))
    if named.get("base_model"):
        changes += ["network.start=", f"network.encoder={json.dumps(named['base_model'])}"]
    if named.get("start"):
        changes.append(f"network.start={json.dumps(named['start'])}")
    if named.get("teacher"):
        changes.append(f"fit.teachers={json.dumps(named['teacher'])}")
    if named.get("unlabelled"):
        changes.append(f"data.unlabelled={json.dumps(named['unlabelled'])}")
    own = _own(named)
    return load_config(arguments.config, changes, **given, **({"csv": own} if own else {}))


def _own(named: Mapping[str, Any]) -> dict[str, Any]:
    """Read the options of :func:`add_own` as keys of [data.csv]; not every command has them."""
    if "csv" not in named:
        return {}
    columns = ("text_column", "id_column", "group_column")
    own: dict[str, Any] = {key: named[key] for key in columns if named.get(key)}
    if named.get("csv"):
        own["path"] = str(Path(named["csv"]).absolute())  # from here, not from the configuration
    labels = {}
    for pair in named.get("label", ()):
        label, equals, column = pair.partition("=")
        if not (equals and label and column):
            raise TrainingError(f"--label is {pair!r}: give LABEL=COLUMN, as in angry=mood.")
        labels[label] = {"column": column}
    return own | ({"labels": labels} if labels else {})


def bundle_config(arguments: Namespace) -> Config:
    """Read the configuration where bundles are measured, which know heard's own outputs only."""
    config = read_config(arguments)
    if not config.makes_a_bundle:
        raise TrainingError(
            "[heads] declares outputs that no bundle has: `heard-train benchmark` measures such."
        )
    return config


def keep(path: Path | None, values: object) -> None:
    """Write figures to the file that was named, if one was."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(values, indent=1) + "\n")
