"""Log lines are gathered: none is lost, mixed up or late where it matters, and none does harm."""

import io
import json
import logging
import sys

import pytest

from heard.serve import logs


class Pipe(io.RawIOBase):
    """Keeps every write by itself; or breaks."""

    def __init__(self, broken=False):
        self.broken, self.writes = broken, []

    def writable(self):
        return True

    def write(self, data):
        if self.broken:
            raise BrokenPipeError(32, "nobody reads")
        self.writes.append(bytes(data))
        return len(data)


@pytest.fixture
def redirect(monkeypatch):
    """Give standard error another end; from inside a test, for pytest sets it before each."""

    def to(pipe):
        stream = io.TextIOWrapper(io.BufferedWriter(pipe, 1 << 20))
        monkeypatch.setattr(sys, "stderr", stream)
        return pipe

    return to


@pytest.fixture
def logger(monkeypatch):
    made = logging.getLogger("heard.serve")
    monkeypatch.setattr(made, "handlers", [])
    monkeypatch.setattr(made, "level", logging.NOTSET)
    logs.configure_logs()
    yield made
    logs.write_logs()


def test_lines_wait_and_a_warning_takes_them_along(logger, redirect):
    written = redirect(Pipe())
    logger.info("first")
    assert not written.writes
    logger.warning("second")
    lines = b"".join(written.writes).splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["first", "second"]


def test_writes_hold_whole_lines_and_fit_a_pipe(logger, redirect):
    written = redirect(Pipe())
    for number in range(100):
        logger.info("request", extra={"fields": {"route": "x" * 200, "number": number}})
    logs.write_logs()
    assert len(written.writes) > 1
    assert all(len(one) <= 4096 and one.endswith(b"\n") for one in written.writes)
    lines = b"".join(written.writes).splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(100))


def test_a_log_that_cannot_be_written_harms_nobody(logger, redirect):
    redirect(Pipe(broken=True))
    logger.error("pass_failed")
    logger.info("request", extra={"fields": {"odd": object()}})  # no JSON
    logs.write_logs()


def test_one_broken_record_does_not_take_others_along(logger, redirect, monkeypatch):
    written = redirect(Pipe())
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger.info("first")
    logger.info("request", extra={"fields": {"odd": object()}})
    logger.info("third")
    logs.write_logs()
    lines = b"".join(written.writes).splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["first", "third"]
