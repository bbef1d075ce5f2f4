"""Scoring of files: ``heard score``; Parquet and ``.zst`` need ``pip install 'heard[batch]'``.

``source`` reads rows from files, ``score`` takes them through the analyzer into ``work``, the
folder of an unfinished run, ``output`` makes the result of it, and ``reporting`` the page that
``report`` draws.
"""
