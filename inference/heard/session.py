"""Runs the graph: one onnxruntime session, made when first needed, safe to share and to fork."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heard.bundle import GRAPH_INPUTS, GRAPH_OUTPUTS
from heard.errors import BundleError, InputError

# onnxruntime's telemetry starts a thread when it is imported, and would use the network; a forked
# child that exits then waits for that thread for ever. It can only be turned off before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

__all__ = ["Session", "available_cpus"]

#: Of ourselves we take few; asked to, as many as a large server has.
_MOST_THREADS = 4
_MOST_ASKED_FOR = 256
#: With fewer batches for each thread, one thread would too often wait for the others at the end.
_FEWEST_FOR_EACH = 4
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")

Outputs = dict[str, npt.NDArray[np.float32]]


def available_cpus() -> int:
    """Count the CPUs that this process may use: its affinity, and its container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = _CGROUP_QUOTA.read_text().split()
        return max(1, min(cpus, int(quota) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no cgroup v2, or no quota ("max")
        return cpus


#: Every session of this process, so that one handler serves them all and keeps none alive.
_SESSIONS: weakref.WeakSet[Session] = weakref.WeakSet()


class Session:
    """The graph of one bundle behind a lock-free :meth:`run`.

    onnxruntime's ``run`` may be called from many threads at once; making a session may not, and
    its thread pool does not survive a fork. So the session is made under a lock, at first use,
    and made anew in a child process.
    """

    def __init__(
        self,
        path: Path,
        threads: int | None = None,
        *,
        outputs: Mapping[str, tuple[int | str, ...]] = GRAPH_OUTPUTS,
    ) -> None:
        """Remember ``path``; ``threads`` is the CPUs this process may use, at most 4.

        ``outputs`` are the graph's outputs with their shapes; by default those of a bundle.

        Raises:
            InputError: when ``threads`` is not a positive number.
        """
        if threads is not None and (
            type(threads) is not int or not 1 <= threads <= _MOST_ASKED_FOR
        ):
            raise InputError(
                f"threads must be a whole number from 1 to {_MOST_ASKED_FOR}, not {threads!r}."
            )
        self.path = path
        self.outputs = dict(outputs)
        self.threads = threads or min(_MOST_THREADS, available_cpus())
        self._made: tuple[int, onnxruntime.InferenceSession] | None = None
        self._inherited: tuple[int, onnxruntime.InferenceSession] | None = None
        self._lock = threading.Lock()
        self._single: Session | None = None
        _SESSIONS.add(self)

    def _forget(self) -> None:
        """In a forked child: set the parent's session aside, and a lock nobody can release.

        It is kept, not dropped: to destroy it would be to wait for threads that did not come along.
        """
        self._inherited = self._made
        self._made = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Pickle as path and thread count alone: a session is made where it is used."""
        return {"path": self.path, "threads": self.threads, "outputs": self.outputs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """The session of this process, made and checked at first use.

        Raises:
            BundleError: when the graph cannot be loaded, or has other inputs or outputs.
        """
        made = self._made
        if made is not None and made[0] == os.getpid():
            return made[1]
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                self._made = (os.getpid(), self._make())
            return self._made[1]

    def _make(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: warnings are for who exports, not who runs
        try:
            session = onnxruntime.InferenceSession(
                str(self.path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own classes derive from Exception alone
            raise BundleError(
                f"{self.path} cannot be loaded by onnxruntime {onnxruntime.__version__}: "
                f"{type(error).__name__}."
            ) from error
        _check_graph(session, self.path, self.outputs)
        return session

    def run(self, ids: Sequence[Sequence[int]]) -> Outputs:
        """Run rows of token ids, padded here to the longest; outputs keep the padding.

        Returns:
            The graph's outputs by name, logits in float32; of a bundle ``levels``
            ``[batch, 5, 3]``, ``signals`` ``[batch, 10]`` and ``spans`` ``[batch, length, 3, 3]``.
        """
        length = max(map(len, ids))
        if len(ids) == 1:
            input_ids = np.array(ids, dtype=np.int64)
            mask = np.ones_like(input_ids)
        else:
            input_ids = np.zeros((len(ids), length), dtype=np.int64)
            mask = np.zeros_like(input_ids)
            for row, row_ids in enumerate(ids):
                input_ids[row, : len(row_ids)] = row_ids
                mask[row, : len(row_ids)] = 1
        names = list(self.outputs)
        feed = dict(zip(GRAPH_INPUTS, (input_ids, mask), strict=True))
        session = self.session
        try:
            return dict(zip(names, session.run(names, feed), strict=True))
        except Exception as error:  # onnxruntime's own classes derive from Exception alone
            raise BundleError(
                f"{self.path} cannot be run on {length} tokens: {type(error).__name__}; "
                "its tokenizer or its window is not the graph's."
            ) from error

    def run_all(self, batches: Sequence[Sequence[Sequence[int]]]) -> list[Outputs]:
        """Run batches of rows as :meth:`run` does, in their order.

        Many are run on one thread each, side by side: threads that share one batch wait for each
        other at every operator. For that a second session is made, at first use.
        """
        if self.threads == 1 or len(batches) < _FEWEST_FOR_EACH * self.threads:
            return [self.run(batch) for batch in batches]
        with self._lock:
            if self._single is None:
                self._single = Session(self.path, 1, outputs=self.outputs)
        self._single.session  # noqa: B018 - made here, where a failure is told once
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(self._single.run, batches))


def _check_graph(
    session: onnxruntime.InferenceSession,
    path: Path,
    outputs: Mapping[str, tuple[int | str, ...]],
) -> None:
    """Compare the graph's inputs and outputs with what this version of heard feeds and reads."""
    inputs = sorted(node.name for node in session.get_inputs())
    if inputs != sorted(GRAPH_INPUTS):
        raise BundleError(
            f"{path} has the inputs {', '.join(inputs)}, not {', '.join(sorted(GRAPH_INPUTS))}: "
            "export it anew."
        )
    wrong = [
        f"{node.name} of {node.type}"
        for nodes, kind in (
            (session.get_inputs(), "tensor(int64)"),
            (session.get_outputs(), "tensor(float)"),
        )
        for node in nodes
        if node.type != kind
    ]
    if wrong:
        raise BundleError(
            f"{path} has {', '.join(wrong)}: inputs must be int64 and outputs float32; export it "
            "anew."
        )
    shapes = {node.name: node.shape for node in session.get_outputs()}
    for name, wanted in outputs.items():
        shape = shapes.get(name)
        if shape is None or not _fits(shape, wanted):
            raise BundleError(
                f"{path} has the output {name} {shape}, not {list(wanted)}: export it anew."
            )


def _fits(shape: Sequence[int | str | None], wanted: Sequence[int | str]) -> bool:
    """Whether a graph's shape fits: fixed sizes must agree, free ones may be anything."""
    return len(shape) == len(wanted) and all(
        isinstance(want, str) or have == want for have, want in zip(shape, wanted, strict=True)
    )


def _after_fork() -> None:
    for session in list(_SESSIONS):
        session._forget()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
