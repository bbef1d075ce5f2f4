"""Load on ``heard serve`` and on two plainer servers: ``python -m bench.serve``.

``peers`` are the servers that it is compared with, ``processes`` starts and weighs them, ``load``
asks (in a process of its own) and checks every answer, ``report`` sums up.
"""
