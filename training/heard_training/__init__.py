"""Trains, calibrates, exports and judges the model that ``heard`` ships.

sources -> corpus -> features -> network -> fit -> export -> calibrate -> evaluate -> pack -> card.
Imports ``heard`` for labels, normalisation, tokenisation and decisions; never the reverse.
"""
