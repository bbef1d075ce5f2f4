"""``heard-train init``, ``prepare``, ``strip``, ``describe``."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heard_training.cli.shared import (
    add_command,
    add_config,
    add_json,
    add_labels,
    add_out,
    add_own,
    add_texts,
    keep,
    read_config,
)
from heard_training.config import Config
from heard_training.errors import TrainingError

__all__ = ["add_to"]

#: What each split of the corpus is for.
_USES = {
    "train": "learned from",
    "calibrate": "calibrated on",
    "test": "measured on (authored)",
    "dev": "measured on (yours and other real messages)",
}


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add these commands to the command line's."""
    init = add_command(commands, "init", "begin a project with messages of your own", _init)
    init.add_argument("folder", type=Path, help="a folder that is not there yet, or is empty")

    prepare = add_command(commands, "prepare", "build one dataset from every source", _prepare)
    add_config(prepare)
    add_texts(prepare)
    prepare.add_argument("--feedback", help="a service's file of corrections, to train on")
    add_own(prepare)
    add_labels(prepare)
    add_out(prepare)
    add_json(prepare)
    prepare.add_argument("--annotations", type=Path, default=Path("data/annotations"))
    prepare.add_argument(
        "--download", action="store_true", help="fetch the texts into --texts first"
    )
    prepare.add_argument(
        "--from",
        dest="given",
        action="append",
        default=[],
        metavar="SOURCE=PLACE",
        help="where a source's texts are, if not where sources.toml says; may be repeated",
    )

    strip = add_command(
        commands, "strip", "write the labels of public texts without the texts", _strip
    )
    strip.add_argument("texts", type=Path, help="a local folder of public texts with labels")
    strip.add_argument(
        "--annotations",
        type=Path,
        default=Path("data/annotations"),
        help="the folder to write to, over what lies there (default: %(default)s)",
    )

    add_command(commands, "describe", "print the tables of data/README.md", _describe)


def _init(arguments: Namespace) -> None:
    from heard_training.project import init_project

    init_project(arguments.folder)
    print((arguments.folder / "README.md").read_text(encoding="utf-8"))


def _prepare(arguments: Namespace) -> None:
    from heard_training.data.own.read import read_own
    from heard_training.data.own.report import own_page
    from heard_training.run import prepare_run

    config = read_config(arguments)
    own = read_own(config) if config.data.csv else None
    if own:
        print(own_page(own.report), flush=True)
    found = {}
    if arguments.download:
        found = {"downloaded": _download(config, arguments)}
    elif arguments.given:
        raise TrainingError("--from says where to download from: give --download with it.")
    summary = found | prepare_run(config, arguments.out, own)
    if own:
        print(_splits_line(summary))
        keep(arguments.json, {"own": own.report, **summary})
    else:
        keep(arguments.json, summary)
        print(json.dumps(summary, indent=1))


def _splits_line(summary: Mapping[str, Any]) -> str:
    """Tell what a corpus with one's own rows is made of."""
    lines = [""]
    for split, sources in summary["sources"].items():
        parts = ", ".join(f"{rows:,} {source}" for source, rows in sources.items())
        lines.append(f"  {_USES[split]}: {parts or 'nothing'}")
    repeated = sum(summary["left_out_as_in_dev_or_test"].values())
    if repeated:
        lines.append(f"! {repeated:,} training rows are left out: their text is measured on.")
    if summary["taught_by_no_row"]:
        names = ", ".join(summary["taught_by_no_row"])
        lines.append(f"! No training row knows {names}: raise data.authored_share above 0.")
    return "\n".join(lines)


def _download(config: Config, arguments: Namespace) -> dict[str, object]:
    from heard_training.data.download import download

    if not config.data.texts:
        raise TrainingError("--download needs --texts FOLDER, the folder to put the texts into.")
    given = {}
    for pair in arguments.given:
        source, equals, place = pair.partition("=")
        if not (source and equals and place):
            raise TrainingError(f"--from is {pair!r}: give SOURCE=PLACE, as in twcs=twcs.csv.")
        given[source] = place
    sources = Path(config.data.sources)
    return download(Path(config.data.texts), arguments.annotations, sources, given)


def _strip(arguments: Namespace) -> None:
    from heard_training.data.download import strip

    strip(arguments.texts, arguments.annotations)


def _describe(_: Namespace) -> None:
    from heard_training.data.describe import describe

    print(describe(Path("data/authored"), Path("data/annotations")))
