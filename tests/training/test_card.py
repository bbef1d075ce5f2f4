"""The model card says what the shipped bundle's manifest says, and nothing else."""

import json
from pathlib import Path

import pytest

from heard.bundle import default_path
from heard_training.errors import TrainingError
from heard_training.report.card import card, check_card

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """Saved measurements are named from the root of a clone."""
    monkeypatch.chdir(ROOT)


def test_the_committed_card_is_up_to_date():
    check_card(ROOT / "model_card.md")


def test_a_card_that_differs_is_named(tmp_path):
    path = tmp_path / "model_card.md"
    path.write_text((ROOT / "model_card.md").read_text(encoding="utf-8") + "Best of all!\n")
    with pytest.raises(TrainingError, match="heard-train card"):
        check_card(path)


def test_figures_of_the_manifest_are_in_the_card(analyzer):
    manifest = json.loads((default_path() / "bundle.json").read_text(encoding="utf-8"))
    text = card(manifest, analyzer.model.sha256)
    for split in ("dev", "test"):
        humiliated = manifest["metrics"][split]["targets"]["humiliated"]
        for key in ("f1_1", "f1_2", "qwk", "auroc_1", "brier_1"):
            assert f"{humiliated[key]:.3f}" in text
    assert "never trained on" in text and "pretrained on by others" in text


def test_the_shipped_figures_on_the_authored_test_rows_are_reproduced(analyzer):
    from heard_training.config import load_config
    from heard_training.data.corpus import build_corpus
    from heard_training.run import evaluate_bundle

    corpus, _ = build_corpus(load_config(None))
    kept = analyzer.bundle.manifest["metrics"]["test"]
    found = evaluate_bundle(None, corpus)["test"]
    for name, target in kept["targets"].items():
        for key in ("f1_1", "f1_2", "qwk", "auroc_1"):
            # Another processor may round an answer or two otherwise.
            assert found["targets"][name][key] == pytest.approx(target[key], abs=0.01)
