"""The opponents: fitted on the rows of training, told with intervals, and in the card."""

import json
from pathlib import Path

import numpy as np
import pytest
from datasets import DatasetDict

from heard.labels import TARGET_NAMES
from heard_training.config import load_config
from heard_training.data.corpus import load_corpus
from heard_training.errors import TrainingError
from heard_training.measure.answers import Gold, decided
from heard_training.measure.baselines import BASELINES, baselines_page, measure_baselines
from heard_training.measure.evaluate import figures
from heard_training.report.results import against_baselines

ROOT = Path(__file__).resolve().parents[2]
SAVED = ROOT / "training/results"


@pytest.fixture(scope="module")
def corpus(tiny_run) -> DatasetDict:
    return load_corpus(tiny_run / "corpus")[0]


@pytest.mark.slow
def test_the_report_sets_the_bundle_against_each(corpus, tiny_run, tiny_config):
    _, summary = load_corpus(tiny_run / "corpus")
    config = load_config(tiny_config)
    report = measure_baselines(corpus, summary, config, tiny_run / "bundle", count=40)
    other = {"sha256": {**summary["sha256"], "train": "0"}}
    with pytest.raises(TrainingError, match="other rows"):
        measure_baselines(corpus, other, config, tiny_run / "bundle")
    assert set(report["splits"]) == {"dev", "test"}
    assert set(report["splits"]["test"]) == {*BASELINES, "VADER"}
    for found in report["splits"]["test"].values():
        for figure in found.values():
            if figure["difference"] is not None:
                wanted = figure["other"] - figure["one"]
                assert figure["difference"] == pytest.approx(wanted, abs=2e-4)
                assert figure["low"] <= figure["high"]
    assert "| VADER | not_calm.auroc |" in baselines_page(report)
    assert not any(text[:30] in json.dumps(report) for text in corpus["test"]["text"])


@pytest.mark.slow
def test_the_linear_opponents_learn_and_the_majority_does_not(corpus, tiny_config):
    config = load_config(tiny_config)
    gold = Gold.of(corpus["train"])
    area = {}
    for title, fit in BASELINES.items():
        answers = fit(corpus["train"], corpus["calibrate"], config)(corpus["train"]["text"][:])
        assert (np.diff(answers.at_least, axis=-1) <= 1e-9).all()
        area[title] = figures(gold, answers)["targets.escalation.auroc_1"][0]
    assert area.pop("majority") == 0.5
    # The tiny encoder has random weights; even so its vectors tell something.
    assert area["TF-IDF, logistic regression"] > 0.9 and min(area.values()) > 0.75


def test_decisions_are_made_as_heard_makes_them():
    from heard.bundle import Thresholds

    by = Thresholds(np.full((5, 3), 0.5), np.full(10, 0.3))
    at_least = np.tile(np.array([0.9, 0.6, 0.2]), (1, 5, 1))
    answers = decided(at_least, np.full((1, 10), 0.4), by)
    assert answers.levels.tolist() == [[2] * len(TARGET_NAMES)]
    assert answers.signals.all()


def test_the_saved_report_shows_the_shipped_model_ahead(analyzer):
    report = json.loads((SAVED / "baselines.json").read_text())
    assert report["sha256"] == analyzer.model.sha256
    for opponents in report["splits"].values():
        for title in BASELINES:
            for name in ("mean_emotions.f1_1", "mean_emotions.f1_2", "targets.escalation.auroc_2"):
                assert opponents[title][name]["low"] > 0, (title, name)
    assert "TF-IDF" in against_baselines(report)


def test_the_benchmark_beats_the_models_of_its_size():
    found = json.loads((SAVED / "goemotions.json").read_text())
    assert found["rows"]["test"] == 5427
    assert found["tuned"]["macro_f1"] > 0.482 and found["at_0.5"]["macro_f1"] > 0.4
    assert len(found["labels"]) == 28
