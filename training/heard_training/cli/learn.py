"""Commands that make networks and bundles: ``heard-train fit``, ``export``, ``ship`` and others."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from heard_training.cli.shared import (
    add_command,
    add_config,
    add_labels,
    add_out,
    add_own,
    add_start,
    add_teachers,
    add_texts,
    bundle_config,
    read_config,
)
from heard_training.processes import is_first

__all__ = ["add_to"]


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add these commands to the command line's."""
    fit = add_command(commands, "fit", "train on the prepared dataset", _fit)
    export = add_command(commands, "export", "calibrate, export, verify and measure", _export)
    run = add_command(commands, "run", "prepare, fit and export, in one go", _run)
    reader = add_command(
        commands,
        "export-reader",
        "export the graph that checks drafts, and measure it",
        _export_reader,
    )
    schemes = add_command(
        commands, "schemes", "compare the export schemes on a fitted network", _schemes
    )
    for parser in (fit, export, run, reader, schemes):
        add_config(parser)
        add_out(parser)
    add_texts(run)
    run.add_argument("--feedback", help="a service's file of corrections, to train on")
    add_own(run)
    add_labels(run)
    for parser in (fit, run):
        add_start(parser)
        parser.add_argument("--resume", action="store_true", help="take up interrupted training")
        add_teachers(parser)
    fit.set_defaults(in_several_processes=True)

    average = add_command(commands, "average", "average the networks of several runs", _average)
    average.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run's folder")
    add_config(average)
    add_out(average)

    ship = add_command(
        commands,
        "ship",
        "put a run's bundle and checkpoint where the wheel takes them",
        _ship,
    )
    add_out(ship)


def _fit(arguments: Namespace) -> None:
    from heard_training.run import fit_run

    folder = fit_run(read_config(arguments), arguments.out, resume=arguments.resume)
    if is_first():
        print(folder)


def _average(arguments: Namespace) -> None:
    from heard_training.run import average_run

    found = average_run(read_config(arguments), arguments.runs, arguments.out)
    print(json.dumps(found, indent=1))


def _export(arguments: Namespace) -> None:
    from heard_training.run import export_run

    print(json.dumps(export_run(read_config(arguments), arguments.out), indent=1))


def _run(arguments: Namespace) -> None:
    from heard_training.run import run_all

    found = run_all(read_config(arguments), arguments.out, resume=arguments.resume)
    print(json.dumps(found, indent=1))


def _export_reader(arguments: Namespace) -> None:
    from heard_training.run import export_reader_run

    print(json.dumps(export_reader_run(read_config(arguments), arguments.out), indent=1))


def _schemes(arguments: Namespace) -> None:
    from heard_training.run import survey_run

    print(survey_run(bundle_config(arguments), arguments.out))


def _ship(arguments: Namespace) -> None:
    from heard.bundle import default_path
    from heard_training.run import ship

    ship(arguments.out, default_path(), Path("training/checkpoint"))
