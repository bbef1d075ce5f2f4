"""The command line of training: ``heard-train``.

The libraries of the extra ``train`` are imported by the commands, not here, so that a base
installation can answer with the line that installs them.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heard.errors import HeardError
from heard_training.config import Config, load_config
from heard_training.errors import TrainingError
from heard_training.files import write_whole
from heard_training.options import parser

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
    arguments = parser(_COMMANDS).parse_args(argv)
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


def _prepare(arguments: Namespace) -> None:
    from heard_training.run import prepare_run

    config = _config(arguments)
    found = {}
    if arguments.download:
        found = {"downloaded": _download(config, arguments)}
    elif arguments.given:
        raise TrainingError("--from says where to download from: give --download with it.")
    print(json.dumps(found | prepare_run(config, arguments.out), indent=1))


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


def _fit(arguments: Namespace) -> None:
    from heard_training.run import fit_run

    print(fit_run(_config(arguments), arguments.out, resume=arguments.resume))


def _export(arguments: Namespace) -> None:
    from heard_training.run import export_run

    print(json.dumps(export_run(_config(arguments), arguments.out), indent=1))


def _schemes(arguments: Namespace) -> None:
    from heard_training.run import survey_run

    print(survey_run(_bundle_config(arguments), arguments.out))


def _export_reader(arguments: Namespace) -> None:
    from heard_training.run import export_reader_run

    print(json.dumps(export_reader_run(_config(arguments), arguments.out), indent=1))


def _run(arguments: Namespace) -> None:
    from heard_training.run import run_all

    print(json.dumps(run_all(_config(arguments), arguments.out, resume=arguments.resume), indent=1))


def _evaluate(arguments: Namespace) -> None:
    from heard_training.data.corpus import build_corpus
    from heard_training.measure.evaluation import evaluate, summary
    from heard_training.report.page import page

    corpus, _ = build_corpus(_bundle_config(arguments))
    if arguments.out.exists() and not arguments.out.is_dir():  # said before anything is measured
        raise TrainingError(f"{arguments.out} is a file: give --out a folder.")
    report = evaluate(arguments.bundle, corpus, arguments.cases, arguments.results)
    write_whole(arguments.out / "report.json", json.dumps(report) + "\n")
    write_whole(arguments.out / "report.html", page(report))
    print(f"{summary(report)}\n\nThe whole report: {arguments.out / 'report.html'}")


def _curve(arguments: Namespace) -> None:
    from heard_training.measure.curve import curve_page, learning_curve
    from heard_training.run import CHECKPOINT

    config = _bundle_config(arguments)
    run = arguments.finished / CHECKPOINT if arguments.finished else None
    found = learning_curve(config, arguments.shares, arguments.seeds, arguments.out, run)
    _keep(arguments.json, found)
    print(curve_page(found))


def _benchmark(arguments: Namespace) -> None:
    from heard_training.run import benchmark_run

    measured = benchmark_run(_config(arguments), arguments.out)
    _keep(arguments.json, measured)
    print(json.dumps(measured, indent=1))


def _baselines(arguments: Namespace) -> None:
    from heard_training.data.corpus import build_corpus
    from heard_training.measure.baselines import baselines_page, measure_baselines

    config = _bundle_config(arguments)
    corpus, summary = build_corpus(config)
    report = measure_baselines(corpus, summary, config, arguments.bundle)
    _keep(arguments.json, report)
    print(baselines_page(report))


def _compare(arguments: Namespace) -> None:
    from heard_training.measure.compare import compare_bundles, comparison_page

    if len(arguments.bundles) > 2:
        raise TrainingError(f"{len(arguments.bundles)} bundles are named: compare two at a time.")
    one, other = (None, *arguments.bundles)[-2:]  # the shipped one comes first
    compared = compare_bundles(one, other, _labelled(arguments))
    _keep(arguments.json, compared)
    print(comparison_page(compared))


def _behaviour(arguments: Namespace) -> None:
    from heard import load
    from heard_training.measure.behaviour import behaviour_page, measure_behaviour

    found = measure_behaviour(load(arguments.bundle), arguments.cases)
    _keep(arguments.json, found)
    print(behaviour_page(found))


def _gate(arguments: Namespace) -> int:
    from heard_training.measure.gate import failures, measured, read_reference, read_tolerances
    from heard_training.report.results import ACCEPTED

    own = arguments.bundle or arguments.on or arguments.split != "test" or arguments.config
    own = own or arguments.set
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


def _labelled(arguments: Namespace) -> Dataset:
    """Read the rows to measure on: a file's, or a split of the configured corpus."""
    from heard_training.data.corpus import build_corpus, read_rows

    config = _bundle_config(arguments)
    if arguments.on:
        return read_rows(arguments.on, config.heads)
    corpus, _ = build_corpus(config)
    if not len(corpus[arguments.split]):
        raise TrainingError(f"There are no {arguments.split} rows: name their folder with --texts.")
    return corpus[arguments.split]


def _bundle_config(arguments: Namespace) -> Config:
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


def _ship(arguments: Namespace) -> None:
    from heard.bundle import default_path
    from heard_training.run import ship

    ship(arguments.out, default_path(), Path("training/checkpoint"))


def _card(arguments: Namespace) -> None:
    from heard_training.report.card import check_card, write_card

    (check_card if arguments.check else write_card)(Path("model_card.md"))


def _describe(_: Namespace) -> None:
    from heard_training.data.describe import describe

    print(describe(Path("data/authored"), Path("data/annotations")))


def _config(arguments: Namespace) -> Config:
    # Not every command reads texts or feedback.
    named = {name: getattr(arguments, name, None) for name in ("texts", "feedback")}
    given = {name: place for name, place in named.items() if place}
    return load_config(arguments.config, getattr(arguments, "set", ()), **given)


_COMMANDS = {
    "prepare": _prepare,
    "strip": _strip,
    "fit": _fit,
    "export": _export,
    "export-reader": _export_reader,
    "run": _run,
    "schemes": _schemes,
    "evaluate": _evaluate,
    "curve": _curve,
    "compare": _compare,
    "baselines": _baselines,
    "behaviour": _behaviour,
    "benchmark": _benchmark,
    "gate": _gate,
    "ship": _ship,
    "card": _card,
    "describe": _describe,
}


if __name__ == "__main__":
    raise SystemExit(main())
