"""Compares the export schemes on one fitted network: size, speed, and closeness to fp32."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heard.session import Session
from heard_training.config import SCHEMES
from heard_training.export.quantise import Feed, quantise
from heard_training.markdown import table

__all__ = ["Measured", "survey", "survey_table"]

#: Batch and tokens of each timed run.
SHAPES = ((1, 16), (1, 32), (1, 64), (1, 128), (32, 32))
_ROUNDS = 15
_SEED = 20


@dataclass(frozen=True)
class Measured:
    """One scheme: megabytes, time as a multiple of fp32's per shape, and errors of logits."""

    scheme: str
    megabytes: float
    ratios: tuple[float, ...]
    largest_error: float
    mean_error: float


def survey(
    fused: Path,
    work: Path,
    windows: Sequence[Sequence[int]],
    calibration: Sequence[Feed],
    schemes: Iterable[str] = SCHEMES,
) -> list[Measured]:
    """Write ``fused`` in each scheme, and measure them all in alternation, on one thread.

    Args:
        fused: the fused fp32 graph.
        work: a folder for the graphs.
        windows: token ids of real messages, on which errors of the level and signal logits are
            measured.
        calibration: feeds for schemes with constant activation scales.
        schemes: which to try; fp32, the measure, is always among them.
    """
    names = list(dict.fromkeys(["fp32", *schemes]))
    paths = {name: work / f"{name}.onnx" for name in names}
    for name, path in paths.items():
        quantise(fused, path, scheme=name, calibration=calibration)
    sessions = {name: Session(path, threads=1) for name, path in paths.items()}
    times = _alternating(sessions)
    wanted = _logits(sessions["fp32"], windows)
    measured = []
    for name in names:
        errors = np.abs(_logits(sessions[name], windows) - wanted)
        measured.append(
            Measured(
                scheme=name,
                megabytes=paths[name].stat().st_size / 1e6,
                ratios=tuple(t / b for t, b in zip(times[name], times["fp32"], strict=True)),
                largest_error=float(errors.max()),
                mean_error=float(errors.mean()),
            )
        )
    return measured


def survey_table(measured: Iterable[Measured]) -> str:
    """Lay out a survey as a Markdown table."""
    shapes = [f"time {batch} x {tokens}" for batch, tokens in SHAPES]
    rows = [
        [
            m.scheme,
            f"{m.megabytes:.1f}",
            *(f"{ratio:.2f}" for ratio in m.ratios),
            f"{m.largest_error:.4f}",
            f"{m.mean_error:.5f}",
        ]
        for m in measured
    ]
    return table(["scheme", "MB", *shapes, "largest error", "mean error"], rows)


def _alternating(sessions: dict[str, Session]) -> dict[str, list[float]]:
    """Median seconds per scheme and shape; schemes take turns, so that a slow spell hits all."""
    chance = np.random.default_rng(_SEED)
    medians: dict[str, list[float]] = {name: [] for name in sessions}
    for batch, tokens in SHAPES:
        ids = chance.integers(1, 500, size=(batch, tokens)).tolist()
        seconds: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(_ROUNDS + 1):
            for name, session in sessions.items():
                started = time.perf_counter()
                session.run(ids)
                seconds[name].append(time.perf_counter() - started)
        for name, taken in seconds.items():
            medians[name].append(statistics.median(taken[1:]))  # the first round warms up
    return medians


def _logits(session: Session, windows: Sequence[Sequence[int]]) -> np.ndarray:
    """Return level and signal logits of each window, run alone, ``[windows, outputs]``."""
    rows = []
    for ids in windows:
        out = session.run([ids])
        rows.append(np.concatenate([out["levels"].ravel(), out["signals"].ravel()]))
    return np.stack(rows)
