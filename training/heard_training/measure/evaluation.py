"""Everything that is told about a bundle, measured in one go: the report's JSON."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict

from heard import Analyzer, load
from heard.labels import TARGET_NAMES
from heard_training.errors import TrainingError
from heard_training.files import read_json
from heard_training.markdown import ranged, table
from heard_training.measure.answers import Answers, Gold, ask
from heard_training.measure.behaviour import measure_behaviour
from heard_training.measure.compare import KEY_FIGURES, slices
from heard_training.measure.curve import trained_by
from heard_training.measure.curves import confusions, precision_recall, worst_errors
from heard_training.measure.evaluate import Figures, counts, figures
from heard_training.measure.metrics import capped, interval, resamplings, rounded
from heard_training.measure.reliability import outside_bands, reliability
from heard_training.measure.robustness import (
    measure_languages,
    measure_robustness,
    read_languages,
)

__all__ = ["RESULTS", "evaluate", "summary"]

_log = logging.getLogger(__name__)

RESAMPLINGS, _SLICE_RESAMPLINGS = 1000, 300

#: Measurements by slower commands, which the report takes over where they are saved.
RESULTS = ("baselines", "goemotions", "learning_curve")
#: A slice's calibration is averaged over these questions.
_SLICE_QUESTIONS = tuple(f"{name} >= {k}" for name in TARGET_NAMES for k in (1, 2))


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
            bundle, or with none like it, is left out.
        count: resamplings behind the intervals of whole splits.

    Returns:
        Plain values: ``model``; ``manifest``, the bundle's own, less its metrics; ``splits``, each
        with ``counts``, ``figures`` (``[value, low, high]`` by dotted names, 95 % intervals),
        ``slices``, ``confusions``, ``precision_recall``, ``reliability`` and ``outside_bands``;
        ``worst``, errors on committed texts; ``behaviour``, ``robustness``, ``languages``, and
        what ``RESULTS`` names. Parts that need test rows are left out without them.

    Raises:
        TrainingError: when there are no rows to measure on, or a file that is read is broken.
    """
    if not len(corpus["dev"]) and not len(corpus["test"]):
        raise TrainingError("There are no dev and no test rows: check [data] and --texts.")
    analyzer = load(bundle)
    languages = read_languages(cases / "languages.jsonl")
    saved = _saved(results, analyzer)
    report: dict[str, Any] = {
        "model": {"name": analyzer.model.name, "version": analyzer.model.version},
        "sha256": analyzer.model.sha256,
        "resamplings": {"splits": count, "slices": min(count, _SLICE_RESAMPLINGS)},
        "manifest": {k: v for k, v in analyzer.bundle.manifest.items() if k != "metrics"},
        "behaviour": measure_behaviour(analyzer, cases),
        "splits": {},
    }
    for split in ("dev", "test"):
        rows = corpus[split]
        if not len(rows):
            continue
        _log.info("measuring %d rows of %s", len(rows), split)
        gold, texts = Gold.of(rows), rows["text"][:]
        answers = ask(analyzer, texts)
        report["splits"][split] = _split(analyzer, rows, gold, answers, count)
        if split == "test":
            report["worst"] = worst_errors(gold, answers, texts, rows["source_id"][:])
            report["robustness"] = measure_robustness(analyzer, gold, texts, answers)
            report["languages"] = measure_languages(analyzer, languages, texts)
    return report | saved


def _split(
    analyzer: Analyzer, rows: Dataset, gold: Gold, answers: Answers, count: int
) -> dict[str, Any]:
    weights = resamplings(len(gold), capped(count, len(gold)))
    return {
        "counts": counts(gold) | {"sources": dict(Counter(rows["source"][:]))},
        "figures": _with_intervals(figures(gold, answers, weights)),
        "slices": {
            name: {
                "rows": len(places),
                "figures": _sliced(gold.at(places), answers.at(places), count),
                "reliability": _calibration(gold.at(places), answers.at(places)),
            }
            for name, places in slices(rows)
        },
        "confusions": confusions(gold, answers),
        "precision_recall": precision_recall(gold, answers),
        "reliability": reliability(gold, answers),
        "outside_bands": outside_bands(gold, answers, dict(analyzer.bundle.uncertain)),
    }


def _sliced(gold: Gold, answers: Answers, count: int) -> dict[str, list[float | None]]:
    weights = resamplings(len(gold), min(count, _SLICE_RESAMPLINGS))
    found = figures(gold, answers, weights)
    return _with_intervals({name: found[name] for name in KEY_FIGURES})


def _calibration(gold: Gold, answers: Answers) -> dict[str, float | None]:
    """Average over the questions of level >= 1 and >= 2: how calibrated a slice is."""
    found = reliability(gold, answers, _SLICE_QUESTIONS).values()
    return {
        key: rounded(float(np.mean([values[key] for values in found]))) if found else None
        for key in ("ece", "ece_of_ideal")
    }


def _with_intervals(found: Figures) -> dict[str, list[float | None]]:
    """Turn resampled figures into ``[value, low, high]``.

    Calibration errors get no interval: resampling adds to them, so that it would lie above.
    """
    told: dict[str, list[float | None]] = {}
    for name, figure in found.items():
        low, high = (float("nan"),) * 2 if ".ece_" in name else interval(figure)
        told[name] = [rounded(value) for value in (figure[0], low, high)]
    return told


def _saved(results: Path, analyzer: Analyzer) -> dict[str, Any]:
    """Take over what slower commands saved, if it belongs to this bundle, or to any.

    Raises:
        TrainingError: when a file is not such a measurement.
    """
    training = analyzer.bundle.manifest["training"]
    own = {
        "sha256": analyzer.model.sha256,
        "train_sha256": training["data"]["sha256"]["train"],
        "trained_by": trained_by(training["config"]),
    }
    found: dict[str, Any] = {}
    for name in RESULTS:
        path = results / f"{name}.json"
        if not path.is_file():
            continue
        saved = read_json(path)
        if all(saved.get(key, value) == value for key, value in own.items()):
            found[name] = saved
        else:
            _log.warning("%s was measured with another bundle: left out", path)
    return found


def summary(report: Mapping[str, Any]) -> str:
    """Lay out the key figures of every split as Markdown."""
    splits = report["splits"]
    heads = ("figure", *(f"{name}, {s['counts']['rows']} rows" for name, s in splits.items()))
    rows = [
        (title, *(ranged(split["figures"][key]) for split in splits.values()))
        for key, title in KEY_FIGURES.items()
    ]
    return table(heads, rows)
