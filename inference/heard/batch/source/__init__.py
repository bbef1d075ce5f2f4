"""Rows to score: ``inputs`` finds the files, ``streams`` opens them, one module reads each format.

``rows`` joins them into one stream of rows and rejects.
"""
