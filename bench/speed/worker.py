"""The process in which a peer lives: jobs come in as JSON lines, and answers go out.

Started by :mod:`bench.speed.processes`, on as many CPUs as the peer may use.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__: list[str] = []


def _single(peer: Any, texts: Sequence[str]) -> list[float]:  # noqa: ANN401
    taken = []
    for text in texts:
        started = time.perf_counter()
        peer.one(text)
        taken.append(time.perf_counter() - started)
    return taken


def _bulk(peer: Any, texts: Sequence[str]) -> float:  # noqa: ANN401
    started = time.perf_counter()
    peer.many(texts)
    return time.perf_counter() - started


#: Jobs that any peer can be given.
_JOBS: dict[str, Callable[..., Any]] = {
    "single": _single,
    "bulk": _bulk,
    "settle": lambda peer, texts: peer.settle(texts),
}
#: Jobs for a bundle, and the modules that do them.
_INSIDE = {"split": "inside", "reached": "inside", "decisions": "inside"}
_INSIDE |= {"growth": "memory", "stream": "memory"}


def _made(asked: dict[str, Any]) -> Callable[..., Any]:
    """Load a peer, or the limits; returns what does a job."""
    threads = asked["threads"]
    if asked["name"] == "limits":
        from bench.speed.limits import Limits

        limits = Limits(threads)
        return lambda do: limits.peaks()
    from bench.speed.peers import make

    peer: Any = make(asked["name"], asked["bundle"], Path(asked["folder"]), threads)

    def done(do: str, **given: Any) -> Any:  # noqa: ANN401
        if do == "operations":
            from bench.speed.inside import operations

            return operations(peer.analyzer.bundle.model_path, threads)
        if do in _INSIDE:
            module = importlib.import_module(f"bench.speed.{_INSIDE[do]}")
            return getattr(module, do)(peer.analyzer, **given)
        return _JOBS[do](peer, **given)

    return done


def main() -> None:
    """Do jobs until there are no more; a job that fails is answered with its error's name."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    do: Callable[..., Any] | None = None
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if do is None:
                os.sched_setaffinity(0, job["cpus"])
                do, found = _made(job), None
            else:
                found = do(**job)
            answer = {"found": found}
        except Exception as error:  # noqa: BLE001 - whatever a peer's library may raise
            # Of a message that cannot be read no words may come out.
            answer = {"error": type(error).__name__}
            if isinstance(error, ImportError | OSError):
                answer["error"] += f": {error}"
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
