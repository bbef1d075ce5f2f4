"""The steps from prepared data to a verified bundle, in their order."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict

from heard import load
from heard.bundle import MODEL, TOKENIZER, default_path, read_bundle
from heard.session import Session
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.data.corpus import build_corpus, load_corpus, save_corpus
from heard_training.data.own.read import OwnData, held_out, read_own
from heard_training.data.own.report import own_page
from heard_training.errors import TrainingError
from heard_training.export.graph import fuse
from heard_training.export.pack import pack, write_manifest
from heard_training.export.parity import check_batches, check_logits, check_quantised, compare
from heard_training.export.quantise import Feed, fitting_schemes, quantise
from heard_training.export.reader import export_reader
from heard_training.export.survey import survey, survey_table
from heard_training.export.trace import trace
from heard_training.files import write_lines, write_whole, written_whole
from heard_training.learn.average import average
from heard_training.learn.calibrate import fit_calibration
from heard_training.learn.fit import fit, load_checkpoint
from heard_training.learn.network import HeardNetwork
from heard_training.measure.answers import Gold, ask
from heard_training.measure.benchmark import measure_labels
from heard_training.measure.evaluate import figures, nested

__all__ = [
    "CHECKPOINT",
    "HELD_OUT",
    "average_run",
    "benchmark_run",
    "evaluate_bundle",
    "export_reader_run",
    "export_run",
    "fit_run",
    "prepare_run",
    "run_all",
    "ship",
    "survey_run",
]

_log = logging.getLogger(__name__)

CORPUS, CHECKPOINT, BUNDLE = "corpus", "checkpoint", "bundle"
READER, ROUNDED, HELD_OUT = "reader", "rounded.onnx", "held_out.jsonl"
METRICS, BENCHMARK = "metrics.json", "benchmark.json"

#: Where weights came from and how attention was computed in training, which no graph depends on.
_NOT_SHAPING = ("encoder", "start", "attention")
#: Messages on which the products' inputs are observed, by the schemes that round with care.
_OBSERVED_TEXTS = 512


def prepare_run(config: Config, out: Path, own: OwnData | None = None) -> dict[str, Any]:
    """Build the corpus that ``config`` names under ``out``.

    Of one's own file (``own``, where it has been read and shown already) the messages held out are
    written to a file of their own too, as ``heard-train compare --on`` reads it.
    """
    if config.data.csv and own is None:
        own = read_own(config)
        _log.info("%s", own_page(own.report))
    corpus, summary = build_corpus(config, own)
    out.mkdir(parents=True, exist_ok=True)
    save_corpus(corpus, summary, out / CORPUS)
    if own is not None:
        write_lines(out / HELD_OUT, held_out(own))
    return summary


def fit_run(config: Config, out: Path, *, resume: bool = False) -> Path:
    """Train on the prepared corpus of ``out``."""
    corpus, summary = load_corpus(out / CORPUS)
    return fit(config, corpus, summary, out / CHECKPOINT, resume=resume)


def average_run(config: Config, runs: Sequence[Path], out: Path) -> dict[str, Any]:
    """Average the fitted networks of ``runs``; the corpus is the first one's.

    Raises:
        TrainingError: when they do not belong together, or one learned from rows that the first
            keeps aside.
    """
    corpora = [load_corpus(run / CORPUS) for run in runs]
    for run, (corpus, _) in zip(runs, corpora, strict=True):
        learned = set(corpus["train"]["text"])
        for split in ("calibrate", "test", "dev"):
            if learned.intersection(corpora[0][0][split]["text"]):
                raise TrainingError(
                    f"{run} learned from {split} rows of {runs[0]}: name the largest run first."
                )
    record = average([run / CHECKPOINT for run in runs], config, out / CHECKPOINT)
    save_corpus(*corpora[0], out / CORPUS)
    return {"averaged": record["averaged"]}


def export_run(config: Config, out: Path) -> dict[str, Any]:
    """Export, calibrate, verify and measure the fitted network of ``out``.

    The bundle appears under ``out`` once it has passed every gate; one that stood there before
    stays until then.

    Raises:
        TrainingError: when a gate is missed, or corpus and network do not belong together.
    """
    if not config.makes_a_bundle:
        raise TrainingError(
            "[heads] declares outputs that heard does not read, so no bundle can be made of them: "
            "`heard-train run` measures them without one."
        )
    corpus, summary = load_corpus(out / CORPUS)
    network, tokenizer, training = load_checkpoint(out / CHECKPOINT, config)
    _check_origin(config, summary, training)
    given = config.to_dict()
    training["config"] |= {key: given[key] for key in ("calibrate", "export")}
    training["data"] = summary  # what calibration rests on may change after the training
    for key in ("reread", "sampled"):
        training["config"]["data"].pop(key, None)
        if key in given["data"]:
            training["config"]["data"][key] = given["data"][key]
    work = out / "export"
    work.mkdir(exist_ok=True)
    graph, parity = _fused(network, work, config)
    session = Session(graph)
    parity["largest_logit_difference_to_torch"] = round(
        check_logits(network, session, tokenizer, config.export.logit_tolerance), 7
    )
    feeds = _feeds(tokenizer, corpus["train"])
    if network.config.rounded:  # what is calibrated is what is shipped
        quantise(graph, work / ROUNDED, scheme="rounded8", calibration=feeds, network=network)
        session = Session(work / ROUNDED)
    _log.info("calibrating on %d rows", len(corpus["calibrate"]))
    fitted = fit_calibration(corpus["calibrate"], session, tokenizer, config)
    pack(graph, tokenizer, fitted, config, "fp32", training, work / "fp32")
    candidate = work / "candidate"

    def make(scheme: str) -> dict[str, Any]:
        for bundle, apart in ((candidate, True), (work / "resummed", False)):
            made = bundle.with_suffix(".onnx")
            quantise(graph, made, scheme=scheme, calibration=feeds, network=network, apart=apart)
            pack(made, tokenizer, fitted, config, scheme, training, bundle)
        return _check_bundle(candidate, work, scheme, corpus, config)

    parity |= _first_sound(fitting_schemes(config.export.schemes, network), make)
    measured = _measure(candidate, corpus, parity)
    shutil.rmtree(out / BUNDLE, ignore_errors=True)
    candidate.rename(out / BUNDLE)
    write_whole(out / METRICS, json.dumps(measured, indent=1) + "\n")
    return measured


def export_reader_run(config: Config, out: Path) -> dict[str, Any]:
    """Export the fitted graph that checks drafts, and measure it on the drafts kept aside."""
    corpus, summary = load_corpus(out / CORPUS)
    network, tokenizer, training = load_checkpoint(out / CHECKPOINT, config)
    _check_origin(config, summary, training)
    own = default_path() / TOKENIZER
    manifest = export_reader(network, tokenizer, corpus, config, training, own, out / READER)
    return {name: manifest[name] for name in ("thresholds", "calibrate")}


def benchmark_run(config: Config, out: Path) -> dict[str, Any]:
    """Measure the fitted network of ``out`` on the test split, in torch, whatever its labels are.

    Raises:
        TrainingError: when there is nothing to measure, or network and corpus differ.
    """
    corpus, summary = load_corpus(out / CORPUS)
    network, tokenizer, training = load_checkpoint(out / CHECKPOINT, config)
    _check_origin(config, summary, training)
    _check_measurable(config, summary)
    measured = measure_labels(network, tokenizer, corpus["calibrate"], corpus["test"], config)
    # All but calibration was decided when the network was trained.
    training["config"]["calibrate"] = config.to_dict()["calibrate"]
    measured["training"] = training
    write_whole(out / BENCHMARK, json.dumps(measured, indent=1) + "\n")
    return measured


def _check_measurable(config: Config, summary: dict[str, Any]) -> None:
    """Refuse, before anything is trained, what could not be measured afterwards."""
    if not config.heads.signals or not summary["rows"]["test"]:
        raise TrainingError(
            "Outputs that make no bundle are measured by their yes/no labels on test rows: declare "
            "heads.signals, and give data.label_table a test split."
        )


def _check_origin(config: Config, summary: dict[str, Any], training: dict[str, Any]) -> None:
    """Refuse a corpus or a configuration other than those that the network was trained with."""
    if summary["sha256"]["train"] != training["data"]["sha256"]["train"]:
        raise TrainingError(
            "The prepared corpus is not the one that the network was trained on, so that rows kept "
            "aside may have been trained on: run `heard-train fit` again."
        )
    own, theirs = config.to_dict(), training["config"]
    # Records of older versions do not name all keys.
    before = {
        "network": {"pooling": "mean"} | theirs["network"],
        "heads": theirs.get("heads", own["heads"]),
    }
    for section, trained in before.items():
        if _shaping(own[section]) != _shaping(trained):
            raise TrainingError(
                f"[{section}] is not what the network was trained with: run `heard-train fit` "
                "again."
            )


def _shaping(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key not in _NOT_SHAPING}


def _first_sound(schemes: Sequence[str], make: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Make the bundle in each scheme until one passes its gates; the last refusal is raised."""
    refusal = TrainingError("export.schemes is empty: name at least one.")
    for scheme in schemes:
        _log.info("quantising: %s", scheme)
        try:
            return make(scheme)
        except TrainingError as error:
            _log.warning("%s", error)
            refusal = error
    raise refusal


def run_all(config: Config, out: Path, *, resume: bool = False) -> dict[str, Any]:
    """Prepare, fit, export and measure; returns the figures.

    Outputs other than ``heard``'s own are measured without an export.
    """
    started = time.monotonic()
    summary = prepare_run(config, out)
    if not config.makes_a_bundle:
        _check_measurable(config, summary)
    fit_run(config, out, resume=resume)
    figures = export_run(config, out) if config.makes_a_bundle else benchmark_run(config, out)
    _log.info("done in %.0f minutes", (time.monotonic() - started) / 60)
    return figures


def evaluate_bundle(bundle: Path | None, corpus: DatasetDict) -> dict[str, Any]:
    """Measure a bundle on the splits that only report."""
    analyzer = load(bundle)
    measured = {}
    for split in ("dev", "test"):
        if len(corpus[split]):
            gold = Gold.of(corpus[split])
            measured[split] = nested(figures(gold, ask(analyzer, corpus[split]["text"][:])), gold)
    return measured


def ship(out: Path, package: Path, checkpoint: Path | None) -> None:
    """Copy a run's bundle into the package, and its checkpoint, if wanted, to ``checkpoint``.

    Raises:
        TrainingError: when one of them is missing, or the bundle was never measured.
    """
    pairs = [(out / BUNDLE, package)]
    if checkpoint:
        pairs.append((out / CHECKPOINT, checkpoint))
    for source, _ in pairs:
        if not source.is_dir():
            raise TrainingError(f"There is nothing to ship at {source}: run `heard-train run`.")
    if not read_bundle(out / BUNDLE).manifest["parity"]:
        raise TrainingError(f"{out / BUNDLE} passed no gates: run `heard-train export`.")
    for source, target in pairs:
        with written_whole(target) as partial:
            shutil.copytree(source, partial, dirs_exist_ok=True)


def survey_run(config: Config, out: Path) -> str:
    """Compare the export schemes on the fitted network of ``out``; returns a table."""
    corpus, _ = load_corpus(out / CORPUS)
    network, tokenizer, _ = load_checkpoint(out / CHECKPOINT, config)
    work = out / "survey"
    work.mkdir(exist_ok=True)
    graph, _ = _fused(network, work, config)
    rows = corpus["dev"] if len(corpus["dev"]) else corpus["test"]
    windows = [w.ids for text in rows["text"] for w in tokenizer.encode(text).windows]
    return survey_table(survey(graph, work, windows, _feeds(tokenizer, corpus["train"])))


def _fused(network: HeardNetwork, work: Path, config: Config) -> tuple[Path, dict[str, Any]]:
    """Trace and fuse; a BERT-family graph whose attention was not fused fails the export."""
    raw, graph = work / "traced.onnx", work / "fused.onnx"
    trace(network, raw, opset=config.export.opset)
    inner = network.encoder.config
    counts = fuse(raw, graph, heads=inner.num_attention_heads, hidden=inner.hidden_size)
    attention = counts.get("Attention", 0) + counts.get("MultiHeadAttention", 0)
    if attention != inner.num_hidden_layers:
        message = f"{attention} of {inner.num_hidden_layers} attention blocks were fused"
        if inner.model_type == "bert":
            raise TrainingError(f"{message}: use the onnxruntime of constraints.txt.")
        _log.warning("%s: the graph works, but slowly", message)
    return graph, {"fused": {name: count for name, count in counts.items() if count}}


def _feeds(tokenizer: MessageTokenizer, rows: Dataset) -> list[Feed]:
    """Encode some messages of every source: rows lie source by source, so they are spread out."""
    step = max(1, len(rows) // _OBSERVED_TEXTS)
    feeds = []
    for text in rows["text"][::step]:
        for window in tokenizer.encode(text).windows:
            ids = np.array([window.ids], dtype=np.int64)
            feeds.append({"input_ids": ids, "attention_mask": np.ones_like(ids)})
    return feeds


def _check_bundle(
    bundle: Path, work: Path, scheme: str, corpus: DatasetDict, config: Config
) -> dict[str, Any]:
    """Compare a bundle with fp32, with itself, and with itself where sums run in another order.

    Another kind of processor adds up in another order, too: what that moves, rounding may widen.
    """
    split = "dev" if len(corpus["dev"]) else "test"
    texts = corpus[split]["text"][:]
    _log.info("comparing decisions on %d messages of %s", len(texts), split)
    batches = check_batches(bundle, texts)
    own, fp32, resummed = (
        load(path).assess_many(texts) for path in (bundle, work / "fp32", work / "resummed")
    )
    against = compare(fp32, own)
    check_quantised(against, bundle / MODEL, scheme, config)
    return {
        "split": split,
        "against_fp32": against.to_dict(),
        "alone_against_batches_orders_threads": batches.to_dict(),
        "with_norms_summed_in_another_order": compare(own, resummed).to_dict(),
    }


def _measure(bundle: Path, corpus: DatasetDict, parity: dict[str, Any]) -> dict[str, Any]:
    """Measure a bundle and write the figures into its manifest."""
    measured = evaluate_bundle(bundle, corpus)
    manifest = dict(read_bundle(bundle).manifest)
    write_manifest(bundle, {**manifest, "metrics": measured, "parity": parity})
    load(bundle).session.session  # noqa: B018 - a last look: the graph loads and fits
    return measured
