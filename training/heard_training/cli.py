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
from typing import TYPE_CHECKING

from heard.errors import HeardError
from heard_training.config import Config, load_config
from heard_training.errors import TrainingError
from heard_training.files import write_whole

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["main"]

_WRONG_USE = 2
_MISSED = 1
_INTERRUPTED = 130
_NEEDED = (
    "accelerate",
    "datasets",
    "httpx2",
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
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
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
    strip = command("strip", _strip, "write the labels of public texts without the texts")
    strip.add_argument("texts", type=Path, help="a local folder of public texts with labels")
    for made in (prepare, strip):
        made.add_argument("--annotations", type=Path, default=Path("data/annotations"))
    prepare.add_argument(
        "--download", action="store_true", help="fetch the public texts into --texts first"
    )
    prepare.add_argument(
        "--from",
        dest="given",
        action="append",
        default=[],
        metavar="SOURCE=PLACE",
        help="where a source's texts are, if not where sources.toml says; may be repeated",
    )
    fit = command("fit", _fit, "train on the prepared dataset")
    export = command("export", _export, "calibrate, export, verify and measure")
    whole = command("run", _run, "prepare, fit and export, in one go")
    schemes = command("schemes", _schemes, "compare the export schemes on a fitted network")
    evaluate = command("evaluate", _evaluate, "measure a bundle; prints JSON")
    ship = command("ship", _ship, "put a run's bundle and checkpoint where the wheel takes them")
    benchmark = command("benchmark", _benchmark, "measure a network with labels of your own")
    baselines = command("baselines", _baselines, "set the model against simple opponents")
    compare = command("compare", _compare, "set two bundles side by side on labelled messages")
    behaviour = command("behaviour", _behaviour, "run the behaviour cases and fairness pairs")
    behaviour.add_argument("--cases", type=Path, default=Path("tests/behaviour"))
    gate = command("gate", _gate, "hold a bundle to figures that were accepted; exit code 1 if not")
    for made in (
        prepare,
        fit,
        export,
        whole,
        schemes,
        benchmark,
        evaluate,
        baselines,
        compare,
        gate,
    ):
        made.add_argument("--config", type=Path, help="a TOML file (default: the defaults)")
    for made in (prepare, whole, evaluate, baselines, compare, gate):
        made.add_argument("--texts", help="a local folder of public texts with labels")
    for made in (prepare, fit, export, whole, schemes, benchmark, ship):
        made.add_argument("--out", type=Path, default=Path("build/run"), help="the run's folder")
    for made in (fit, whole):
        made.add_argument("--resume", action="store_true", help="take up interrupted training")
    for made in (evaluate, baselines, behaviour, gate):
        made.add_argument("bundle", nargs="?", type=Path, help="default: the one shipped")
    compare.add_argument(
        "bundles", nargs="+", type=Path, help="two bundles, or one to set against the one shipped"
    )
    for made in (compare, gate):
        made.add_argument("--on", type=Path, help="a file of labelled messages, as JSONL")
        made.add_argument("--split", choices=("test", "dev"), default="test", help="without --on")
    for made in (benchmark, baselines, behaviour, compare):
        made.add_argument("--json", type=Path, help="write the figures to this file")
    gate.add_argument("--against", type=Path, help="a bundle, or figures that --accept wrote")
    gate.add_argument("--tolerances", type=Path, default=Path("training/gate.toml"))
    gate.add_argument("--accept", action="store_true", help="write the figures instead")
    card = command("card", _card, "write the model card from the shipped bundle")
    card.add_argument("--check", action="store_true", help="only tell whether it is up to date")
    command("describe", _describe, "print the tables of data/README.md")
    return parser


def _prepare(arguments: argparse.Namespace) -> None:
    from heard_training.run import prepare_run

    config = _config(arguments)
    found = {}
    if arguments.download:
        found = {"downloaded": _download(config, arguments)}
    elif arguments.given:
        raise TrainingError("--from says where to download from: give --download with it.")
    print(json.dumps(found | prepare_run(config, arguments.out), indent=1))


def _download(config: Config, arguments: argparse.Namespace) -> dict[str, object]:
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


def _strip(arguments: argparse.Namespace) -> None:
    from heard_training.data.download import strip

    strip(arguments.texts, arguments.annotations)


def _fit(arguments: argparse.Namespace) -> None:
    from heard_training.run import fit_run

    print(fit_run(_config(arguments), arguments.out, resume=arguments.resume))


def _export(arguments: argparse.Namespace) -> None:
    from heard_training.run import export_run

    print(json.dumps(export_run(_config(arguments), arguments.out), indent=1))


def _schemes(arguments: argparse.Namespace) -> None:
    from heard_training.run import survey_run

    print(survey_run(_bundle_config(arguments), arguments.out))


def _run(arguments: argparse.Namespace) -> None:
    from heard_training.run import run_all

    print(json.dumps(run_all(_config(arguments), arguments.out, resume=arguments.resume), indent=1))


def _evaluate(arguments: argparse.Namespace) -> None:
    from heard_training.data.corpus import build_corpus
    from heard_training.run import evaluate_bundle

    corpus, _ = build_corpus(_bundle_config(arguments))
    print(json.dumps(evaluate_bundle(arguments.bundle, corpus), indent=1))


def _benchmark(arguments: argparse.Namespace) -> None:
    from heard_training.run import benchmark_run

    measured = benchmark_run(_config(arguments), arguments.out)
    _keep(arguments.json, measured)
    print(json.dumps(measured, indent=1))


def _baselines(arguments: argparse.Namespace) -> None:
    from heard_training.data.corpus import build_corpus
    from heard_training.measure.baselines import baselines_page, measure_baselines

    config = _bundle_config(arguments)
    corpus, summary = build_corpus(config)
    report = measure_baselines(corpus, summary, config, arguments.bundle)
    _keep(arguments.json, report)
    print(baselines_page(report))


def _compare(arguments: argparse.Namespace) -> None:
    from heard_training.measure.compare import compare_bundles, comparison_page

    if len(arguments.bundles) > 2:
        raise TrainingError(f"{len(arguments.bundles)} bundles are named: compare two at a time.")
    one, other = (None, *arguments.bundles)[-2:]  # the shipped one comes first
    compared = compare_bundles(one, other, _labelled(arguments))
    _keep(arguments.json, compared)
    print(comparison_page(compared))


def _behaviour(arguments: argparse.Namespace) -> None:
    from heard import load
    from heard_training.measure.behaviour import behaviour_page, measure_behaviour

    found = measure_behaviour(load(arguments.bundle), arguments.cases)
    _keep(arguments.json, found)
    print(behaviour_page(found))


def _gate(arguments: argparse.Namespace) -> int:
    from heard_training.measure.gate import failures, measured, read_reference, read_tolerances
    from heard_training.report.results import ACCEPTED

    own = arguments.bundle or arguments.on or arguments.split != "test" or arguments.config
    if arguments.accept and own and not arguments.against:
        raise TrainingError(
            f"{ACCEPTED} is for the shipped bundle on the authored test rows: give --against FILE."
        )
    if arguments.accept and arguments.against and arguments.against.is_dir():
        raise TrainingError(f"{arguments.against} is a folder: give --against FILE to write.")
    against = arguments.against or ACCEPTED
    rows = _labelled(arguments)
    candidate = measured(arguments.bundle, rows)
    if arguments.accept:
        _keep(against, candidate)
        print(f"Accepted: {len(candidate['figures'])} figures, in {against}.")
        return 0
    if against.is_dir():
        reference = measured(against, rows)
    else:
        reference = read_reference(against, candidate["rows_sha256"])
    tolerances = read_tolerances(arguments.tolerances)
    worse = failures(candidate["figures"], reference["figures"], tolerances)
    for sentence in worse:
        print(sentence)
    if not worse:
        print(f"Passed: {len(candidate['figures'])} figures on {candidate['rows']} messages.")
    return _MISSED if worse else 0


def _labelled(arguments: argparse.Namespace) -> Dataset:
    """Read the rows to measure on: a file's, or a split of the configured corpus."""
    from heard_training.data.corpus import build_corpus, read_rows

    config = _bundle_config(arguments)
    if arguments.on:
        return read_rows(arguments.on, config.heads)
    corpus, _ = build_corpus(config)
    if not len(corpus[arguments.split]):
        raise TrainingError(f"There are no {arguments.split} rows: name their folder with --texts.")
    return corpus[arguments.split]


def _bundle_config(arguments: argparse.Namespace) -> Config:
    """Read the configuration where bundles are measured, which know heard's own outputs only."""
    config = _config(arguments)
    if not config.makes_a_bundle:
        raise TrainingError(
            "[heads] declares outputs that no bundle has: `heard-train benchmark` measures such."
        )
    return config


def _keep(path: Path | None, values: object) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(values, indent=1) + "\n")


def _ship(arguments: argparse.Namespace) -> None:
    from heard.bundle import default_path
    from heard_training.run import ship

    ship(arguments.out, default_path(), Path("training/checkpoint"))


def _card(arguments: argparse.Namespace) -> None:
    from heard_training.report.card import check_card, write_card

    (check_card if arguments.check else write_card)(Path("model_card.md"))


def _describe(_: argparse.Namespace) -> None:
    from heard_training.data.describe import describe

    print(describe(Path("data/authored")))


def _config(arguments: argparse.Namespace) -> Config:
    texts = getattr(arguments, "texts", None)  # not every command reads texts
    given = {"texts": texts} if texts else {}
    return load_config(arguments.config, **given)


if __name__ == "__main__":
    raise SystemExit(main())
