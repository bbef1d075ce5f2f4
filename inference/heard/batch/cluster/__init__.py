"""Scoring on Ray Data, on this machine or on a cluster: ``heard score --engine ray``.

``storage`` names files and folders by path or URL, ``stages`` are what runs on the nodes (a reader,
a scorer with one model, a writer), ``run`` puts them together and keeps the account.
"""
