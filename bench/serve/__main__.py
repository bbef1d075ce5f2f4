"""Measures ``heard serve`` beside two plainer servers: ``python -m bench.serve``, from the root.

The peers take turns, each started anew in every round, on the same CPUs and with the same settings
of uvicorn; 200 authored messages of at most 40 words are asked in one fixed order, and every answer
is compared with what the library (for ``c`` the network) said of that text beforehand. ``a`` runs
as many passes at once as a process has CPUs; ``b`` and ``c`` run theirs in FastAPI's threads, each
pass on one CPU, which serves them better under load than what their libraries would take.

- closed loop: so many connections, each asks again as soon as it has its answer: the peak.
- steady: Poisson arrivals at 70 % of a's peak of the same round, the same rate for all.
- overload: Poisson arrivals at 130 % of the peer's own peak. Whoever refuses nothing falls behind
  further the longer it lasts, so that latencies there belong to the seconds that were chosen.
- soak: many requests, and the memory of the server's processes after each quarter of them.

In an open loop latency counts from when a request was meant to be sent; ``per s`` below ``rate``
says that the server fell behind. ``cpu`` is what the server used for one right answer: other than
latencies it depends little on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from bench.machine import ROOT, machine
from bench.serve.peers import answers
from bench.serve.processes import PEERS, Server, ask
from bench.serve.report import PACKAGES, measured, summary, table
from bench.terminal import progress, run

from heard.session import available_cpus

_TEXTS, _WORDS, _SEED = 200, 40, 7
_STEADY, _OVERLOAD = 0.7, 1.3
#: Seconds for which a quarter of a soak may last; files that a server may need to have open.
_QUARTER = 1200.0
_FILES = 8192


def texts() -> list[str]:
    """Draw short messages of the authored corpus, the same each time."""
    found = set()
    for path in sorted((ROOT / "data/authored").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["text"]
            if len(text.split()) <= _WORDS:
                found.add(text)
    return random.Random(_SEED).sample(sorted(found), _TEXTS)  # noqa: S311 - nothing secret


def expected(asked: list[str], peers: list[str], model: str | None) -> dict[str, list[Any]]:
    """Say what each of these peers must answer; in a process of its own, which then ends."""
    kinds = {"naive"} | ({"transformers"} if "c" in peers else set())
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        said = {kind: pool.submit(answers, kind, asked, model).result() for kind in sorted(kinds)}
    return {
        "library": said["naive"],
        "enveloped": [{"results": [one]} for one in said["naive"]],
        "network": said.get("transformers", []),
    }


class Bench:
    """One run: what was asked for, what is asked, and what was found so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.texts = texts()
        self.answers = expected(self.texts, options.peers, options.model)
        self.rounds: list[dict[str, Any]] = []
        self.soaks: dict[str, Any] = {}
        self.faults: list[str] = []

    def start(self, peer: str) -> Server:
        """Start a peer."""
        own = self.options.threads if peer == "a" else self.options.peer_threads
        return Server(PEERS[peer], self.options.workers, own, self.options.model)

    def ask(self, server: Server, what: str, **job: Any) -> dict[str, Any]:  # noqa: ANN401
        """Have a load do a job; returns its figures, and notes what went wrong."""
        found = ask(
            server,
            {
                "texts": self.texts,
                "answers": self.answers[server.peer.says],
                "connections": self.options.connections,
                "warm": min(2.0, self.options.seconds / 4),
                "seconds": self.options.seconds,
                **job,
            },
        )
        figures = measured(found)
        title = f"{server.peer.title}, {what}"
        progress(
            f"{title}: {figures['answers_per_second']:.1f} answers/s, "
            f"p99 {figures['p99_ms']:.1f} ms, wrong {figures['wrong']}, errors {figures['errors']}"
        )
        if found["first_wrong"]:
            self.faults.append(f"{title}: {found['first_wrong']}")
        return figures

    def arrivals(self, rate: float, seed: int) -> list[float]:
        """Draw the times of a Poisson process, over the seconds to warm up and to measure."""
        whole = self.options.seconds + min(2.0, self.options.seconds / 4)
        gaps = np.random.default_rng(seed).exponential(1 / rate, int(rate * whole * 2) + 100)
        times = gaps.cumsum()
        return times[times < whole].tolist()

    def round(self, number: int) -> None:
        """Measure each peer once."""
        found: dict[str, Any] = {}
        for peer in self.options.peers:
            with self.start(peer) as server:
                closed = self.ask(server, f"round {number + 1}, closed loop")
                peak = max(1.0, closed["answers_per_second"])
                # The same rate for all: a's, or where a is left out that of whoever came first.
                base = next(iter(found.values()), {"closed": closed})["closed"]
                steady = max(1.0, _STEADY * base["answers_per_second"])
                found[peer] = {"closed": closed}
                for name, rate in (("steady", steady), ("overload", _OVERLOAD * peak)):
                    figures = self.ask(
                        server,
                        f"round {number + 1}, {name} at {rate:.1f}/s",
                        arrivals=self.arrivals(rate, number),
                    )
                    found[peer][name] = {"rate": rate, **figures}
                self.note_errors(peer, server)
        self.rounds.append(found)

    def soak(self, peer: str) -> None:
        """Ask a peer many times, and weigh it as it goes."""
        quarter = max(1, self.options.soak // 4)
        with self.start(peer) as server:
            weighed, done = [server.memory()], 0
            for number in range(4):
                found = self.ask(
                    server,
                    f"soak, quarter {number + 1}",
                    warm=0.0,
                    seconds=_QUARTER,
                    requests=quarter,
                )
                done += found["sent"]
                weighed.append(server.memory())
            self.note_errors(peer, server)
        self.soaks[peer] = {"requests": done, "memory": weighed}

    def note_errors(self, peer: str, server: Server) -> None:
        """Keep how many errors a server told of."""
        if told := server.errors():
            self.faults.append(f"{PEERS[peer].title} told of {told} errors")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.serve",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, help="of each measurement (10)")
    parser.add_argument("--connections", type=int, default=64, help="of the closed loop (64)")
    parser.add_argument("--rounds", type=int, help="of all peers (3)")
    parser.add_argument("--soak", type=int, help="requests of the long run; 0: none (20000)")
    parser.add_argument("--peers", default="a,b,c", help="a: heard, b: naive, c: transformers")
    parser.add_argument("--workers", type=int, default=1, help="processes of each server (1)")
    parser.add_argument("--threads", type=int, help="of a process of a (CPUs / processes)")
    parser.add_argument("--peer-threads", type=int, default=1, help="of a pass of b and c (1)")
    parser.add_argument("--model", help="the bundle's folder of a and b (the shipped one)")
    parser.add_argument("--quick", action="store_true", help="2 s, 1 round, a soak of 400")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/serve.json")
    read = parser.parse_args()
    for name, usual, quick in (("seconds", 10.0, 2.0), ("rounds", 3, 1), ("soak", 20_000, 400)):
        if getattr(read, name) is None:
            setattr(read, name, quick if read.quick else usual)
    read.peers = list(dict.fromkeys(read.peers.split(",")))
    if unknown := [peer for peer in read.peers if peer not in PEERS]:
        parser.error(f"--peers: {unknown[0]!r} is none of {', '.join(PEERS)}")
    read.threads = read.threads or max(1, available_cpus() // read.workers)
    for name, most in (
        ("seconds", 600),
        ("connections", 1024),
        ("rounds", 20),
        ("workers", 64),
        ("threads", 64),
        ("peer_threads", 64),
    ):
        if not 0 < getattr(read, name) <= most:
            parser.error(f"--{name}: choose a number above 0 and up to {most}")
    if not 0 <= read.soak <= 2_000_000:
        parser.error("--soak: choose a number from 0 to 2000000")
    return read


def main() -> None:
    """Measure, print, and write down."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended then, too
    chosen = options()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, _FILES), most))
    described = machine(PACKAGES)
    if (busy := os.getloadavg()[0]) > 0.3:
        progress(f"The machine is not quiet: its load is {busy:.2f}.")
    bench = Bench(chosen)
    for number in range(chosen.rounds):
        bench.round(number)
    for peer in chosen.peers if chosen.soak else []:
        bench.soak(peer)
    result = {
        "machine": described,
        "settings": {
            "seconds": chosen.seconds,
            "connections": chosen.connections,
            "rounds": chosen.rounds,
            "soak": chosen.soak,
            "workers": chosen.workers,
            "threads": chosen.threads,
            "model": chosen.model or "the shipped one",
            "peer_threads": chosen.peer_threads,
            "texts": len(bench.texts),
            "most_words": _WORDS,
        },
        "titles": {peer: PEERS[peer].title for peer in chosen.peers},
        "summary": summary(bench.rounds),
        "soak": bench.soaks,
        "faults": bench.faults,
        "rounds": bench.rounds,
    }
    print(table(result))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
