"""Figures of merit on cases worked out by hand."""

import numpy as np
import pytest

from heard_training import metrics

YES, NO = np.array([True, True, False]), np.array([False, False, False])


def test_f1_and_its_undefined_case():
    assert metrics.f1(YES, np.array([True, False, True])) == pytest.approx(0.5)
    assert metrics.f1(YES, NO) == 0.0
    assert metrics.f1(NO, NO) is None


def test_auroc_and_its_undefined_case():
    assert metrics.auroc(YES, np.array([0.9, 0.2, 0.4])) == 0.5
    assert metrics.auroc(NO, np.array([0.9, 0.2, 0.4])) is None


def test_quadratic_kappa():
    assert metrics.quadratic_kappa(np.array([0, 1, 2, 3]), np.array([0, 1, 2, 3])) == 1.0
    assert metrics.quadratic_kappa(np.array([0, 3]), np.array([3, 0])) == pytest.approx(-1.0)
    assert metrics.quadratic_kappa(np.zeros(3, int), np.zeros(3, int)) is None


def test_brier_and_calibration_error():
    chances = np.array([0.8] * 10)
    truth = np.arange(10) < 8
    assert metrics.brier(truth, chances) == pytest.approx(0.16)
    assert metrics.expected_calibration_error(truth, chances) == pytest.approx(0.0)
    assert metrics.expected_calibration_error(NO, np.ones(3)) == 1.0


def test_nothing_known_gives_no_figure():
    none = np.zeros(0)
    assert metrics.brier(none.astype(bool), none) is None
    assert metrics.expected_calibration_error(none.astype(bool), none) is None


def test_overlap_counts_characters_of_all_messages():
    truth = [[[0, 10]], [[5, 10]], []]
    found = [[[5, 10]], [], []]
    assert metrics.overlap_f1(truth, found) == pytest.approx(2 * 5 / (15 + 5))
    assert metrics.overlap_f1([[]], [[]]) is None


def test_means_pass_over_what_is_undefined():
    assert metrics.mean_known([0.5, None, 1.0]) == 0.75
    assert metrics.mean_known([None]) is None
