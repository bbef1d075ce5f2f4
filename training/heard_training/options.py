"""The words of the command line: every command with its options."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["parser"]

#: Command, what it does.
_HELP = {
    "prepare": "build one dataset from every source",
    "strip": "write the labels of public texts without the texts",
    "fit": "train on the prepared dataset",
    "export": "calibrate, export, verify and measure",
    "export-reader": "export the graph that checks drafts, and measure it",
    "run": "prepare, fit and export, in one go",
    "schemes": "compare the export schemes on a fitted network",
    "evaluate": "measure a bundle; writes report.html and report.json",
    "curve": "train on parts of the rows, and with several seeds",
    "compare": "set two bundles side by side on labelled messages",
    "baselines": "set the model against simple opponents",
    "behaviour": "run the behaviour cases and fairness pairs",
    "benchmark": "measure a network with labels of your own",
    "gate": "hold a bundle to figures that were accepted; exit code 1 if not",
    "ship": "put a run's bundle and checkpoint where the wheel takes them",
    "card": "write the model card from the saved report",
    "describe": "print the tables of data/README.md",
}

_CONFIGURED = (
    "prepare fit export export-reader run schemes benchmark evaluate curve baselines compare gate"
)
_READ_TEXTS = "prepare run evaluate curve baselines compare gate"
_HAVE_RUN = "prepare fit export export-reader run schemes benchmark ship"


def parser(commands: Mapping[str, Callable[[Namespace], int | None]]) -> ArgumentParser:
    """Make the parser; ``commands`` maps every command to what runs it."""
    made = ArgumentParser(
        prog="heard-train", description="From labelled messages to a verified bundle."
    )
    parts = made.add_subparsers(metavar="COMMAND", required=True)
    own: dict[str, ArgumentParser] = {}
    for name, text in _HELP.items():
        own[name] = parts.add_parser(name, help=text, description=text)
        own[name].set_defaults(run=commands[name])

    def option(names: str, *flags: str, **settings: Any) -> None:  # noqa: ANN401 - argparse's own
        for name in names.split():
            own[name].add_argument(*flags, **settings)

    _data_options(option)
    _measuring_options(option)
    option("fit run", "--resume", action="store_true", help="take up interrupted training")
    option("card", "--check", action="store_true", help="only tell whether it is up to date")
    return made


def _data_options(option: Callable[..., None]) -> None:
    """Where data, configuration and runs lie."""
    option(_CONFIGURED, "--config", type=Path, help="a TOML file (default: the defaults)")
    option(
        _CONFIGURED,
        "--set",
        action="append",
        default=[],
        metavar="TABLE.KEY=VALUE",
        help="a value of the configuration, as in fit.seed=21; may be repeated",
    )
    option(_READ_TEXTS, "--texts", help="a local folder of public texts with labels")
    option("prepare run", "--feedback", help="a service's file of corrections, to train on")
    option("strip", "texts", type=Path, help="a local folder of public texts with labels")
    option(_HAVE_RUN, "--out", type=Path, default=Path("build/run"), help="the run's folder")
    option("prepare strip", "--annotations", type=Path, default=Path("data/annotations"))
    option("prepare", "--download", action="store_true", help="fetch the texts into --texts first")
    option(
        "prepare",
        "--from",
        dest="given",
        action="append",
        default=[],
        metavar="SOURCE=PLACE",
        help="where a source's texts are, if not where sources.toml says; may be repeated",
    )


def _measuring_options(option: Callable[..., None]) -> None:
    """What is measured, on what, and where the figures go."""
    option("evaluate", "--out", type=Path, default=Path("build/report"), help="for the report")
    option(
        "evaluate",
        "--results",
        type=Path,
        default=Path("training/results"),
        help="what slower commands saved",
    )
    option("evaluate behaviour", "--cases", type=Path, default=Path("tests/behaviour"))
    option("curve", "--out", type=Path, default=Path("build/curve"), help="for every point")
    option("curve", "--shares", type=float, nargs="+", default=[0.125, 0.25, 0.5, 1.0])
    option(
        "curve",
        "--seeds",
        type=int,
        nargs="+",
        default=[20],
        help="the first for every share, the others for the largest",
    )
    option(
        "curve", "--run", dest="finished", type=Path, help="a finished run, not to be trained again"
    )
    option(
        "evaluate baselines behaviour gate",
        "bundle",
        nargs="?",
        type=Path,
        help="default: the one shipped",
    )
    option(
        "compare",
        "bundles",
        nargs="+",
        type=Path,
        help="two bundles, or one to set against the one shipped",
    )
    option("compare gate", "--on", type=Path, help="a file of labelled messages, as JSONL")
    option("compare gate", "--split", choices=("test", "dev"), default="test", help="without --on")
    option(
        "benchmark baselines behaviour compare curve",
        "--json",
        type=Path,
        help="write the figures to this file",
    )
    option("gate", "--against", type=Path, help="a bundle, or figures that --accept wrote")
    option("gate", "--tolerances", type=Path, default=Path("training/gate.toml"))
    option("gate", "--accept", action="store_true", help="write the figures instead")
