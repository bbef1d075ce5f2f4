"""Looks inside a bundle at work: where the time goes, what is computed, whether answers agree."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from heard import Analyzer
from heard.text import normalise

__all__ = ["STEPS", "decisions", "operations", "reached", "split"]

STEPS = ("normalise", "tokenise", "run", "decode")
#: Two lengths, both of one window, from which the work of any length follows.
_SHORT, _LONG = 16, 64
#: Batch and tokens of the profiled runs: a message alone, and a batch.
_PROFILED = {"single": (1, 32), "bulk": (32, 32)}
_REPEATS = 20


@dataclass
class _Runs:
    """The runs of a session: rows and tokens of each, and the seconds of all."""

    shapes: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = 0.0


@contextmanager
def _watched(analyzer: Analyzer) -> Iterator[_Runs]:
    """Take down every run of an analyzer's graph."""
    session, seen = analyzer.session, _Runs()
    run_all = session.run_all

    def watched(batches: Sequence[Sequence[Sequence[int]]]) -> Any:  # noqa: ANN401 - what it returns
        started = time.perf_counter()
        found = run_all(batches)
        seen.seconds += time.perf_counter() - started
        seen.shapes += ((len(batch), max(map(len, batch))) for batch in batches)
        return found

    session.run_all = watched  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        del session.run_all


def split(analyzer: Analyzer, texts: Sequence[str]) -> dict[str, float]:
    """Median milliseconds of each step of an assessment, texts one at a time.

    ``around`` is all but the run. A step ends where the library's own functions do; what an
    assessment takes besides (pooling windows, language) is part of ``decode``.
    """
    taken: dict[str, list[float]] = {name: [] for name in (*STEPS, "around")}
    cap = analyzer.tokenizer.max_characters
    with _watched(analyzer) as runs:
        for text in texts:
            before = runs.seconds
            marks = [time.perf_counter()]
            normalise(text[:cap])
            marks.append(time.perf_counter())
            encoded = analyzer.encode(text)
            marks.append(time.perf_counter())
            list(analyzer.assess_encoded([text], [encoded]))
            marks.append(time.perf_counter())
            normalising, encoding, assessing = np.diff(marks).tolist()
            running = runs.seconds - before
            steps = (normalising, encoding - normalising, running, assessing - running)
            for name, seconds in zip(STEPS, steps, strict=True):
                taken[name].append(seconds)
            taken["around"].append(encoding + assessing - running)
    return {name: 1000 * float(np.median(seconds)) for name, seconds in taken.items()}


def operations(path: Path, threads: int) -> dict[str, Any]:
    """Profile a graph: its multiply-adds by length, and where its time goes.

    Returns:
        ``linear`` and ``square``, so that a row of n tokens takes ``linear * n + square * n * n``
        multiply-adds in matrix products; and per kind of use the share of time of each operator.
    """
    short, long = (
        sum(map(_multiply_adds, _profiled(path, threads, (1, tokens), 1)))
        for tokens in (_SHORT, _LONG)
    )
    square = (long / _LONG - short / _SHORT) / (_LONG - _SHORT)
    shares = {}
    for use, shape in _PROFILED.items():
        spent: Counter[str] = Counter()
        for event in _profiled(path, threads, shape, _REPEATS):
            spent[event["args"]["op_name"]] += event["dur"]
        shares[use] = {name: t / spent.total() for name, t in spent.most_common()}
    return {"linear": short / _SHORT - square * _SHORT, "square": square, "shares": shares}


def _profiled(
    path: Path, threads: int, shape: tuple[int, int], repeats: int
) -> list[dict[str, Any]]:
    """Run a graph so often under onnxruntime's profiler; returns what each of its nodes took."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        feed = {node.name: np.ones(shape, dtype=np.int64) for node in session.get_inputs()}
        for _ in range(repeats):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return [event for event in events if event["name"].endswith("_kernel_time")]


def _multiply_adds(event: dict[str, Any]) -> int:
    """Count a node's multiply-adds, if it is a matrix product or an attention."""
    about = event["args"]
    name = about["op_name"]
    first, result = (
        next(iter(about[f"{side}_type_shape"][0].values())) if about[f"{side}_type_shape"] else []
        for side in ("input", "output")
    )
    if "Attention" in name:
        batch, length, size = result
        # One that is given its weights makes queries, keys and values of its tokens itself.
        own = 0 if name.startswith("MultiHead") else 3 * first[-1] * size
        return batch * length * (own + 2 * length * size)
    return int(np.prod(result)) * first[-1] if "MatMul" in name or "Gemm" in name else 0


def reached(
    analyzer: Analyzer, texts: Sequence[str], linear: float, square: float
) -> dict[str, float]:
    """Multiply-adds a second of the graph on these texts, one by one (``single``) and as many."""
    found = {}
    for use in ("single", "bulk"):
        with _watched(analyzer) as runs:
            if use == "single":
                for text in texts:
                    analyzer.assess(text)
            else:
                analyzer.assess_many(texts)
        work = sum(rows * (linear * n + square * n * n) for rows, n in runs.shapes)
        found[use] = work / runs.seconds
    return found


def decisions(analyzer: Analyzer, texts: Sequence[str]) -> dict[str, list[list[Any]]]:
    """Decide all levels and signals of each text, alone and with the others."""

    def decided(found: Any) -> list[Any]:  # noqa: ANN401 - an Assessment
        levels = [emotion.level for emotion in found.emotions.values()]
        return [*levels, found.escalation.level, *sorted(signal.name for signal in found.signals)]

    return {
        "single": [decided(analyzer.assess(text)) for text in texts],
        "bulk": [decided(found) for found in analyzer.assess_many(texts)],
    }
