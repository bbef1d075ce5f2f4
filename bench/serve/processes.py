"""Starts a server, weighs it and ends it; gives a load its job."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.machine import ROOT

__all__ = ["PEERS", "Peer", "Server", "ask"]

#: Seconds until a server must be ready, and in which it must end when told to.
_START = 120.0
_STOP = 20.0
#: Looks in a row, each on a connection of its own, that must find it ready: all its processes.
_LOOKS = 20
#: Seconds that a load may take beyond those that it was given.
_SLACK = 90.0


@dataclass(frozen=True, slots=True)
class Peer:
    """One of the servers: how it is called, started and asked."""

    title: str
    path: str
    #: Which answers it must give: the library's, the same in an envelope, or the network's own.
    says: str
    tolerance: float

    def command(self, port: int, workers: int, threads: int, model: str | None) -> list[str]:
        """Give the command that starts it."""
        if self.path == "/v1/assess":
            start = ["-m", "heard", "serve"]
        else:
            start = ["-m", "bench.serve.peers", self.title]
        given = {"--port": port, "--workers": workers, "--threads": threads}
        options = given | ({} if model is None else {"--model": model})
        return [sys.executable, *start, *(str(part) for pair in options.items() for part in pair)]


PEERS = {
    "a": Peer("heard serve", "/v1/assess", "enveloped", 0.0),
    "b": Peer("naive", "/assess", "library", 0.0),
    "c": Peer("transformers", "/assess", "network", 1e-4),
}


class Server:
    """A running server, ended with the block that it was started for."""

    def __init__(self, peer: Peer, workers: int, threads: int, model: str | None = None) -> None:
        """Start it and wait until all its processes are ready.

        Raises:
            RuntimeError: with the end of what it wrote, when it does not come up.
        """
        self.peer = peer
        self.port = _free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            peer.command(self.port, workers, threads, model),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Tell it to end, and end what is left of it."""
        try:
            if self._process.poll() is None:
                self._process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_STOP)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._log.close()

    def _wait(self) -> None:
        until, found = time.monotonic() + _START, 0
        while found < _LOOKS:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.peer.title} did not come up:\n{self.written()[-2000:]}")
            if self._ready():
                found += 1
            else:
                found = 0
                time.sleep(0.1)

    def _ready(self) -> bool:
        address = f"http://127.0.0.1:{self.port}/health/ready"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def written(self) -> str:
        """Give all that it wrote so far."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def errors(self) -> int:
        """Count the errors that it told of."""
        lines = self.written().splitlines()
        return sum('"level": "error"' in one or one.startswith(("ERROR", "Trace")) for one in lines)

    def memory(self) -> dict[str, float]:
        """Weigh all its processes, in MB: resident, and with shared pages divided fairly."""
        total = dict.fromkeys(("Rss", "Pss"), 0.0)
        for process in self._processes():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                    name, _, rest = line.partition(":")
                    if name in total:
                        total[name] += int(rest.split()[0]) * 1024 / 1e6
        return {"rss_mb": total["Rss"], "pss_mb": total["Pss"]}

    def cpu(self) -> float:
        """Seconds of CPU that its processes have used."""
        ticks = 0
        for process in self._processes():
            with contextlib.suppress(OSError):
                ticks += sum(map(int, _stat(process)[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[int]:
        """The server's process and all that came of it: one session, which we began."""
        found = []
        for path in Path("/proc").iterdir():
            if path.name.isdecimal():
                with contextlib.suppress(OSError, IndexError):
                    if int(_stat(int(path.name))[3]) == self._process.pid:
                        found.append(int(path.name))
        return found


def ask(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    """Give a load its job; returns what it found, and the CPU that the server took for it."""
    job = {**job, "port": server.port, "path": server.peer.path, "tolerance": server.peer.tolerance}
    used = server.cpu()
    done = subprocess.run(
        [sys.executable, "-m", "bench.serve.load"],
        cwd=ROOT,
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        start_new_session=True,
        timeout=job["warm"] + job["seconds"] + _SLACK,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    found["server_cpu"] = server.cpu() - used
    return found


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on, for the second may hold anything."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
