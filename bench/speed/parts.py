"""The measurements, each a part of a run; peers take turns in every one that compares them."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bench.machine import ROOT, spread
from bench.speed.peers import TITLES
from bench.speed.processes import PeerError, Worker, alternate, environment
from bench.speed.texts import LENGTHS, Texts
from bench.terminal import progress

__all__ = ["Bench", "Counts"]

#: Messages at most of the growing numbers, where it is not the largest thread count's turn: the
#: last step takes minutes.
_FEWER = 10_000
_GROWTH = (1, 100, 10_000, 100_000)
_SETTLED_ON = 128


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured in a run."""

    rounds: int
    #: Messages that are read at most; ``None``: all.
    read: int | None
    #: Messages of a round, one by one and in bulk.
    single: int
    bulk: int
    #: Texts that are cut of each length; tokens of a bulk job of one length.
    each: int
    tokens: int
    #: Messages of the longest list, and of the stream.
    most: int


@dataclass
class Bench:
    """One run: what takes part, what it is given, and who had to be left out."""

    bundles: Mapping[str, str | None]
    peers: Sequence[str]
    texts: Texts
    counts: Counts
    threads: Sequence[int]
    folder: Path
    skipped: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the peers' files, in a process that ends with it; who cannot be made is left out."""
        if not self.peers:
            return
        progress("making the peers")
        done = subprocess.run(
            [sys.executable, "-m", "bench.speed.prepare", str(self.folder), *self.peers],
            cwd=ROOT,
            env=environment(max(self.threads)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if done.returncode:
            raise PeerError(f"the peers could not be made: code {done.returncode}")
        failed: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        for name, reason in failed.items():
            self._leave_out(name, reason)
        self.peers = [name for name in self.peers if name not in failed]

    def _leave_out(self, name: str, reason: str) -> None:
        """Note that a peer is missing; without what is measured itself there is no going on."""
        if name not in TITLES:
            raise PeerError(f"{name}: {reason}")
        progress(f"left out: {TITLES[name]}: {reason}")
        self.skipped[name] = reason

    @contextmanager
    def _workers(self, names: Sequence[str], threads: int) -> Iterator[dict[str, Worker]]:
        """Start those that can be started."""
        with ExitStack() as stack:
            started = {}
            for name in names:
                try:
                    worker = Worker(name, self.bundles.get(name), self.folder, threads)
                except PeerError as error:
                    self._leave_out(name, str(error))
                else:
                    started[name] = stack.enter_context(worker)
            yield started

    def _one(self, name: str, threads: int) -> Worker:
        return Worker(name, self.bundles.get(name), self.folder, threads)

    def speed(self, threads: int) -> dict[str, Any]:
        """Time all peers on messages, and on texts of every length."""
        single = {"messages": self.texts.messages[: self.counts.single]}
        bulk = {"messages": self.texts.messages[: self.counts.bulk]}
        tokens = {"messages": sum(self.texts.tokens[: self.counts.bulk])}
        for length in LENGTHS:
            texts = self.texts.by_length[length]
            single[str(length)] = texts[: max(3, self.counts.tokens // 2 // length)]
            count = max(4, self.counts.tokens // length)
            bulk[str(length)] = list(itertools.islice(itertools.cycle(texts), count))
            tokens[str(length)] = count * (length - 2)
        with self._workers([*self.bundles, *self.peers], threads) as workers:
            settled = {}
            for name in list(workers):
                progress(f"{threads} thread(s), warming: {name}")
                texts = bulk["messages"][:_SETTLED_ON]
                settled[name] = self._tell(workers, name, "settle", texts=texts)
            found: dict[str, Any] = {"settled": {n: s for n, s in settled.items() if s}}
            for use, sets in (("single", single), ("bulk", bulk)):
                found[use] = {}
                for title, texts in sets.items():
                    progress(f"{threads} thread(s), {use}: {title}")
                    rounds = self._rounds(workers, use, texts, tokens[title])
                    found[use][title] = self._compared(rounds)
        return found

    def _tell(self, workers: dict[str, Worker], name: str, do: str, **job: Any) -> Any:  # noqa: ANN401
        """Have one do a job; who fails is left out from then on."""
        try:
            return workers[name].ask(do, **job)
        except PeerError as error:
            self._leave_out(name, str(error))
            del workers[name]
            return None

    def _rounds(
        self, workers: dict[str, Worker], use: str, texts: Sequence[str], tokens: int
    ) -> dict[str, list[dict[str, float]]]:
        """Take figures of every peer in each round, after one that warms up."""
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in workers}
        for name in list(workers):
            self._tell(workers, name, use, texts=texts if use == "bulk" else texts[:3])
        for _, name, _ in alternate(workers, self.counts.rounds):
            if name not in workers:
                continue
            found = self._tell(workers, name, use, texts=texts)
            if found is not None:
                rounds[name].append(_figures(use, found, len(texts), tokens))
        return {name: rounds[name] for name in workers}

    def _compared(self, rounds: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, Any]:
        """Sum rounds up, and set each bundle against all others, round by round."""
        ratios: dict[str, Any] = {}
        for own in self.bundles:
            ratios[own] = {
                other: {
                    name: spread(
                        [_times(name, a, b) for a, b in zip(rounds[own], theirs, strict=True)]
                    )
                    for name in rounds[own][0]
                }
                for other, theirs in rounds.items()
                if other != own
            }
        return {"peers": {name: _spreads(found) for name, found in rounds.items()}, "times": ratios}

    def split(self, threads: int) -> dict[str, Any]:
        """Time the steps of an assessment, on messages and on such of 25 words."""
        sets = {
            "messages": self.texts.messages[: self.counts.single],
            "25 words": self.texts.of_25_words,
        }
        found: dict[str, Any] = {title: {} for title, texts in sets.items() if texts}
        with self._workers(list(self.bundles), threads) as workers:
            progress(f"{threads} thread(s), split")
            for title, by_bundle in found.items():
                rounds: dict[str, list[Any]] = {name: [] for name in workers}
                for worker in workers.values():
                    worker.ask("split", texts=sets[title][:3])
                for _, name, worker in alternate(workers, self.counts.rounds):
                    rounds[name].append(worker.ask("split", texts=sets[title]))
                by_bundle |= {name: _spreads(taken) for name, taken in rounds.items()}
        return found

    def growth(self, threads: int) -> dict[str, Any]:
        """Weigh a process that assesses more and more messages, a new one each time."""
        most = self.counts.most
        if threads != max(self.threads):
            most = min(most, _FEWER)
        found: dict[str, Any] = {}
        for name, count in itertools.product(self.bundles, sorted({min(c, most) for c in _GROWTH})):
            progress(f"{threads} thread(s), {name}: {count} messages at once")
            with self._one(name, threads) as worker:
                weighed = worker.ask("growth", texts=self.texts.messages, count=count)
            seconds = weighed.pop("seconds")
            tokens = weighed.pop("tokens")
            rates = {
                "messages_per_second": count / seconds,
                "tokens_per_second": tokens / seconds,
            }
            found.setdefault(name, {})[str(count)] = _rounded(rates | weighed)
        return found

    def stream(self) -> dict[str, Any]:
        """Weigh a process that streams many messages, with the most threads."""
        found = {}
        for name in self.bundles:
            progress(f"{max(self.threads)} thread(s), {name}: {self.counts.most} as a stream")
            with self._one(name, max(self.threads)) as worker:
                weighed = worker.ask("stream", texts=self.texts.messages, count=self.counts.most)
            rate = self.counts.most / weighed.pop("seconds")
            found[name] = _rounded({"messages_per_second": rate, **weighed})
        return {"messages": self.counts.most, "threads": max(self.threads), "bundles": found}

    def limits(self, threads: int) -> dict[str, Any]:
        """Set what a bundle computes a second against the peak of matrix products alone."""
        progress(f"{threads} thread(s), limits")
        texts = self.texts.messages[: self.counts.bulk]
        rounds: dict[str, list[Any]] = {}
        with self._workers(["limits", *self.bundles], threads) as workers:
            work = {name: workers[name].ask("operations") for name in self.bundles}
            for _, name, worker in alternate(workers, self.counts.rounds + 1):
                if name == "limits":
                    found = worker.ask("peaks")
                else:
                    by_length = {key: work[name][key] for key in ("linear", "square")}
                    found = worker.ask("reached", texts=texts, **by_length)
                rounds.setdefault(name, []).append(found)
        kinds = [(_peak(one, "fp32"), _peak(one, "int8")) for one in rounds["limits"][1:]]
        fp32, int8 = zip(*kinds, strict=True)
        return {
            "peaks": {"fp32": spread(_giga(fp32)), "int8": spread(_giga(int8))},
            "shapes": {
                kind: {
                    shape: round(float(np.median([one[kind][shape] for one in rounds["limits"]])))
                    for shape in shapes
                }
                for kind, shapes in rounds["limits"][0].items()
            },
            "bundles": {
                name: {
                    "multiply_adds": work[name],
                    **{
                        use: _against([one[use] for one in rounds[name][1:]], fp32, int8)
                        for use in ("single", "bulk")
                    },
                }
                for name in self.bundles
            },
        }

    def same(self) -> dict[str, Any]:
        """Count messages whose decisions differ between single and bulk use and thread counts."""
        found = {}
        for name in self.bundles:
            decided = []
            for threads in self.threads:
                progress(f"{threads} thread(s), {name}: the same answers?")
                with self._one(name, threads) as worker:
                    decided += worker.ask("decisions", texts=self.texts.messages).values()
            rows = list(zip(*decided, strict=True))
            found[name] = sum(any(one != row[0] for one in row) for row in rows)
        return {"messages": len(self.texts.messages), "differing": found}


def _figures(use: str, found: Any, messages: int, tokens: int) -> dict[str, float]:  # noqa: ANN401
    """Turn what a job took into figures."""
    if use == "bulk":
        return {"messages_per_second": messages / found, "tokens_per_second": tokens / found}
    p50, p95, p99 = 1000 * np.percentile(found, (50, 95, 99))
    mean = 1000 * float(np.mean(found))
    return {"p50_ms": float(p50), "p95_ms": float(p95), "p99_ms": float(p99), "mean_ms": mean}


def _times(name: str, own: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How many times as fast the first is as the second."""
    return other[name] / own[name] if name.endswith("_ms") else own[name] / other[name]


def _spreads(rounds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {name: spread([one[name] for one in rounds]) for name in rounds[0]}


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in figures.items()}


def _peak(found: Mapping[str, Mapping[str, float]], kind: str) -> float:
    """The fastest product of a kind, whatever its shape and what it does with its sums."""
    return max(max(shapes.values()) for name, shapes in found.items() if name.startswith(kind))


def _giga(values: Sequence[float]) -> list[float]:
    return [value / 1e9 for value in values]


def _against(
    reached: Sequence[float], fp32: Sequence[float], int8: Sequence[float]
) -> dict[str, Any]:
    def share(peaks: Sequence[float]) -> Any:  # noqa: ANN401
        return spread([own / peak for own, peak in zip(reached, peaks, strict=True)])

    return {"reached": spread(_giga(reached)), "of_fp32": share(fp32), "of_int8": share(int8)}
