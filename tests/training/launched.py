"""Processes that a test starts: each has a deadline, and none outlives the test."""

import os
import subprocess
import tempfile

import psutil

#: Far beyond what any of them takes; a hang then fails one test, and not the whole run.
SECONDS = 300


class Launched:
    """A process of one thread whose output goes to files: a pipe that nobody reads would fill."""

    def __init__(self, command):
        self._said, self._errors = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115 - open while it runs
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._errors,
        )

    @property
    def said(self):
        return _text_of(self._said)

    @property
    def errors(self):
        return _text_of(self._errors)

    @property
    def ended(self):
        return self.process.poll() is not None

    def wait(self):
        """Wait for a good end."""
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {SECONDS} s\n{self.said}\n{self.errors}") from None
        assert self.process.returncode == 0, self.errors
        return self

    def kill(self):
        """Kill it and, as launchers start theirs in sessions of their own, all below it."""
        try:
            found = psutil.Process(self.process.pid)
            below = found.children(recursive=True)
        except psutil.NoSuchProcess:
            return
        for one in (found, *below):
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue  # it followed the one above it
        self.process.wait(SECONDS)


def _text_of(file):
    file.seek(0)
    return file.read()
