"""A real server in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx2

_ADDRESS = re.compile(r"serves at (http://\S+)")
_START = 60


class Server:
    """A `heard serve` in a process of its own; its log is read as it comes."""

    def __init__(self, *options, env=None, program=("-m", "heard")):
        self.process = subprocess.Popen(
            [sys.executable, *program, "serve", "--port", "0", *map(str, options)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until = time.monotonic() + _START
        self.url = None
        while self.url is None and time.monotonic() < until and self.process.poll() is None:
            self.url = next((m[1] for line in self.lines if (m := _ADDRESS.search(line))), None)
            time.sleep(0.02)
        assert self.url, f"the server did not start: {self.lines}"

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def log(self):
        time.sleep(0.3)  # lines are gathered, and written several times a second
        return "".join(self.lines)

    def client(self, key=None, **options):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60, **options)

    def wait_ready(self, seconds=_START):
        until = time.monotonic() + seconds
        with self.client() as client:
            while time.monotonic() < until:
                try:
                    if client.get("/health/ready").status_code == 200:
                        return self
                except httpx2.TransportError:
                    pass
                time.sleep(0.05)
        raise AssertionError(f"the server is not ready: {self.log}")

    def stop(self, number=signal.SIGTERM, seconds=30):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def kill_all(self):
        """Kill the server and its worker processes, with no time for anything."""
        os.killpg(self.process.pid, signal.SIGKILL)


@contextmanager
def running(*options, **how):
    server = Server(*options, **how)
    try:
        yield server.wait_ready()
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(20)
            except subprocess.TimeoutExpired:
                server.process.kill()
