"""The model that answers now, and how another takes its place while requests run."""

from __future__ import annotations

import gc
import json
import logging
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from heard.analyzer import Analyzer, load
from heard.errors import BundleError
from heard.reply.check.check import check_reply
from heard.reply.recommend import recommend
from heard.serve.alive import is_alive

__all__ = ["Board", "Models", "Order"]

#: Lengths, in words, that are run before a model is let near a request.
_WARM = (1, 8, 25, 60, 200)

_logger = logging.getLogger("heard.serve")


class Models:
    """One process's model; :meth:`replace` loads another beside it and then switches at once.

    Requests that have begun keep the model that they began with.
    """

    def __init__(self, path: Path | None) -> None:
        """Remember the bundle's folder; nothing is loaded before :meth:`replace`."""
        self.path = path
        self._current: Analyzer | None = None
        self._lock = threading.Lock()

    @property
    def current(self) -> Analyzer | None:
        """The model that answers now; ``None`` until the first one is warm."""
        return self._current

    def described(self) -> tuple[str, str, str]:
        """Name, version and hash of the model that answers now; empty before there is one."""
        model = self._current.model if self._current else None
        return (model.name, model.version, model.sha256) if model else ("", "", "")

    def replace(self, path: Path | None) -> Analyzer:
        """Load a bundle, verify it, run it on a few lengths, and only then switch to it.

        Raises:
            BundleError: when it cannot serve; the model before it goes on serving.
        """
        with self._lock:  # two at once would hold three models in memory
            analyzer = load(path, threads=1)
            for words in _WARM:
                assessment = analyzer.assess("please " * words)
            # Playbook and the graph that reads drafts are loaded by their first use.
            recommend(assessment)
            check_reply("I'll look into it.", assessment)
            self._current, self.path = analyzer, path
            _set_aside()
            return analyzer


def _set_aside() -> None:
    """Spare the garbage collector what is loaded for good.

    A full collection looks at every object while all threads stand still: with routes, playbook and
    figures in memory that took 40 ms and more, in the midst of requests. What a former model left
    behind is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Order:
    """Which bundle all processes are to serve; ``number`` grows with each order."""

    number: int
    path: str | None

    @property
    def folder(self) -> Path | None:
        """The bundle's folder, ``None`` for the one in the package."""
        return None if self.path is None else Path(self.path)


class Board:
    """A folder through which the processes of one service agree on their model.

    One writes an order there, all look at it a few times a second, load what it names and note
    under their own process id what they serve.
    """

    def __init__(self, folder: Path) -> None:
        """Use a folder that is there."""
        self._folder = folder
        self._done = 0

    def order(self, path: Path | None) -> int:
        """Ask all processes to serve a bundle; returns the order's number."""
        number = time.time_ns()
        self._write("order", {"number": number, "path": path and str(path.resolve())})
        return number

    def pending(self) -> Order | None:
        """The order that this process has not carried out yet, if there is one."""
        order = self._order()
        return order if order is not None and order.number > self._done else None

    def note(self, number: int, **outcome: str) -> None:
        """Note what came of an order (0: none was given), which is not tried again.

        ``outcome`` is the ``sha256`` of what this process serves now, or ``why`` it refused.
        """
        self._done = number
        self._write(f"worker-{os.getpid()}", {"number": number, **outcome})

    def switched(self, number: int, sha256: str) -> tuple[int, int, int]:
        """Count the living processes: those that serve ``sha256``, that refused, and all."""
        serving = refused = living = 0
        for path in self._folder.glob("worker-*.json"):
            if not is_alive(int(path.stem.split("-")[1])):
                path.unlink(missing_ok=True)
                continue
            living += 1
            try:
                noted = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            current = noted["number"] >= number
            serving += current and noted.get("sha256") == sha256
            refused += current and "why" in noted
        return serving, refused, living

    def _order(self) -> Order | None:
        try:
            return Order(**json.loads((self._folder / "order.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise BundleError("The order to change the model cannot be read.") from error

    def _write(self, name: str, data: dict[str, object]) -> None:
        partial = self._folder / f"{name}.{os.getpid()}.partial"
        partial.write_text(json.dumps(data), encoding="utf-8")
        partial.replace(self._folder / f"{name}.json")
