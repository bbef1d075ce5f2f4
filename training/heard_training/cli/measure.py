"""``heard-train evaluate``, ``curve``, ``compare``, ``gate`` and the others that measure."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heard.bundle import default_path
from heard_training.cli.shared import (
    add_command,
    add_config,
    add_json,
    add_out,
    add_texts,
    bundle_config,
    keep,
    read_config,
)
from heard_training.errors import TrainingError
from heard_training.files import in_repository, write_whole

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["add_to"]

_MISSED = 1


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add these commands to the command line's."""
    _add_evaluate(commands)
    _add_curve(commands)
    _add_compare(commands)
    _add_gate(commands)

    behaviour = add_command(
        commands, "behaviour", "run the behaviour cases and fairness pairs", _behaviour
    )
    _add_bundle(behaviour)
    _add_cases(behaviour)
    add_json(behaviour)

    baselines = add_command(
        commands, "baselines", "set the model against simple opponents", _baselines
    )
    add_config(baselines)
    add_texts(baselines)
    _add_bundle(baselines)
    add_json(baselines)

    benchmark = add_command(
        commands, "benchmark", "measure a network with labels of your own", _benchmark
    )
    add_config(benchmark)
    add_out(benchmark)
    add_json(benchmark)

    card = add_command(commands, "card", "write the model card from the saved report", _card)
    card.add_argument("--check", action="store_true", help="only tell whether it is up to date")


def _add_bundle(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", nargs="?", type=Path, help="default: the one shipped")


def _add_cases(parser: ArgumentParser) -> None:
    parser.add_argument("--cases", type=Path, default=Path("tests/behaviour"))


def _add_rows(parser: ArgumentParser) -> None:
    """Let a command measure on a file of rows, or on a split of the configured corpus."""
    add_config(parser)
    add_texts(parser)
    parser.add_argument("--on", type=Path, help="a file of labelled messages, as JSONL")
    parser.add_argument("--split", choices=("test", "dev"), default="test", help="without --on")


def _add_evaluate(commands: Any) -> None:  # noqa: ANN401
    text = "measure a bundle; writes report.html and report.json"
    evaluate = add_command(commands, "evaluate", text, _evaluate)
    add_config(evaluate)
    add_texts(evaluate)
    _add_bundle(evaluate)
    evaluate.add_argument("--out", type=Path, default=Path("build/report"), help="for the report")
    evaluate.add_argument(
        "--results",
        type=Path,
        default=Path("training/results"),
        help="what slower commands saved",
    )
    _add_cases(evaluate)


def _add_curve(commands: Any) -> None:  # noqa: ANN401
    text = "train on parts of the rows, and with several seeds"
    curve = add_command(commands, "curve", text, _curve)
    add_config(curve)
    add_texts(curve)
    curve.add_argument("--out", type=Path, default=Path("build/curve"), help="for every point")
    curve.add_argument("--shares", type=float, nargs="+", default=[0.125, 0.25, 0.5, 1.0])
    curve.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[20],
        help="the first for every share, the others for the largest",
    )
    curve.add_argument(
        "--run", dest="finished", type=Path, help="a finished run, not to be trained again"
    )
    add_json(curve)


def _add_compare(commands: Any) -> None:  # noqa: ANN401
    text = "set two bundles side by side on labelled messages"
    compare = add_command(commands, "compare", text, _compare)
    compare.add_argument(
        "bundles",
        nargs="+",
        type=Path,
        help="two bundles, or one to set against the one shipped",
    )
    _add_rows(compare)
    add_json(compare)


def _add_gate(commands: Any) -> None:  # noqa: ANN401
    text = "hold a bundle to figures that were accepted; exit code 1 if not"
    gate = add_command(commands, "gate", text, _gate)
    _add_bundle(gate)
    _add_rows(gate)
    gate.add_argument(
        "--against",
        type=Path,
        help="a bundle (shipped: that one), or figures that --accept wrote",
    )
    gate.add_argument("--tolerances", type=Path, default=in_repository("training/gate.toml"))
    gate.add_argument("--accept", action="store_true", help="write the figures instead")


def _evaluate(arguments: Namespace) -> None:
    from heard_training.data.corpus import build_corpus
    from heard_training.measure.evaluation import evaluate, summary
    from heard_training.report.page import page

    corpus, _ = build_corpus(bundle_config(arguments))
    if arguments.out.exists() and not arguments.out.is_dir():  # said before anything is measured
        raise TrainingError(f"{arguments.out} is a file: give --out a folder.")
    report = evaluate(arguments.bundle, corpus, arguments.cases, arguments.results)
    write_whole(arguments.out / "report.json", json.dumps(report) + "\n")
    write_whole(arguments.out / "report.html", page(report))
    print(f"{summary(report)}\n\nThe whole report: {arguments.out / 'report.html'}")


def _curve(arguments: Namespace) -> None:
    from heard_training.measure.curve import curve_page, learning_curve
    from heard_training.run import CHECKPOINT

    config = bundle_config(arguments)
    run = arguments.finished / CHECKPOINT if arguments.finished else None
    found = learning_curve(config, arguments.shares, arguments.seeds, arguments.out, run)
    keep(arguments.json, found)
    print(curve_page(found))


def _compare(arguments: Namespace) -> None:
    from heard_training.measure.compare import compare_bundles, comparison_page

    if len(arguments.bundles) > 2:
        raise TrainingError(f"{len(arguments.bundles)} bundles are named: compare two at a time.")
    one, other = (None, *arguments.bundles)[-2:]  # the shipped one comes first
    compared = compare_bundles(one, other, _labelled(arguments))
    keep(arguments.json, compared)
    print(comparison_page(compared))


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
    against = _reference(arguments.against) or ACCEPTED
    rows = _labelled(arguments)
    candidate = measured(arguments.bundle, rows)
    if arguments.accept:
        keep(against, candidate)
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


def _reference(given: Path | None) -> Path | None:
    return default_path() if given == Path("shipped") else given


def _labelled(arguments: Namespace) -> Dataset:
    """Read the rows to measure on: a file's, or a split of the configured corpus."""
    from heard_training.data.corpus import build_corpus, read_rows

    config = bundle_config(arguments)
    if arguments.on:
        return read_rows(arguments.on, config.heads)
    corpus, _ = build_corpus(config)
    if not len(corpus[arguments.split]):
        raise TrainingError(f"There are no {arguments.split} rows: name their folder with --texts.")
    return corpus[arguments.split]


def _behaviour(arguments: Namespace) -> None:
    from heard import load
    from heard_training.measure.behaviour import behaviour_page, measure_behaviour

    found = measure_behaviour(load(arguments.bundle), arguments.cases)
    keep(arguments.json, found)
    print(behaviour_page(found))


def _baselines(arguments: Namespace) -> None:
    from heard_training.data.corpus import build_corpus
    from heard_training.measure.baselines import baselines_page, measure_baselines

    config = bundle_config(arguments)
    corpus, summary = build_corpus(config)
    report = measure_baselines(corpus, summary, config, arguments.bundle)
    keep(arguments.json, report)
    print(baselines_page(report))


def _benchmark(arguments: Namespace) -> None:
    from heard_training.run import benchmark_run

    measured = benchmark_run(read_config(arguments), arguments.out)
    keep(arguments.json, measured)
    print(json.dumps(measured, indent=1))


def _card(arguments: Namespace) -> None:
    from heard_training.report.card import check_card, write_card

    (check_card if arguments.check else write_card)(Path("model_card.md"))
