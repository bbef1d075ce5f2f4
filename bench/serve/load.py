"""Asks a server and checks every answer: a job comes on standard input, what was found goes out.

A job is JSON: ``port``, ``path``, ``texts`` and the ``answers`` that they must get (numbers within
``tolerance``), ``connections``, ``warm`` seconds that are not counted (a closed loop warms up until
every connection has had an answer, too), ``seconds`` that are, and perhaps ``requests``, after
which a closed loop ends (each connection asks again as soon as it has its answer), or ``arrivals``
of an open loop: when requests are meant to be sent, whether or not others were answered.
Latency counts from when a request was meant to be sent, and is given for right answers alone.

Only the standard library (and uvloop where there is one): whatever this process takes, the server
does not have.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import sys
import time
from collections import Counter, deque
from typing import Any, cast

__all__: list[str] = []

#: Seconds that the last answers are waited for, and connections that an open loop may hold.
_DRAIN = 30.0
_MOST_CONNECTIONS = 2048
#: Seconds before a connection asks again that was refused or broken, and how many may break.
_PAUSE = 0.01
_MOST_BROKEN = 1000
#: Bodies kept for each text that were found right, so that the same bytes need no second look.
_KEPT = 64


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.place = -1
        self.meant = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport = cast(asyncio.Transport, transport)
        self.load.connections.add(self)

    def send(self, place: int, meant: float) -> None:
        """Ask for a text; ``meant`` is when that was to be."""
        if self.transport is None:
            raise RuntimeError("not connected")
        self.place, self.meant = place, meant
        self.transport.write(self.load.requests[place])

    def data_received(self, data: bytes) -> None:
        """Collect an answer until it is whole."""
        self.buffer = self.buffer + data if self.buffer else data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        start = head.find(b"\r\ncontent-length:")
        if start < 0 or self.place < 0:  # nobody asked, or not an answer that this client reads
            self.close()
            return
        size = int(head[start + 17 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + size:
            return
        body, self.buffer = self.buffer[end + 4 :], b""
        place, self.place = self.place, -1
        self.load.answered(place, self.meant, int(head[9:12]), body)
        if b"\r\nconnection: close" in head:
            self.close()
        else:
            self.load.idle(self, refused=head[9:12] != b"200")

    def connection_lost(self, _: Exception | None) -> None:
        """Tell the load, which opens another."""
        self.load.connections.discard(self)
        self.load.lost(self)

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.abort()


class Load:
    """What both loops share: requests, connections, checks and counts."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.requests = [_request(job, text) for text in job["texts"]]
        self.right: list[set[bytes]] = [set() for _ in self.requests]
        self.connections: set[Connection] = set()
        self.outcomes: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.lags: list[float] = []
        self.right_everywhere = self.wrong_everywhere = 0
        self.first_wrong: str | None = None
        self.sent = self.settled = self.broken = 0
        self.sending = True
        self.since = self.until = 0.0
        self.opening: set[asyncio.Task[None]] = set()

    def counts(self, meant: float, now: float) -> bool:
        """Whether a request lies in the time that is measured."""
        raise NotImplementedError

    def idle(self, connection: Connection, *, refused: bool = False) -> None:
        """Give a connection something to do."""
        raise NotImplementedError

    def answered(self, place: int, meant: float, status: int, body: bytes) -> None:
        """Check an answer and count it."""
        now = time.perf_counter()
        self.settled += 1
        outcome = str(status)
        if status == 200 and self.is_right(place, body):
            self.right_everywhere += 1
        elif status == 200:
            outcome = "wrong"
            self.wrong_everywhere += 1
        if self.counts(meant, now):
            self.outcomes[outcome] += 1
            if outcome == "200":
                self.latencies.append(now - meant)

    def is_right(self, place: int, body: bytes) -> bool:
        """Whether a body says what the library says of that text."""
        if body in self.right[place]:
            return True
        try:
            difference = differs(
                json.loads(body), self.job["answers"][place], self.job["tolerance"]
            )
        except ValueError:
            difference = "not JSON"
        if difference is None:
            if len(self.right[place]) < _KEPT:
                self.right[place].add(body)
            return True
        self.first_wrong = self.first_wrong or f"text {place}: {difference}"
        return False

    def lost(self, connection: Connection) -> None:
        """Count what a connection that broke was asked, and open another."""
        if connection.place >= 0:
            self.settled += 1
            if self.counts(connection.meant, time.perf_counter()):
                self.outcomes["broken"] += 1
        self.broken += 1
        if self.sending and self.broken < _MOST_BROKEN:
            self.open(_PAUSE)

    def open(self, pause: float = 0.0) -> None:
        """Open a connection, beside whatever goes on."""
        task = asyncio.get_running_loop().create_task(self._open(pause))
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    async def _open(self, pause: float) -> None:
        await asyncio.sleep(pause)
        connection = await self.connect()
        if connection is None:
            self.broken += 1
            if self.sending and self.broken < _MOST_BROKEN:
                self.open(_PAUSE)
        else:
            self.idle(connection)

    async def connect(self) -> Connection | None:
        """Open a connection; none where that is refused."""
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(
                lambda: Connection(self), "127.0.0.1", self.job["port"]
            )
        except OSError:
            return None
        return made

    async def work(self) -> None:
        """Send what the job asks for."""
        raise NotImplementedError

    async def run(self) -> dict[str, Any]:
        """Do the job; returns what was found."""
        for _ in range(self.job["connections"]):
            await self.connect()
        opened = list(self.connections)
        if not opened:
            raise SystemExit(f"nothing listens on port {self.job['port']}")
        begun, used = time.perf_counter(), time.process_time()
        self.since = begun + self.job["warm"]
        for connection in opened:
            self.idle(connection)
        await self.work()
        self.sending = False
        took, used = time.perf_counter() - begun, time.process_time() - used
        drained = time.perf_counter() + _DRAIN
        while self.settled < self.sent and time.perf_counter() < drained:
            await asyncio.sleep(0.02)
        for connection in list(self.connections):
            connection.close()
        return {
            "seconds": min(time.perf_counter(), self.until) - self.since,
            "outcomes": dict(self.outcomes),
            "latencies": self.latencies,
            "lags": self.lags,
            "right_everywhere": self.right_everywhere,
            "wrong_everywhere": self.wrong_everywhere,
            "first_wrong": self.first_wrong,
            "unsettled": self.sent - self.settled,
            "broken": self.broken,
            "sent": self.sent,
            "cpu_share": used / took,
        }


class Closed(Load):
    """Each connection asks again as soon as it has its answer."""

    def counts(self, meant: float, now: float) -> bool:
        """An answer counts that came within the time."""
        return self.since <= now < self.until

    def idle(self, connection: Connection, *, refused: bool = False) -> None:
        """Ask the next text."""
        if not self.sending or self.sent >= self.job.get("requests", self.sent + 1):
            return
        if refused:
            asyncio.get_running_loop().call_later(_PAUSE, self.idle, connection)
            return
        if connection in self.connections:
            place = self.sent % len(self.requests)
            self.sent += 1
            connection.send(place, time.perf_counter())

    async def work(self) -> None:
        """Let time pass, or the requests be answered."""
        warm, latest = self.since, self.since + _DRAIN
        if warm > time.perf_counter():
            self.since = self.until = math.inf
            while (now := time.perf_counter()) < warm or (
                self.settled < len(self.connections) and now < latest
            ):
                await asyncio.sleep(0.02)
            self.since = now
        self.until = self.since + self.job["seconds"]
        requests = self.job.get("requests")
        while time.perf_counter() < self.until and self.broken < _MOST_BROKEN:
            if requests is not None and self.settled >= requests:
                self.until = time.perf_counter()
                return
            await asyncio.sleep(min(0.05, max(0.0, self.until - time.perf_counter())))


class Open(Load):
    """Requests are sent when they are due, each on a connection that has nothing else to do."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.arrivals: list[float] = job["arrivals"]
        self.free: list[Connection] = []
        self.due: deque[tuple[int, float]] = deque()
        self.over: asyncio.Future[None] | None = None

    def counts(self, meant: float, now: float) -> bool:
        """A request counts that was meant to be sent within the time."""
        return self.since <= meant < self.until

    def idle(self, connection: Connection, *, refused: bool = False) -> None:
        """Send what is due, or wait."""
        if connection not in self.connections:
            return
        if self.due:
            connection.send(*self.due.popleft())
        else:
            self.free.append(connection)

    def tick(self, begun: float) -> None:
        """Send what is due by now, and look again when the next is."""
        now = time.perf_counter()
        while self.sent < len(self.arrivals):
            meant = begun + self.arrivals[self.sent]
            if meant > now:
                asyncio.get_running_loop().call_later(meant - now, self.tick, begun)
                return
            self.lags.append(now - meant)
            self.dispatch(self.sent % len(self.requests), meant)
            self.sent += 1
        if self.over is not None and not self.over.done():
            self.over.set_result(None)

    def dispatch(self, place: int, meant: float) -> None:
        """Send on a connection that is free, or open one more."""
        while self.free:
            connection = self.free.pop()
            if connection in self.connections:
                connection.send(place, meant)
                return
        self.due.append((place, meant))
        held = len(self.connections) + len(self.opening)
        if held < _MOST_CONNECTIONS and len(self.opening) < len(self.due):
            self.open()

    async def work(self) -> None:
        """Send all, as they fall due."""
        begun = self.since - self.job["warm"]
        self.until = begun + self.job["warm"] + self.job["seconds"]
        self.over = asyncio.get_running_loop().create_future()
        self.tick(begun)
        await self.over

    async def run(self) -> dict[str, Any]:
        """Do the job; whatever was never answered is counted, too."""
        found = await super().run()
        begun = self.since - self.job["warm"]
        counted = sum(self.counts(begun + at, 0.0) for at in self.arrivals)
        found["seconds"] = self.job["seconds"]
        found["outcomes"]["unanswered"] = counted - sum(self.outcomes.values())
        return found


def differs(found: object, wanted: object, tolerance: float, at: str = "") -> str | None:
    """Name the first place where two JSON values differ; none where they agree."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        if found.keys() != wanted.keys():
            return f"{at} has other names"
        pairs = [(f"{at}.{name}", found[name], wanted[name]) for name in wanted]
    elif isinstance(wanted, list | tuple) and isinstance(found, list):
        if len(found) != len(wanted):
            return f"{at} has {len(found)} values, not {len(wanted)}"
        pairs = [(f"{at}[{n}]", *pair) for n, pair in enumerate(zip(found, wanted, strict=True))]
    elif isinstance(wanted, float) and isinstance(found, int | float):
        return None if abs(found - wanted) <= tolerance else f"{at} is {found}, not {wanted}"
    else:
        return None if found == wanted else f"{at} is {found!r}, not {wanted!r}"
    return next(
        filter(None, (differs(one, other, tolerance, where) for where, one, other in pairs)), None
    )


def _request(job: dict[str, Any], text: str) -> bytes:
    body = json.dumps({"text": text}).encode()
    head = (
        f"POST {job['path']} HTTP/1.1\r\nHost: 127.0.0.1:{job['port']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    """Do one job."""
    job = json.load(sys.stdin)
    load = Open(job) if "arrivals" in job else Closed(job)
    gc.disable()  # a pause of ours would be taken for one of the server's
    try:
        import uvloop
    except ImportError:
        found = asyncio.run(load.run())
    else:
        found = uvloop.run(load.run())
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
