"""The HTTP service: ``heard serve``, installed with ``pip install 'heard[serve]'``.

A request passes ``gate`` (key, size, log) to a route in ``routes``, which hands its messages to
``service``: there ``batching`` shares the model among requests and ``models`` changes it while they
run. ``run`` starts the processes.
"""
