"""Calibration as it is reported: honest models look honest, and boasting shows."""

import numpy as np
import pytest

from heard.labels import EMOTION_NAMES, SIGNAL_NAMES, TARGET_NAMES
from heard_training.measure.answers import Answers, Gold
from heard_training.measure.reliability import outside_bands, reliability

ROWS = 4000
QUESTIONS = 3 * len(TARGET_NAMES) + len(SIGNAL_NAMES)


def drawn(sharpen: float) -> tuple[Gold, Answers]:
    """Rows whose outcomes have some probabilities, and a model that says sharper ones."""
    random = np.random.default_rng(1)
    logits = np.sort(random.normal(-1, 1.5, (ROWS, len(TARGET_NAMES), 3)), axis=-1)[..., ::-1]
    true = 1 / (1 + np.exp(-logits))
    levels = (random.random((ROWS, len(TARGET_NAMES), 1)) < true).sum(axis=-1)
    signals = 1 / (1 + np.exp(-random.normal(-2, 1.5, (ROWS, len(SIGNAL_NAMES)))))
    present = (random.random(signals.shape) < signals).astype(int)
    said = 1 / (1 + np.exp(-sharpen * logits))
    gold = Gold(levels, present, [[]] * ROWS)
    return gold, Answers(said, (said > 0.5).sum(axis=-1), signals, signals > 0.5)


def test_an_honest_model_shows_no_more_error_than_an_ideal_one():
    found = reliability(*drawn(1.0))
    assert len(found) == QUESTIONS
    for name, values in found.items():
        assert values["ece"] <= values["ece_of_ideal"] + 0.01, name
        assert values["brier_skill"] > 0
        assert sum(count for *_, count in values["bins"]) == ROWS


def test_boasting_shows():
    found = reliability(*drawn(4.0))
    for target in TARGET_NAMES:
        values = found[f"{target} >= 1"]
        assert values["ece"] > values["ece_of_ideal"] + 0.03


def test_what_nobody_shows_has_no_skill_and_unknown_rows_do_not_count():
    gold, answers = drawn(1.0)
    gold.signals[:, 0] = 0
    gold.levels[: ROWS // 2, 0] = -1
    found = reliability(gold, answers)
    assert found[SIGNAL_NAMES[0]]["brier_skill"] is None
    assert found["angry >= 1"]["rows"] == ROWS // 2


def test_decisions_outside_a_band_are_told_apart():
    gold = Gold(np.array([[1], [0], [1], [0]] * 10).repeat(5, axis=1), np.zeros((40, 10)), [])
    at_least = np.array([0.95, 0.05, 0.45, 0.55] * 10)[:, None, None] * np.ones((1, 5, 3))
    answers = Answers(at_least, (at_least[..., 0] > 0.5).astype(int), np.zeros((40, 10)), None)
    found = outside_bands(gold, answers, dict.fromkeys(EMOTION_NAMES, (0.4, 0.6)))
    assert found["angry"] == {
        "share": 0.5,
        "expressed": 1.0,
        "not_expressed": 1.0,
        "inside": 0.0,
    }
    everything = outside_bands(gold, answers, dict.fromkeys(EMOTION_NAMES, (0.0, 1.0)))
    assert everything["angry"]["expressed"] is None
    assert everything["angry"]["inside"] == pytest.approx(0.5)
