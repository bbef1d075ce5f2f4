"""The command line of training: ``heard-train``.

The libraries of the extra ``train`` are imported by the commands, not here, so that a base
installation can answer with the line that installs them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from heard.errors import HeardError
from heard_training.config import Config, load_config

__all__ = ["main"]

_WRONG_USE = 2
_INTERRUPTED = 130
_NEEDED = ("accelerate", "datasets", "onnx", "scipy", "sklearn", "torch", "transformers")
_PIP_LINE = "pip install -c constraints.txt -e '.[train]'"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        _complain(f"Training needs {', '.join(missing)}: in a clone, run {_PIP_LINE}")
        return _WRONG_USE
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        arguments.run(arguments)
    except HeardError as error:
        _complain(str(error))
        return _WRONG_USE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _complain(sentence: str) -> None:
    sys.stderr.write(f"heard-train: {sentence}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="heard-train", description="From labelled messages to a verified bundle."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    prepare = command("prepare", _prepare, "build one dataset from every source")
    fit = command("fit", _fit, "train on the prepared dataset")
    export = command("export", _export, "calibrate, export, verify and measure")
    whole = command("run", _run, "prepare, fit and export, in one go")
    schemes = command("schemes", _schemes, "compare the export schemes on a fitted network")
    evaluate = command("evaluate", _evaluate, "measure a bundle; prints JSON")
    ship = command("ship", _ship, "put a run's bundle and checkpoint where the wheel takes them")
    for made in (prepare, fit, export, whole, schemes, evaluate):
        made.add_argument("--config", type=Path, help="a TOML file (default: the defaults)")
    for made in (prepare, whole, evaluate):
        made.add_argument("--texts", help="a local folder of public texts with labels")
    for made in (prepare, fit, export, whole, schemes, ship):
        made.add_argument("--out", type=Path, default=Path("build/run"), help="the run's folder")
    for made in (fit, whole):
        made.add_argument("--resume", action="store_true", help="take up interrupted training")
    evaluate.add_argument("bundle", nargs="?", type=Path, help="default: the one shipped")
    card = command("card", _card, "write the model card from the shipped bundle")
    card.add_argument("--check", action="store_true", help="only tell whether it is up to date")
    command("describe", _describe, "print the tables of data/README.md")
    return parser


def _prepare(arguments: argparse.Namespace) -> None:
    from heard_training.run import prepare_run

    print(json.dumps(prepare_run(_config(arguments), arguments.out), indent=1))


def _fit(arguments: argparse.Namespace) -> None:
    from heard_training.run import fit_run

    print(fit_run(_config(arguments), arguments.out, resume=arguments.resume))


def _export(arguments: argparse.Namespace) -> None:
    from heard_training.run import export_run

    print(json.dumps(export_run(_config(arguments), arguments.out), indent=1))


def _schemes(arguments: argparse.Namespace) -> None:
    from heard_training.run import survey_run

    print(survey_run(_config(arguments), arguments.out))


def _run(arguments: argparse.Namespace) -> None:
    from heard_training.run import run_all

    print(json.dumps(run_all(_config(arguments), arguments.out, resume=arguments.resume), indent=1))


def _evaluate(arguments: argparse.Namespace) -> None:
    from heard_training.corpus import build_corpus
    from heard_training.run import evaluate_bundle

    corpus, _ = build_corpus(_config(arguments))
    print(json.dumps(evaluate_bundle(arguments.bundle, corpus), indent=1))


def _ship(arguments: argparse.Namespace) -> None:
    from heard.bundle import default_path
    from heard_training.run import ship

    ship(arguments.out, default_path(), Path("training/checkpoint"))


def _card(arguments: argparse.Namespace) -> None:
    from heard_training.card import check_card, write_card

    (check_card if arguments.check else write_card)(Path("model_card.md"))


def _describe(_: argparse.Namespace) -> None:
    from heard_training.describe import describe

    print(describe(Path("data/authored")))


def _config(arguments: argparse.Namespace) -> Config:
    texts = getattr(arguments, "texts", None)  # not every command reads texts
    given = {"texts": texts} if texts else {}
    return load_config(arguments.config, **given)


if __name__ == "__main__":
    raise SystemExit(main())
