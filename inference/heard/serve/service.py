"""The parts of one server process, put together, and how a request becomes a job."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import Request, Response

from heard.analyzer import Analyzer
from heard.errors import BundleError, InputError
from heard.reply.coverage import check_playbook
from heard.reply.playbook import Playbook, read_playbook
from heard.serve.batching import Batcher, Job
from heard.serve.errors import ServiceError
from heard.serve.feedback import FeedbackStore
from heard.serve.logs import write_logs
from heard.serve.metrics import Metrics
from heard.serve.models import Board, Models
from heard.serve.settings import TIMEOUT_HEADER, Settings
from heard.types import Assessment

__all__ = ["Service", "as_json", "whole_number"]

#: Seconds between two looks at the board, at readiness, two tries to load a first model, ...
_LOOK, _WATCH, _AGAIN, _HOUR = 0.2, 0.5, 5.0, 3600.0
#: ... two writes of the log, ...
_LINES = 0.1
#: ... and those that all processes have to switch.
_SWITCH = 60.0

_logger = logging.getLogger("heard.serve")


class Service:
    """Model, queue, figures and feedback of one process."""

    def __init__(self, settings: Settings) -> None:
        """Put the parts together; nothing is loaded before :meth:`start`.

        Raises:
            PlaybookError: for a playbook that is not sound.
        """
        self.settings = settings
        self.models = Models(settings.model)
        self.metrics = Metrics(self.models.described)
        self.batcher = Batcher(
            runners=settings.runners,
            batch_messages=settings.batch_messages,
            max_waiting=settings.max_waiting,
            metrics=self.metrics,
        )
        self.board = Board(settings.board) if settings.board else None
        self.playbook: Playbook | None = None
        if settings.playbook is not None:
            self.playbook = read_playbook(settings.playbook)
            check_playbook(self.playbook)
        self.feedback = (
            FeedbackStore(settings.feedback, settings.store_texts, settings.keep_days)
            if settings.feedback
            else None
        )
        self.draining = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        """Whether requests are taken: warm, not failing, not ending."""
        return self.models.current is not None and not self.batcher.failing and not self.draining

    def start(self) -> None:
        """Start threads and tasks; the first model is loaded beside the running event loop."""
        self.batcher.start()
        self._begin(self._load_first, _AGAIN)
        self._begin(self._watch, _WATCH)
        self._begin(_log, _LINES)
        if self.board is not None:
            self._begin(partial(self._follow, self.board), _LOOK)
        if self.feedback is not None:
            self._begin(partial(asyncio.to_thread, self.feedback.forget_old), _HOUR)

    async def stop(self) -> None:
        """End tasks and threads."""
        self.draining = True
        self.metrics.ready(False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.batcher.close()
        if self.feedback is not None:
            self.feedback.close()
        write_logs()

    def _begin(self, work: Callable[[], Awaitable[object]], pause: float) -> None:
        """Do some work again and again; a failure is logged, and ends nothing."""

        async def again() -> None:
            while True:
                try:
                    await work()
                except Exception as error:
                    _logger.error("task_failed", exc_info=error)
                await asyncio.sleep(pause)

        self._tasks.append(asyncio.create_task(again()))

    async def _load_first(self) -> None:
        if self.models.current is not None:
            return
        path, number = self.models.path, 0
        order = self.board.pending() if self.board is not None else None
        if order is not None:  # a process that was started anew serves what the others serve
            path, number = order.folder, order.number
        analyzer = await asyncio.to_thread(self.models.replace, path)
        self.metrics.ready(self.ready)
        if self.board is not None:
            self.board.note(number, sha256=analyzer.model.sha256)

    async def _watch(self) -> None:
        """Keep the figure of readiness, and try out whether a failing model works again.

        Whoever balances load sends nothing to an unready process: it must find out for itself.
        """
        self.metrics.ready(self.ready)
        analyzer = self.models.current
        if self.batcher.failing and analyzer is not None:
            job = self._job(analyzer, ["hello"], len, time.monotonic() + self.settings.timeout)
            with suppress(ServiceError):
                await self.batcher.submit(job)

    async def _follow(self, board: Board) -> None:
        """Load what another process was told to load."""
        order = board.pending() if self.models.current is not None else None
        if order is None:
            return
        try:
            analyzer = await asyncio.to_thread(self.models.replace, order.folder)
        except BundleError as error:
            board.note(order.number, why=str(error))
            self.metrics.reload("refused")
        else:
            board.note(order.number, sha256=analyzer.model.sha256)
            self.metrics.reload("done")

    async def reload(self, path: Any) -> tuple[Analyzer, int]:  # noqa: ANN401 - a path or None
        """Change the model of every process; returns it and how many processes serve it.

        Raises:
            BundleError: when it cannot serve; the model before it goes on serving everywhere.
            ServiceError: when some process could not switch.
        """
        try:
            analyzer = await asyncio.to_thread(self.models.replace, path)
        except BundleError:
            self.metrics.reload("refused")
            raise
        self.metrics.reload("done")
        if self.board is None:
            return analyzer, 1
        sha256 = analyzer.model.sha256
        number = self.board.order(path)
        self.board.note(number, sha256=sha256)
        until = time.monotonic() + _SWITCH
        while True:
            serving, refused, living = self.board.switched(number, sha256)
            if serving == living:
                return analyzer, serving
            if refused or time.monotonic() > until:
                raise ServiceError(
                    "failed", f"Only {serving} of {living} processes serve the new model."
                )
            await asyncio.sleep(_LOOK / 2)

    async def answer(
        self,
        request: Request,
        texts: Sequence[str],
        finish: Callable[[list[Assessment]], bytes],
    ) -> Response:
        """Have texts assessed, and answer with what ``finish`` makes of them.

        Raises:
            ServiceError: for whatever stands in the way, limits among it.
        """
        return Response(await self.compute(request, texts, finish), media_type="application/json")

    async def compute(
        self,
        request: Request,
        texts: Sequence[str],
        finish: Callable[[list[Assessment]], Any],
    ) -> Any:  # noqa: ANN401 - whatever finish makes
        """Have texts assessed and ``finish`` run on them, unless the client goes away."""
        self.check_texts(texts)
        analyzer = self.ready_analyzer()
        job = self._job(analyzer, texts, finish, request.state.begun + self._allowed(request))
        request.state.messages = len(texts)
        request.state.model = analyzer.model.version
        request.state.timings = job.timings
        gone = asyncio.create_task(_until_gone(request, job))
        try:
            return await self.batcher.submit(job)
        finally:
            gone.cancel()

    @staticmethod
    def _job(
        analyzer: Analyzer,
        texts: Sequence[str],
        finish: Callable[[list[Assessment]], Any],
        deadline: float,
    ) -> Job:
        loop = asyncio.get_running_loop()
        return Job(texts, analyzer, deadline, finish, loop, loop.create_future())

    def ready_analyzer(self) -> Analyzer:
        """Return the model that answers now.

        Raises:
            ServiceError: when requests are not taken.
        """
        analyzer = self.models.current
        if analyzer is None or self.draining:
            raise ServiceError("not_ready", "The service is not ready: try again soon.")
        return analyzer

    def check_texts(self, texts: Sequence[str], what: str = "texts") -> None:
        """Hold messages to the limits.

        Raises:
            InputError: naming the limit.
        """
        most, longest = self.settings.max_items, self.settings.max_characters
        if len(texts) > most:
            raise InputError(
                f"{what} holds {len(texts)} messages and may hold {most}: send them in parts."
            )
        for place, text in enumerate(texts):
            if len(text) > longest:
                raise InputError(
                    f"{what}[{place}] has {len(text)} characters and may have {longest}: "
                    "shorten it."
                )

    def _allowed(self, request: Request) -> float:
        given = request.headers.get(TIMEOUT_HEADER)
        if given is None:
            return self.settings.timeout
        most = int(self.settings.max_timeout * 1000)
        asked = whole_number(given)
        if not 1 <= asked <= most:
            raise InputError(
                f"X-Request-Timeout-Ms must be a whole number of milliseconds from 1 to {most}."
            )
        return asked / 1000


def whole_number(text: str) -> int:
    """Read a header's number of at most ten digits; -1 for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else -1


async def _log() -> None:
    write_logs()


async def _until_gone(request: Request, job: Job) -> None:
    """Give a job up when its client goes."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    job.resolve(error=ServiceError("client_gone", "The client has gone."))


def as_json(results: object) -> bytes:
    """Write results down as every route answers them."""
    return json.dumps({"results": results}, ensure_ascii=False, allow_nan=False).encode()
