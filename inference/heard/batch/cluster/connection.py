"""Ray itself: found or started, set up for a run, and its failures said in a sentence."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Before Ray is imported: what it starts would report to its makers.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
import ray
from ray.data import DataContext
from ray.exceptions import RayError

from heard.errors import HeardError, InputError

__all__ = ["block_size", "connected", "sentences"]

#: How our own errors read in what Ray makes of them.
_OURS = re.compile(r"^heard\.errors\.\w+: (.+)$", re.MULTILINE)

#: Warnings that a user can do nothing about: how restarts are set, and that a file is small.
_KNOWN = ("`ray_remote_args` is deprecated", r"The m\w+ number of concurrent \w+ for")


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Have a cluster: the one in use, the one at ``address``, or one that ends with this.

    Raises:
        InputError: when there is none.
    """
    if address is not None and address.startswith("ray://"):
        raise InputError(
            f"{address} is for Ray's client, which would read files on this machine: run the "
            "command on the cluster, with ray job submit."
        )
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (OSError, RayError, RuntimeError, ValueError) as error:
        where = "Ray cannot be started" if address is None else f"There is no Ray at {address}"
        raise InputError(f"{where} ({type(error).__name__}).") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def block_size(limit: int) -> Iterator[None]:
    """Have Ray Data cut what it reads into blocks of at most ``limit`` bytes, and say little."""
    settings = DataContext.get_current().copy()
    settings.target_max_block_size = limit
    settings.enable_progress_bars = sys.stderr.isatty()
    logger = logging.getLogger("ray.data")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what fails is said once, in a sentence
    try:
        with DataContext.current(settings), warnings.catch_warnings():
            for known in _KNOWN:
                warnings.filterwarnings("ignore", known)
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def sentences() -> Iterator[None]:
    """Make one sentence of what fails on the cluster, and ours of what is ours.

    Raises:
        HeardError: for whatever fails there.
    """
    try:
        yield
    except HeardError:
        raise
    except (RayError, OSError) as error:
        ours = _OURS.findall(str(error))
        if ours:
            raise HeardError(ours[-1]) from None
        raise HeardError(
            f"The cluster could not go on ({type(error).__name__}): its own logs say why."
        ) from error
