"""What ``/metrics`` shows, by prometheus-client; right across processes, too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

import heard
from heard.serve.alive import is_alive
from heard.types import Assessment

__all__ = ["MULTIPROCESS_VARIABLE", "Metrics", "Timings"]

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_LENGTHS = (8, 16, 32, 64, 128, 256, 512, 1024, 4096)
_CHANCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(slots=True)
class Timings:
    """Seconds that a request spent being tokenised, waiting and being computed."""

    tokenise: float = 0.0
    wait: float = 0.0
    run: float = 0.0


class Metrics:
    """Every figure of one process; :meth:`render` adds up those of all."""

    def __init__(self, model: Callable[[], tuple[str, str, str]]) -> None:
        """Make the figures; ``model`` tells name, version and hash of the one that serves now."""
        self._several = MULTIPROCESS_VARIABLE in os.environ
        self._registry = registry = CollectorRegistry()
        self._build = _Build(model)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"heard_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"heard_{name}", text, labels, registry=registry, buckets=buckets)

        self._requests = counter("requests", "Requests answered.", "route", "method", "status")
        self._failures = counter("request_failures", "Requests not answered well.", "reason")
        self._total = histogram("request_seconds", "From request to answer.", _SECONDS, "route")
        self._tokenise = histogram("tokenise_seconds", "Tokenising a request.", _SECONDS)
        self._wait = histogram("queue_seconds", "A request's longest wait in the queue.", _SECONDS)
        self._run = histogram("run_seconds", "Computing a request's answer.", _SECONDS)
        self._batch = histogram("batch_messages", "Messages in one pass of the model.", _COUNTS)
        self._batch_tokens = histogram("batch_tokens", "Tokens in one pass.", _LENGTHS)
        self._waiting = Gauge(
            "heard_queue_messages",
            "Messages admitted and not yet answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._ready = Gauge(
            "heard_ready",
            "Processes that are ready.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._lengths = histogram("message_tokens", "Tokens of a message.", _LENGTHS)
        self._truncated = counter("messages_truncated", "Messages not read to their end.")
        self._primary = counter("primary", "Messages by their primary emotion.", "emotion")
        self._levels = counter("emotion_level", "Decided levels.", "emotion", "level")
        self._escalation = counter("escalation_level", "Decided escalation.", "level")
        self._signals = counter("signal", "Signals decided present.", "signal")
        self._top = histogram("top_probability", "The likeliest emotion's probability.", _CHANCES)
        self._feedback = counter("feedback", "Corrections taken.", "kind")
        self._reloads = counter("reloads", "Models loaded while serving.", "result")

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, method, status).inc()
        self._total.labels(route).observe(seconds)

    def failure(self, reason: str) -> None:
        """Count a request that was not answered well."""
        self._failures.labels(reason).inc()

    def timings(self, spent: Timings) -> None:
        """Record where a request's time went."""
        self._tokenise.observe(spent.tokenise)
        self._wait.observe(spent.wait)
        self._run.observe(spent.run)

    def batch(self, messages: int, tokens: int) -> None:
        """Record one pass of the model."""
        self._batch.observe(messages)
        self._batch_tokens.observe(tokens)

    def waiting(self, messages: int) -> None:
        """Record how many messages wait."""
        self._waiting.set(messages)

    def ready(self, ready: bool) -> None:
        """Record whether this process is ready."""
        self._ready.set(int(ready))

    def assessed(self, assessment: Assessment) -> None:
        """Record what was decided, so that drift shows."""
        self._lengths.observe(assessment.tokens)
        if assessment.truncated:
            self._truncated.inc()
        self._primary.labels(assessment.primary).inc()
        for name, emotion in assessment.emotions.items():
            self._levels.labels(name, emotion.level).inc()
        self._escalation.labels(assessment.escalation.name).inc()
        for signal in assessment.signals:
            self._signals.labels(signal.name).inc()
        self._top.observe(max(one.probability for one in assessment.emotions.values()))

    def feedback(self, kind: str) -> None:
        """Count a correction."""
        self._feedback.labels(kind).inc()

    def reload(self, result: str) -> None:
        """Count a try to change the model."""
        self._reloads.labels(result).inc()

    def render(self) -> bytes:
        """Write the figures of all processes in Prometheus' text format."""
        registry = self._registry
        if self._several:
            registry = CollectorRegistry()
            _bury_dead(Path(os.environ[MULTIPROCESS_VARIABLE]))
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        build = CollectorRegistry()
        build.register(self._build)
        return generate_latest(registry) + generate_latest(build)


def _bury_dead(folder: Path) -> None:
    """Leave processes that were killed out of the gauges that count the living."""
    for path in folder.glob("gauge_live*_*.db"):
        process = int(path.stem.rpartition("_")[2])
        if not is_alive(process):
            multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]


class _Build(Collector):
    """Which program and which model answer now; made anew for each look, so never stale."""

    def __init__(self, model: Callable[[], tuple[str, str, str]]) -> None:
        self._model = model

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the one figure, always 1."""
        family = GaugeMetricFamily(
            "heard_build_info",
            "The program and its model.",
            labels=("version", "model", "model_version", "model_sha256"),
        )
        family.add_metric((heard.__version__, *self._model()), 1)
        yield family
