"""The processes that ``torchrun`` has started, as its environment variables tell of them."""

from __future__ import annotations

import os

__all__ = ["is_first", "local_processes", "local_rank", "processes", "rank"]


def processes() -> int:
    """Count the processes that train together, on all machines."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_processes() -> int:
    """Count those of them that run on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def rank() -> int:
    """Number this process among all of them, from 0."""
    return int(os.environ.get("RANK", "0"))


def local_rank() -> int:
    """Number this process among those on this machine, from 0."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def is_first() -> bool:
    """Tell whether this is the one process that writes, and says how it goes."""
    return rank() == 0
