"""Figures of merit: cases worked out by hand, and a well-kept library's answers."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from heard_training.measure import metrics

YES, NO = np.array([True, True, False]), np.array([False, False, False])
ONCE = metrics.plain(3)


@pytest.fixture(scope="module")
def drawn():
    """Two hundred random rows with ties, and weights that draw some of them twice."""
    chance = np.random.default_rng(1)
    truth = chance.random(200) < 0.3
    chances = np.round(np.clip(0.3 * truth + 0.7 * chance.random(200), 0, 1), 2)
    return truth, chances, metrics.resamplings(200, 20)


def repeated(weights, *columns):
    """Write each row out as often as a resampling drew it."""
    return [np.repeat(column, weights.astype(int)) for column in columns]


def test_the_first_weighting_is_the_data_as_they_are():
    weights = metrics.resamplings(50, 7)
    assert weights.shape == (8, 50)
    assert (weights[0] == 1).all() and (weights.sum(axis=1) == 50).all()
    assert (metrics.resamplings(50, 7) == weights).all()


def test_f1_and_its_undefined_case():
    assert metrics.f1(YES, np.array([True, False, True]), ONCE)[0] == pytest.approx(0.5)
    assert metrics.f1(YES, NO, ONCE)[0] == 0.0
    assert np.isnan(metrics.f1(NO, NO, ONCE)[0])


def test_precision_and_recall():
    decided = np.array([True, False, False])
    assert metrics.precision(YES, decided, ONCE)[0] == 1.0
    assert metrics.recall(YES, decided, ONCE)[0] == 0.5
    assert np.isnan(metrics.precision(YES, NO, ONCE)[0])


def test_each_resampling_is_what_the_library_says_of_its_rows(drawn):
    truth, chances, weights = drawn
    areas, scores = (
        metrics.auroc(truth, chances, weights),
        metrics.f1(truth, chances > 0.4, weights),
    )
    for place, weight in enumerate(weights):
        t, c = repeated(weight, truth, chances)
        assert areas[place] == pytest.approx(roc_auc_score(t, c))
        assert scores[place] == pytest.approx(f1_score(t, c > 0.4))


def test_kappa_is_what_the_library_says(drawn):
    _, chances, weights = drawn
    one, two = (chances * 4).astype(int).clip(0, 3), (chances * 5).astype(int).clip(0, 3)
    found = metrics.quadratic_kappa(one, two, weights)
    for place, weight in enumerate(weights):
        a, b = repeated(weight, one, two)
        assert found[place] == pytest.approx(cohen_kappa_score(a, b, weights="quadratic"))


def test_auroc_and_its_undefined_case():
    assert metrics.auroc(YES, np.array([0.9, 0.2, 0.4]), ONCE)[0] == 0.5
    assert metrics.auroc(YES, np.array([0.4, 0.4, 0.4]), ONCE)[0] == 0.5
    assert np.isnan(metrics.auroc(NO, np.array([0.9, 0.2, 0.4]), ONCE)[0])


def test_quadratic_kappa_at_its_ends():
    levels, both = np.array([0, 1, 2, 3]), metrics.plain(4)
    assert metrics.quadratic_kappa(levels, levels, both)[0] == 1.0
    assert metrics.quadratic_kappa(levels, levels[::-1], both)[0] == pytest.approx(-1.0)
    assert np.isnan(metrics.quadratic_kappa(np.zeros(4, int), np.zeros(4, int), both)[0])


def test_brier_and_calibration_error():
    chances, truth, weights = np.array([0.8] * 10), np.arange(10) < 8, metrics.plain(10)
    assert metrics.brier(truth, chances, weights)[0] == pytest.approx(0.16)
    assert metrics.expected_calibration_error(truth, chances, weights)[0] == pytest.approx(0.0)
    assert metrics.expected_calibration_error(NO, np.ones(3), ONCE)[0] == 1.0


def test_nothing_known_gives_no_figure():
    none, weights = np.zeros(0), np.ones((1, 0))
    for figure in (metrics.brier, metrics.expected_calibration_error, metrics.auroc):
        assert np.isnan(figure(none.astype(bool), none, weights)[0])


def test_overlap_counts_characters_of_all_messages():
    truth = [[[0, 10]], [[5, 10]], []]
    found = [[[5, 10]], [], []]
    assert metrics.overlap_f1(truth, found, ONCE)[0] == pytest.approx(2 * 5 / (15 + 5))
    assert np.isnan(metrics.overlap_f1([[]], [[]], metrics.plain(1))[0])


def test_means_pass_over_what_is_undefined():
    values = [np.array([0.5, np.nan]), np.array([np.nan, np.nan]), np.array([1.0, 0.2])]
    assert metrics.mean_known(values).tolist() == [0.75, 0.2]
    assert np.isnan(metrics.mean_known([])[0])


def test_an_interval_covers_what_it_should(drawn):
    truth, _, _ = drawn
    weights = metrics.resamplings(200, 2000)
    low, high = metrics.interval(weights @ truth / 200)
    rate = truth.mean()
    wide = 1.96 * np.sqrt(rate * (1 - rate) / 200)
    assert low == pytest.approx(rate - wide, abs=0.015)
    assert high == pytest.approx(rate + wide, abs=0.015)
    assert np.isnan(metrics.interval(np.array([0.5]))[0])
