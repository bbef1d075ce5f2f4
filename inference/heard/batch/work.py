"""The folder of an unfinished run: what was scored so far, and how far that is.

Rows are appended to one file, rejects to another, and a small state says how many bytes of each are
sound. A run that was killed goes on by cutting off what lies behind them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any, BinaryIO

from heard.batch.counts import Counts
from heard.batch.source.rows import Position, Reject
from heard.errors import InputError

__all__ = ["Work", "open_work", "work_folder"]

_STATE = "state.json"
_LOCK = "lock"


class Work:
    """The work on one output: ``position`` in the input, ``counts``, ``done`` when all was read."""

    def __init__(self, folder: Path, run: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Take a folder, what the run was told, and a state as :meth:`save` wrote it, or none."""
        self.folder = folder
        self.rows = folder / "rows.jsonl"
        self.rejects = folder / "rejects.jsonl"
        self.position = Position(**state.get("position", {}))
        self.counts = Counts.from_dict(state["counts"]) if state else Counts()
        self.done: bool = state.get("done", False)
        self._run = run
        self._sound: Sequence[int] = state.get("sound", (0, 0))
        self._files: Sequence[BinaryIO] = ()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open the files to append to, cut to what is sound of them."""
        with ExitStack() as stack:
            self._files = [
                stack.enter_context(path.open("r+b" if path.exists() else "w+b"))
                for path in (self.rows, self.rejects)
            ]
            for file, sound in zip(self._files, self._sound, strict=True):
                file.truncate(sound)
                file.seek(sound)
            yield

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row that was scored; it counts from the next :meth:`save` on."""
        self._files[0].write(_line(row))

    def reject(self, reject: Reject) -> None:
        """Append a row that was rejected."""
        self._files[1].write(_line(reject.to_dict()))

    def save(self, *, done: bool = False) -> None:
        """Make everything that was appended count, whatever happens to the process from now on."""
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        self.done = done
        self._sound = [file.tell() for file in self._files]
        state = {
            "run": self._run,
            "position": {"file": self.position.file, "row": self.position.row},
            "counts": self.counts.to_dict(),
            "sound": self._sound,
            "done": done,
        }
        partial = self.folder / f"{_STATE}.partial"
        with partial.open("wb") as written:
            written.write(_line(state))
            written.flush()
            os.fsync(written.fileno())
        partial.replace(self.folder / _STATE)


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n"


def work_folder(out: Path) -> Path:
    """Name the folder of the work on ``out``, beside it."""
    return out.with_name(f"{out.name}.work")


@contextmanager
def open_work(out: Path, run: Mapping[str, Any], *, resume: bool, force: bool) -> Iterator[Work]:
    """Begin the work on ``out``, or take up again what was interrupted.

    Args:
        out: the file that is to be made.
        run: all that rows depend on, as plain values: to be resumed it must be the same.
        resume: go on where an interrupted run stopped; without one, begin.
        force: replace what is there.

    Raises:
        InputError: where there is something to lose, or another run at work.
    """
    folder = work_folder(out)
    begun = (folder / _STATE).exists()  # a run that was killed before it saved anything never was
    if begun and not resume and not force:
        raise InputError(
            f"{folder} holds an interrupted run: go on with --resume, or begin anew with --force."
        )
    if out.exists() and not begun and not force:
        raise InputError(f"{out} is there already: name another file, or replace it with --force.")
    folder.mkdir(exist_ok=True)
    with _locked(folder):
        if force:
            (folder / _STATE).unlink(missing_ok=True)
        yield Work(folder, run, _read_state(folder, run) if resume and begun else {})


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second run off the same work; where there are no such locks, nothing does.

    Where nothing was saved in the end, there is no folder either.
    """
    with (folder / _LOCK).open("wb") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows
            pass
        except OSError:
            raise InputError(f"Another run is at work in {folder}: wait for it.") from None
        try:
            yield
        finally:
            if not (folder / _STATE).exists():
                rmtree(folder, ignore_errors=True)


def _read_state(folder: Path, run: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = json.loads((folder / _STATE).read_bytes())
    other = [name for name, value in run.items() if state["run"].get(name) != value]
    if other:
        raise InputError(
            f"The run in {folder} began with other {' and other '.join(other)}: give it the same "
            "again, or begin anew with --force."
        )
    return state
