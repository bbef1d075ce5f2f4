"""Dynamic batching: many requests' messages through one model, each with an answer of its own.

A request's messages are tokenised off the event loop and wait in one queue. Runner threads take
them in turn, a message of each request at a time, so that a long list does not keep a short message
waiting; with each go the waiting messages of the very same length, since only those share a pass
without padding and keep the numbers that they would get alone. Whoever has gone, or has waited too
long, is passed over before anything is computed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from heard.analyzer import Analyzer
from heard.errors import InputError
from heard.serve.errors import ServiceError
from heard.serve.estimate import Estimate
from heard.serve.metrics import Metrics, Timings
from heard.tokens import EncodedMessage
from heard.types import Assessment

__all__ = ["Batcher", "Job"]

#: How far the threads that run the model stand back behind the one that talks to clients.
_NICENESS = 5
#: What is left of the expected time of a pass each time that somebody is passed over for it: were
#: it ever far too high, nothing would be computed that could correct it.
_DOUBT = 0.95
#: Passes that fail one after the other until the service calls itself unready.
_MOST_FAILURES = 3

_logger = logging.getLogger("heard.serve")


@dataclass(eq=False, slots=True)
class Job:
    """One request: its messages, what becomes of their assessments, and who waits for it.

    ``finish`` makes the answer and runs where the model runs, off the event loop. ``deadline`` is
    a time of :func:`time.monotonic`, which no change of the clock moves.
    """

    texts: Sequence[str]
    analyzer: Analyzer
    deadline: float
    finish: Callable[[list[Assessment]], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    encoded: list[EncodedMessage] = field(default_factory=list)
    results: list[Assessment | None] = field(default_factory=list)
    waiting: deque[int] = field(default_factory=deque)
    left: int = 0
    over: bool = False
    queued_at: float = 0.0
    timings: Timings = field(default_factory=Timings)

    def resolve(self, answer: object = None, error: Exception | None = None) -> None:
        """Answer from any thread; the first answer counts."""
        if self.over:
            return
        self.over = True
        try:
            self.loop.call_soon_threadsafe(_settle, self.future, answer, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            _logger.warning("answer_without_asker")


def _settle(future: asyncio.Future[Any], answer: object, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(answer)
    else:
        future.set_exception(error)


class Batcher:
    """The queue, the threads that tokenise, and those that run the model."""

    def __init__(
        self, *, runners: int, batch_messages: int, max_waiting: int, metrics: Metrics
    ) -> None:
        """Set up; threads begin with :meth:`start`."""
        self._most = batch_messages
        self._max_waiting = max_waiting
        self._metrics = metrics
        self._admitted = 0  # touched by the event loop alone
        self._jobs: deque[Job] = deque()
        self._alike: dict[tuple[int, int], deque[tuple[Job, int]]] = {}
        self._ready = threading.Condition()
        self._closing = False
        self._failures = 0
        # What a message of a pass takes, and what one that is ahead in the queue does. Who finds
        # the queue empty is let in whatever is expected, so that the second is always corrected.
        self._each, self._ahead = Estimate(0.01), Estimate(0.01)
        self._tokenisers = ThreadPoolExecutor(1, "heard-tokenise")
        self._runners = [
            threading.Thread(target=self._work, name=f"heard-run-{number}", daemon=True)
            for number in range(runners)
        ]

    def start(self) -> None:
        """Start the threads."""
        for runner in self._runners:
            runner.start()

    def close(self) -> None:
        """Answer whoever still waits, and end the threads."""
        with self._ready:
            self._closing = True
            left, self._jobs = list(self._jobs), deque()
            self._alike.clear()
            self._ready.notify_all()
        for job in left:
            job.resolve(error=ServiceError("not_ready", "The service is shutting down."))
        self._tokenisers.shutdown(wait=False, cancel_futures=True)

    @property
    def failing(self) -> bool:
        """Whether the last few passes all failed; the next that succeeds ends it."""
        return self._failures >= _MOST_FAILURES

    def admit(self, count: int, deadline: float) -> None:
        """Tell whoever cannot be answered in time so at once; nothing is taken yet.

        To be computed and then thrown away would take time from those who can.

        Raises:
            ServiceError: when so many messages more would not fit, or not be answered in time.
        """
        wait = self._admitted * self._ahead.careful
        late = wait > max(0.0, deadline - time.monotonic())
        if self._admitted + count > self._max_waiting or late:
            raise ServiceError(
                "queue_full",
                f"{self._admitted} messages wait, more than can be answered in time: try again.",
                {"Retry-After": str(max(1, round(wait)))},
            )

    async def submit(self, job: Job) -> Any:  # noqa: ANN401 - whatever the job's finish makes
        """Wait for a job's answer.

        Raises:
            ServiceError: when the queue is full (nothing of the job is then taken), when its time
                is up, or when it failed.
            InputError: when one of its messages cannot be read.
        """
        count = max(1, len(job.texts))
        self.admit(count, job.deadline)
        self._admitted += count
        self._metrics.waiting(self._admitted)
        ahead, begun = self._admitted, time.monotonic()
        late = True
        try:
            self._tokenisers.submit(self._tokenise, job)
            async with asyncio.timeout(max(0.0, job.deadline - begun)):
                answer = await job.future
            late = False
            return answer
        except TimeoutError:
            raise too_late() from None
        finally:
            job.over = True  # gone, late or answered: nothing more is computed for it
            self._admitted -= count
            self._metrics.waiting(self._admitted)
            each = (time.monotonic() - begun) / ahead
            if not late or each > self._ahead.mean:  # it would have taken that long, or longer
                self._ahead.learn(each)

    def _tokenise(self, job: Job) -> None:
        begun = time.perf_counter()
        try:
            for place, text in enumerate(job.texts):
                if job.over:
                    return
                job.encoded.append(_encode(job, place, text))
        except InputError as error:
            job.resolve(error=error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody waits for an answer
            self._failed([job], error)
            return
        job.timings.tokenise = time.perf_counter() - begun
        job.results = [None] * len(job.texts)
        job.left = len(job.texts)
        job.waiting = deque(sorted(range(len(job.texts)), key=lambda place: _tokens(job, place)))
        job.queued_at = time.perf_counter()
        with self._ready:
            if self._closing:
                job.resolve(error=ServiceError("not_ready", "The service is shutting down."))
                return
            self._jobs.append(job)
            for place in job.waiting:
                self._alike.setdefault(_kind(job, place), deque()).append((job, place))
            self._ready.notify(min(len(self._runners), max(1, len(job.texts))))

    def _work(self) -> None:
        _step_back()
        while True:
            with self._ready:
                while not self._jobs and not self._closing:
                    self._ready.wait()
                if self._closing:
                    return
                batch = self._take()
            if batch:
                self._run(batch)

    def _take(self) -> list[tuple[Job, int]]:
        """Take the next message, and some that wait and are exactly as long."""
        while self._jobs:
            job = self._jobs.popleft()
            while job.waiting and job.results[job.waiting[0]] is not None:
                job.waiting.popleft()  # another job's turn took it along
            if job.texts and not job.waiting:
                continue
            if self._passed_over(job):
                self._forget(job)
                continue
            if not job.texts:
                return [(job, -1)]
            batch = self._take_alike(_kind(job, job.waiting[0]))
            self._jobs.append(job)  # its next message comes after everybody else's
            return batch
        return []

    def _passed_over(self, job: Job, messages: int = 1) -> bool:
        """Whether nothing need be computed for a job; who cannot be in time is told so.

        A pass of so many ``messages`` must end before the deadline.
        """
        if not job.over and time.monotonic() + messages * self._each.mean >= job.deadline:
            job.resolve(error=too_late())
            self._each.doubt(_DOUBT)
        return job.over

    def _forget(self, job: Job) -> None:
        for place in job.waiting:
            if job.results[place] is None and (alike := self._alike.get(_kind(job, place))):
                alike.remove((job, place))
                if not alike:
                    del self._alike[_kind(job, place)]

    def _take_alike(self, kind: tuple[int, int]) -> list[tuple[Job, int]]:
        alike = self._alike[kind]
        batch: list[tuple[Job, int]] = []
        while alike and len(batch) < self._most:
            job, place = alike.popleft()
            job.results[place] = _TAKEN
            if self._passed_over(job, len(batch) + 1):
                continue
            batch.append((job, place))
        if not alike:
            del self._alike[kind]
        return batch

    def _run(self, batch: list[tuple[Job, int]]) -> None:
        begun = time.perf_counter()
        jobs = list(dict.fromkeys(job for job, _ in batch))
        for job in jobs:
            job.timings.wait = max(job.timings.wait, begun - job.queued_at)
        try:
            chosen = [(job, place) for job, place in batch if place >= 0]
            if chosen:
                texts = [job.texts[place] for job, place in chosen]
                encoded = [job.encoded[place] for job, place in chosen]
                read = chosen[0][0].analyzer.assess_encoded(texts, encoded)
                for (job, place), assessment in zip(chosen, read, strict=True):
                    job.results[place] = assessment
                    self._metrics.assessed(assessment)
                self._metrics.batch(len(chosen), sum(len(one.offsets) for one in encoded))
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody waits for an answer
            self._failures += 1
            self._failed(jobs, error)
            return
        self._failures = 0
        seconds = time.perf_counter() - begun
        self._each.learn(seconds / len(batch))
        for job in jobs:
            job.timings.run += seconds
        with self._ready:  # two runners may end a job's last two messages at once
            for job, _ in batch:
                job.left -= 1
            done = [job for job in jobs if job.left <= 0 and not job.over]
        for job in done:
            self._finish(job)

    def _finish(self, job: Job) -> None:
        begun = time.perf_counter()
        try:
            answer = job.finish([one for one in job.results if one is not None])
        except (InputError, ServiceError) as error:
            job.resolve(error=error)
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody waits for an answer
            self._failed([job], error)
        else:
            job.timings.run += time.perf_counter() - begun
            job.resolve(answer)

    def _failed(self, jobs: Sequence[Job], error: Exception) -> None:
        for job in jobs:
            job.resolve(error=ServiceError("failed", "The model failed on this request."))
        _logger.error("pass_failed", exc_info=error, extra={"fields": {"requests": len(jobs)}})


def _step_back() -> None:
    """Let the event loop go before this thread, so that requests are read and answered in time."""
    if hasattr(os, "setpriority"):  # not on Windows; on Linux a thread has a priority of its own
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


#: Stands for an answer that a runner is working on.
_TAKEN: Any = object()


def too_late() -> ServiceError:
    """Say that a request's time is up."""
    return ServiceError("timeout", "The answer was not ready in time: ask again, or allow longer.")


def _encode(job: Job, place: int, text: str) -> EncodedMessage:
    try:
        return job.analyzer.encode(text)
    except InputError as error:
        many = len(job.texts) > 1
        raise InputError(f"texts[{place}]: {error}" if many else str(error)) from None


def _tokens(job: Job, place: int) -> int:
    return sum(len(window.ids) for window in job.encoded[place].windows)


def _kind(job: Job, place: int) -> tuple[int, int]:
    """What messages must share to share a pass: the model, and the length."""
    return id(job.analyzer), _tokens(job, place)
