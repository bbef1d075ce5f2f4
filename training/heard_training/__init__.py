"""Trains, calibrates, exports and judges the model that ``heard`` ships.

data -> learn -> export -> measure -> report; ``run`` takes the steps in their order.
Imports ``heard`` for labels, normalisation, tokenisation and decisions; never the reverse.
"""
