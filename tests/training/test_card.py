"""The model card says what the saved report says, and nothing else."""

import json
from pathlib import Path

import pytest

from heard_training.errors import TrainingError
from heard_training.report.card import card, check_card, read_report

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


def test_figures_of_the_report_are_in_the_card():
    report = read_report()
    text = card(report)
    for split in report["splits"].values():
        value, low, high = split["figures"]["targets.humiliated.auroc_1"]
        assert low < value < high
        assert f"{value:.3f} ({low:.3f} to {high:.3f})" in text
        assert f"{split['reliability']['angry >= 1']['brier']:.3f}" in text
    for point in report["learning_curve"]["points"]:
        assert f"| {point['rows']:,} | {point['seed']} |" in text
    assert "never trained on" in text and "pretrained on by others" in text


def test_the_manifest_and_the_report_tell_the_same_figures(analyzer):
    metrics = analyzer.bundle.manifest["metrics"]
    for name, split in read_report()["splits"].items():
        for target, values in metrics[name]["targets"].items():
            found = split["figures"][f"targets.{target}.f1_1"][0]
            assert found == pytest.approx(values["f1_1"], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"sha256": "0"}, "another bundle"), ({"splits": {}}, "no figures on dev")],
)
def test_a_report_that_cannot_be_told_is_refused(change, word, tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(read_report() | change))
    monkeypatch.setattr("heard_training.report.card.REPORT", path)
    with pytest.raises(TrainingError, match=word):
        read_report()
    path.unlink()
    with pytest.raises(TrainingError, match="cannot be read"):
        read_report()


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
