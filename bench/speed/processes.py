"""Starts the processes that peers live in, gives them jobs in turn, and ends them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.machine import ROOT

__all__ = ["PeerError", "Worker", "alternate", "cpus", "environment"]

_STOP = 10.0


class PeerError(Exception):
    """A peer could not be loaded, or failed at a job."""


def cpus(threads: int) -> list[int]:
    """Name the CPUs of those that this process may use that a peer of so many threads gets."""
    return sorted(os.sched_getaffinity(0))[:threads]


def environment(threads: int) -> dict[str, str]:
    """Return the environment in which libraries take so many threads and no network."""
    counts = ("OMP", "MKL", "OPENBLAS", "RAYON")
    return (
        dict(os.environ)
        | {f"{name}_NUM_THREADS": str(threads) for name in counts}
        | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    )


class Worker:
    """A process with one peer in it, on so many CPUs, for as long as the block lasts."""

    def __init__(self, name: str, bundle: str | None, folder: Path, threads: int) -> None:
        """Start it and load the peer.

        Raises:
            PeerError: when the peer cannot be loaded.
        """
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.speed.worker"],
            cwd=ROOT,
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self._say(
                name=name,
                bundle=bundle,
                folder=str(folder),
                threads=threads,
                cpus=cpus(threads),
            )
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, do: str, **job: Any) -> Any:  # noqa: ANN401 - whatever the job gives
        """Have a job done and return what it found.

        Raises:
            PeerError: when it fails, or the process ends.
        """
        return self._say(do=do, **job)

    def _say(self, **job: Any) -> Any:  # noqa: ANN401
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            raise PeerError("its process was closed")
        with contextlib.suppress(BrokenPipeError):
            to.write(json.dumps(job) + "\n")
            to.flush()
        line = back.readline()
        if not line:
            raise PeerError(f"its process ended with code {self._process.wait()}{self._last()}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer["found"]

    def _last(self) -> str:
        """Give the last line that it wrote, if any."""
        size = os.fstat(self._log.fileno()).st_size
        lines = os.pread(self._log.fileno(), size, 0).decode(errors="replace").splitlines()
        return f": {lines[-1]}" if lines else ""

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def alternate(workers: Mapping[str, Worker], rounds: int) -> Iterator[tuple[int, str, Worker]]:
    """Go through all workers in every round, beginning with another one each time."""
    names = list(workers)
    for number in range(rounds):
        start = number % max(1, len(names))
        for name in names[start:] + names[:start]:
            yield number, name, workers[name]
