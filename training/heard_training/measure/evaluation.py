"""Everything that is told about a bundle, measured in one go: the report's JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict

from heard import Analyzer, load
from heard_training.markdown import ranged, table
from heard_training.measure.answers import Answers, Gold, ask
from heard_training.measure.behaviour import measure_behaviour
from heard_training.measure.compare import KEY_FIGURES, slices
from heard_training.measure.curves import confusions, precision_recall, worst_errors
from heard_training.measure.evaluate import Figures, counts, figures
from heard_training.measure.metrics import interval, resamplings, rounded
from heard_training.measure.reliability import reliability, sureness
from heard_training.measure.robustness import measure_languages, measure_robustness

__all__ = ["RESULTS", "evaluate", "summary"]

_log = logging.getLogger(__name__)

RESAMPLINGS, _SLICE_RESAMPLINGS = 1000, 300

#: Measurements by slower commands, which the report takes over where they are saved.
RESULTS = ("baselines", "goemotions", "learning_curve")


def evaluate(
    bundle: Path | None,
    corpus: DatasetDict,
    cases: Path,
    results: Path,
    count: int = RESAMPLINGS,
) -> dict[str, Any]:
    """Measure a bundle (``None``: the shipped one) on the splits that only report.

    Args:
        bundle: its folder.
        corpus: as ``build_corpus`` makes it; a split without rows is left out.
        cases: the folder of behaviour cases, fairness pairs and messages in other languages.
        results: where slower commands saved what they measured; what was measured with another
            bundle is left out.
        count: resamplings behind the intervals.

    Returns:
        Plain values: ``model``; ``manifest``, the bundle's own, less its metrics; ``splits``, each
        with ``counts``, ``figures`` (``[value, low, high]`` by dotted names, 95 % intervals),
        ``slices``, ``confusions``, ``precision_recall``, ``reliability`` (also per source) and
        ``sureness``; ``worst``, errors on committed texts; ``behaviour``, ``robustness``,
        ``languages``, and what ``RESULTS`` names.
    """
    analyzer = load(bundle)
    manifest = {k: v for k, v in analyzer.bundle.manifest.items() if k != "metrics"}
    report: dict[str, Any] = {
        "model": {"name": analyzer.model.name, "version": analyzer.model.version},
        "sha256": analyzer.model.sha256,
        "resamplings": count,
        "manifest": manifest,
        "splits": {},
    }
    for split in ("dev", "test"):
        if len(corpus[split]):
            _log.info("measuring %d rows of %s", len(corpus[split]), split)
            report["splits"][split] = _split(analyzer, corpus[split], count)
    _log.info("behaviour, robustness and languages")
    test = corpus["test"]
    if len(test):
        gold, texts = Gold.of(test), test["text"][:]
        names = test["source_id"][:]
        report["worst"] = worst_errors(gold, ask(analyzer, texts), texts, names)
        report["robustness"] = measure_robustness(analyzer, gold, texts)
        report["languages"] = measure_languages(analyzer, cases / "languages.jsonl", texts)
    report["behaviour"] = measure_behaviour(analyzer, cases)
    return report | _saved(results, analyzer)


def _split(analyzer: Analyzer, rows: Dataset, count: int) -> dict[str, Any]:
    gold, answers = Gold.of(rows), ask(analyzer, rows["text"][:])
    sources = np.array(rows["source"][:])
    bands = dict(analyzer.bundle.uncertain)
    return {
        "counts": counts(gold),
        "figures": _with_intervals(figures(gold, answers, resamplings(len(gold), count))),
        "slices": {
            name: {
                "rows": len(places),
                "figures": _sliced(gold, answers, places),
                "reliability": _calibration(gold.at(places), answers.at(places)),
            }
            for name, places in slices(rows)
        },
        "confusions": confusions(gold, answers),
        "precision_recall": precision_recall(gold, answers),
        "reliability": reliability(gold, answers),
        "sureness": sureness(gold, answers, bands),
        "sources": {name: int((sources == name).sum()) for name in sorted({*sources.tolist()})},
    }


def _with_intervals(found: Figures) -> dict[str, list[float | None]]:
    """Turn resampled figures into ``[value, low, high]``."""
    return {
        name: [rounded(value) for value in (figure[0], *interval(figure))]
        for name, figure in found.items()
    }


def _sliced(gold: Gold, answers: Answers, places: Any) -> dict[str, list[float | None]]:  # noqa: ANN401
    weights = resamplings(len(places), _SLICE_RESAMPLINGS)
    found = figures(gold.at(places), answers.at(places), weights)
    return _with_intervals({name: found[name] for name in KEY_FIGURES})


def _calibration(gold: Gold, answers: Answers) -> dict[str, float | None]:
    """Average over the questions of level >= 1 and >= 2: how calibrated a slice is."""
    found = {
        name: values
        for name, values in reliability(gold, answers).items()
        if name.endswith(("1", "2"))
    }
    return {
        key: rounded(float(np.mean([values[key] for values in found.values()])))
        for key in ("ece", "ece_of_ideal")
    }


def _saved(results: Path, analyzer: Analyzer) -> dict[str, Any]:
    """Take over what slower commands saved, if it belongs to this bundle, or to any."""
    trained_on = analyzer.bundle.manifest["training"]["data"]["sha256"]["train"]
    own = {"sha256": analyzer.model.sha256, "train_sha256": trained_on}
    found: dict[str, Any] = {}
    for name in RESULTS:
        path = results / f"{name}.json"
        if path.is_file():
            saved: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if all(saved.get(key, value) == value for key, value in own.items()):
                found[name] = saved
            else:
                _log.warning("%s was measured with another bundle: left out", path)
    return found


def summary(report: Mapping[str, Any]) -> str:
    """Lay out the key figures of every split as Markdown."""
    heads = ("figure", *(f"{name}, {s['counts']['rows']} rows" for name, s in _splits(report)))
    rows = [
        (key, *(ranged(split["figures"][key]) for _, split in _splits(report)))
        for key in KEY_FIGURES
    ]
    return table(heads, rows)


def _splits(report: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(report["splits"].items())
