"""From a dataset to a fitted network, calibrated, with thresholds."""
