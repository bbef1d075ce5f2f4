"""Calibration and thresholds on made-up logits of known truth."""

import numpy as np
import pytest
from datasets import Dataset

from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard_training.config import Calibrate, Config
from heard_training.errors import TrainingError
from heard_training.learn.calibrate import _platt
from heard_training.learn.thresholds import (
    _best_threshold,
    _lowest_threshold,
    _middle_threshold,
    _ordinal_thresholds,
    fit_thresholds,
)
from heard_training.measure import metrics


@pytest.fixture
def generator():
    return np.random.default_rng(5)


def test_overconfident_logits_are_brought_back(generator):
    true = generator.normal(size=(4000, 1)) * 1.5
    truth = (generator.random((4000, 1)) < 1 / (1 + np.exp(-true))).astype(float)
    scale, shifts = _platt(true * 3 + 1.2, truth, np.ones_like(truth), prior=1.0)
    assert scale == pytest.approx(1 / 3, abs=0.05)
    assert shifts[0] == pytest.approx(-0.4, abs=0.15)


def test_single_precision_is_calibrated_as_well(generator):
    """As a graph gives its logits."""
    true = generator.normal(size=(4000, 1)) * 1.5
    truth = (generator.random((4000, 1)) < 1 / (1 + np.exp(-true))).astype(float)
    logits = (true * 3).astype(np.float32)
    scale, shifts = _platt(logits, truth, np.ones_like(truth), prior=1.0)
    wanted = _platt(logits.astype(np.float64), truth, np.ones_like(truth), prior=1.0)
    assert (scale, shifts.tolist()) == (wanted[0], wanted[1].tolist())
    assert scale == pytest.approx(1 / 3, abs=0.05)


def test_shifts_never_increase_even_where_the_data_would_have_it(generator):
    logits = generator.normal(size=(500, 3))
    rare_first = np.tile([0.0, 1.0, 1.0], (500, 1))
    scale, shifts = _platt(logits, rare_first, np.ones((500, 3)), prior=1.0)
    assert scale > 0
    assert (np.diff(shifts) <= 0).all()


def test_unknown_rows_have_no_say(generator):
    logits = generator.normal(size=(300, 1))
    truth = (logits > 0).astype(float)
    mask = np.ones_like(truth)
    mask[150:] = 0
    wrong = truth.copy()
    wrong[150:] = 1 - wrong[150:]
    assert _platt(logits, truth, mask, 1.0)[0] == pytest.approx(_platt(logits, wrong, mask, 1.0)[0])


def test_a_threshold_of_calibrated_chances_lies_where_f1_is_best(generator):
    chances = generator.beta(0.5, 3, size=20_000)
    truth = generator.random(20_000) < chances
    threshold = _best_threshold(chances, truth, generator, 5)
    once = metrics.plain(len(truth))
    grid = np.linspace(0.05, 0.9, 86)
    scores = {t: metrics.f1(truth, chances >= t, once)[0] for t in grid}
    assert threshold == pytest.approx(max(scores, key=scores.get), abs=0.05)
    chosen, half = (metrics.f1(truth, chances >= t, once)[0] for t in (threshold, 0.5))
    assert chosen > half + 0.02


def test_of_chances_too_low_the_middle_threshold_finds_more(generator):
    true = generator.beta(0.5, 3, size=20_000)
    truth = generator.random(20_000) < true
    once = metrics.plain(len(truth))
    right, low = _best_threshold(true, truth, generator, 5), true**2
    assert _middle_threshold(true, truth, generator, 5) == pytest.approx(right, abs=0.05)
    half, middle = (one(low, truth, generator, 5) for one in (_best_threshold, _middle_threshold))
    scores = [float(metrics.f1(truth, low >= t, once)[0]) for t in (half, middle)]
    assert scores[1] > scores[0] + 0.01


def test_too_few_positives_leave_the_threshold_at_one_half(generator):
    assert _best_threshold(np.full(50, 0.2), np.arange(50) < 3, generator, 50) == 0.5


def test_what_must_not_be_missed_is_decided_as_low_as_precision_allows(generator):
    chances = generator.beta(0.3, 3, 4000)
    truth = generator.random(4000) < chances
    low = _lowest_threshold(chances, truth, 0.5, generator, 50)
    best = _best_threshold(chances, truth, generator, 50)
    decided = chances >= low
    assert truth[decided].mean() == pytest.approx(0.5, abs=0.05)
    assert low < best or truth[chances >= best].mean() < 0.5
    assert _lowest_threshold(chances, np.zeros(4000, dtype=bool), 0.5, generator, 50) == 0.5


def test_levels_are_decided_where_they_agree_best(generator):
    strength = generator.normal(1.2, 1.0, size=(3000, 1))
    at_least = 1 / (1 + np.exp(-3 * (strength - [0.5, 1.5, 2.5])))
    gold = (generator.random((3000, 1)) < at_least).sum(axis=1)
    found = _ordinal_thresholds(at_least, gold, generator, 20)

    def kappa(thresholds):
        decided = np.cumprod(at_least >= thresholds, axis=1).sum(axis=1)
        return metrics.quadratic_kappa(gold, decided, metrics.plain(3000))[0]

    others = [kappa(np.full(3, place)) for place in (0.2, 0.35, 0.5, 0.65, 0.8)]
    assert kappa(found) > max(others) - 0.002
    assert kappa(found) > min(others) + 0.02


def _graded_rows(gold):
    """Rows of which escalation alone is known."""
    place = TARGET_NAMES.index("escalation")
    levels = np.full((len(gold), len(TARGET_NAMES)), -1)
    levels[:, place] = gold
    mask = np.zeros((len(gold), len(TARGET_NAMES), 3))
    mask[:, place] = 1
    signals = np.zeros((len(gold), len(SIGNAL_NAMES)))
    return Dataset.from_dict(
        {
            "gold_levels": levels.tolist(),
            "level_targets": (levels[:, :, None] >= [1, 2, 3]).astype(float).tolist(),
            "level_mask": mask.tolist(),
            "gold_signals": signals.tolist(),
            "signal_mask": signals.tolist(),
        }
    )


def test_escalation_alone_is_decided_by_kappa_and_where_its_levels_suffice(generator):
    place = TARGET_NAMES.index("escalation")
    truth = generator.normal(size=3000)
    gold = np.digitize(truth, [0.3, 1.0, 1.6])
    at_least = np.zeros((3000, len(TARGET_NAMES), 3))
    noisy = truth + generator.normal(scale=0.7, size=3000)
    at_least[:, place] = 1 / (1 + np.exp(-2 * (noisy[:, None] - [0.3, 1.0, 1.6])))
    chances = np.zeros((3000, len(SIGNAL_NAMES)))

    def thresholds(rows, by_kappa):
        config = Config(calibrate=Calibrate(resamplings=20, by_kappa=by_kappa))
        count = len(rows)
        return fit_thresholds(at_least[:count], chances[:count], rows, config).levels[place]

    def kappa(levels):
        decided = np.cumprod(at_least[:, place] >= levels, axis=1).sum(axis=1)
        return float(metrics.quadratic_kappa(gold, decided, metrics.plain(len(gold)))[0])

    together = thresholds(_graded_rows(gold), ("escalation",))
    apart = thresholds(_graded_rows(gold), ())
    assert (together != apart).any()
    assert kappa(together) >= kappa(apart)
    few = _graded_rows(np.minimum(gold, 2))
    assert (thresholds(few, ("escalation",)) == thresholds(few, ())).all()


def test_a_level_that_nobody_declares_is_refused():
    with pytest.raises(TrainingError, match="'escalations', which is no level"):
        Config(calibrate=Calibrate(by_kappa=("escalations",)))


def test_one_level_alone_says_nothing_about_thresholds(generator):
    at_least = np.full((50, 3), 0.9)
    assert np.isfinite(_ordinal_thresholds(at_least, np.full(50, 3), generator, 5)).all()
