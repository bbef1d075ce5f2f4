"""Thresholds of the graph that checks drafts."""

import numpy as np

from heard_training.export.reader import fit_thresholds


def test_a_fault_that_is_told_apart_is_found_without_alarms():
    random = np.random.default_rng(3)
    truth = np.zeros((400, 2), dtype=bool)
    truth[:100, 0] = truth[100:200, 1] = True
    chances = random.uniform(0.0, 0.2, truth.shape)
    chances[truth] = random.uniform(0.6, 1.0, truth.sum())
    thresholds = fit_thresholds(chances, truth)
    flagged = chances >= thresholds
    assert (flagged & truth).sum() / truth.sum() > 0.98
    assert flagged[200:].mean() < 0.02


def test_a_fault_that_cannot_be_told_apart_is_seldom_flagged():
    random = np.random.default_rng(3)
    truth = np.zeros((600, 1), dtype=bool)
    truth[:40] = True
    chances = random.uniform(0.0, 1.0, truth.shape)
    assert (chances[~truth] >= fit_thresholds(chances, truth)).mean() < 0.1
