"""Weighs this process, MB of 10^6 bytes: while it holds many results, and while it streams them."""

from __future__ import annotations

import ctypes
import gc
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType, ModuleType

from heard import Analyzer

__all__ = ["growth", "stream"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
#: What makes the kernel forget the most that was resident so far (proc(5)).
_FORGET_PEAK = "5"
#: Results are much alike; to weigh every one of 100,000 takes as long as to read them.
_MOST_WEIGHED = 1000


def growth(analyzer: Analyzer, texts: Sequence[str], count: int) -> dict[str, float]:
    """Assess so many texts at once, in a process that has assessed one before.

    ``results_mb`` is the size of the results' objects, weighed on up to a thousand of them;
    ``beyond_mb`` is how much more than them and the idle process was resident at the most.
    """
    analyzer.assess(texts[0])
    given = list(_cycled(texts, count))
    idle = _resident("VmRSS")
    _CLEAR.write_text(_FORGET_PEAK)
    started = time.perf_counter()
    found = analyzer.assess_many(given)
    seconds = time.perf_counter() - started
    peak = _resident("VmHWM")
    sample = found[:: -(-count // _MOST_WEIGHED)]
    results = _weigh(sample, given) * len(found) / len(sample) / 1e6
    tokens = sum(one.tokens for one in found)
    return {
        "seconds": seconds,
        "tokens": tokens,
        "idle_mb": idle,
        "peak_mb": peak,
        "results_mb": results,
        "beyond_mb": peak - idle - results,
    }


def stream(analyzer: Analyzer, texts: Sequence[str], count: int) -> dict[str, float]:
    """Assess so many texts as a stream, none of whose results is kept."""
    analyzer.assess(texts[0])
    idle = _resident("VmRSS")
    _CLEAR.write_text(_FORGET_PEAK)
    started = time.perf_counter()
    for _ in analyzer.assess_iter(_cycled(texts, count)):
        pass
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "idle_mb": idle,
        "peak_mb": _resident("VmHWM"),
        "after_mb": _resident("VmRSS"),
    }


def _weigh(results: Sequence[object], besides: Sequence[object]) -> int:
    """Add up the bytes of what the results hold and nothing else does, shared objects once."""
    seen, found, left = set(map(id, besides)), 0, list(results)
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen.add(id(one))
        found += sys.getsizeof(one)
        left += gc.get_referents(one)
        left.append(getattr(one, "base", None))  # a numpy view keeps the whole array
    return found


def _cycled(texts: Sequence[str], count: int) -> Iterator[str]:
    return itertools.islice(itertools.cycle(texts), count)


def _resident(name: str) -> float:
    """Read a figure of this process; for what is resident now, what is free is given back first."""
    if name == "VmRSS":
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(fields[name].split()[0]) * 1024 / 1e6
