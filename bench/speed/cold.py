"""A fresh installation: what it weighs, and how long until it has assessed a message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.machine import ROOT, spread
from bench.speed.prepare import CLASSIFIER
from bench.speed.processes import PeerError, cpus, environment
from bench.terminal import progress

__all__ = ["cold_starts", "install"]

_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
#: What a new environment holds before anything is installed; it is not counted.
_THERE_BEFORE = ("pip", "setuptools")
_WEIGH = f"""
import importlib.metadata as meta, json
found = {{}}
for one in meta.distributions():
    files = {{file.locate() for file in one.files or ()}}
    size = sum(file.stat().st_size for file in files if file.is_file())
    found[one.name] = (one.version, size)
print(json.dumps({{n: f for n, f in found.items() if n not in {_THERE_BEFORE!r}}}))
"""

_TEXT = "My card was refused at the till, everyone was staring at me"
_BARE = "print('done', flush=True)"
_IMPORT = f"import heard; {_BARE}"
_FIRST = "import heard; heard.load({bundle!r}, threads={threads}).assess({text!r}); " + _BARE
_PIPELINE = (
    "from transformers import pipeline; import torch; torch.set_num_threads({threads}); "
    "pipeline('text-classification', model={path!r}, top_k=None, function_to_apply='sigmoid')"
    "({text!r}); " + _BARE
)


def install(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Install the repository into a new environment, as `pip install .` does, and weigh it.

    Returns:
        Its Python, and megabytes (of 10^6 bytes, compiled modules included) by distribution.

    Raises:
        PeerError: when pip fails, as it does without a package index.
    """
    progress("installing the wheel into a new environment")
    venv.create(folder / "fresh", with_pip=True)
    python = folder / "fresh/bin/python"
    where = ("-c", str(ROOT / "constraints.txt"), str(ROOT))
    done = subprocess.run([python, *_PIP, *where], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PeerError(f"pip install failed: {last}")
    listed = subprocess.run(
        [python, "-c", _WEIGH], capture_output=True, text=True, check=True, env=_bare(1)
    )
    found = json.loads(listed.stdout)
    by_size = sorted(found.items(), key=lambda item: -item[1][1])
    return python, {
        "total_mb": round(sum(size for _, size in found.values()) / 1e6, 2),
        "distributions": {
            name: {"version": version, "mb": round(size / 1e6, 2)}
            for name, (version, size) in by_size
        },
    }


def cold_starts(
    python: Path | None,
    bundles: Mapping[str, str | None],
    pipeline: bool,
    folder: Path,
    threads: int,
    rounds: int,
) -> dict[str, Any]:
    """Time new processes, in turn, until they say that they are done.

    ``python`` is that of a fresh installation; without one it is this one's, whose environment may
    hold more and start more slowly. Files have been read before: what is cold is the process.

    Returns:
        Milliseconds by what was started; ``import heard`` beside a bare interpreter is also given
        as the difference of the two, round by round.
    """
    progress(f"{threads} thread(s), cold starts")
    fresh = str(python or sys.executable)
    own = None if python else environment(threads)
    commands: dict[str, tuple[str, str, dict[str, str] | None]] = {
        "interpreter": (fresh, _BARE, own),
        "import": (fresh, _IMPORT, own),
    }
    for name, bundle in bundles.items():
        code = _FIRST.format(bundle=bundle, threads=threads, text=_TEXT)
        commands[f"first assessment, {name}"] = (fresh, code, own)
    if pipeline:
        code = _PIPELINE.format(path=str(folder / CLASSIFIER), threads=threads, text=_TEXT)
        commands["first answer, pipeline"] = (sys.executable, code, environment(threads))
    taken: dict[str, list[float]] = {name: [] for name in commands}
    names = list(commands)
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            started, code, env = commands[name]
            taken[name].append(_until_done(started, code, env or _bare(threads), folder, threads))
    alone = [b - a for a, b in zip(taken["interpreter"], taken["import"], strict=True)]
    taken["import alone"] = alone
    return {"fresh": python is not None} | {
        name: spread(times[1:])
        for name, times in taken.items()  # the first warms up
    }


def _until_done(python: str, code: str, env: dict[str, str], folder: Path, threads: int) -> float:
    """Milliseconds from the start of a process, on as many CPUs, to its first line."""
    before = os.sched_getaffinity(0)
    allowed = cpus(threads)
    os.sched_setaffinity(0, allowed)  # which the new process inherits
    try:
        started = time.perf_counter()
        with subprocess.Popen(
            [python, "-c", code],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            line = process.stdout.readline() if process.stdout else ""
            took = time.perf_counter() - started
            _, told = process.communicate()
    finally:
        os.sched_setaffinity(0, before)
    if not line:
        raise PeerError(f"a new process failed: {(told.strip().splitlines() or ['?'])[-1]}")
    return 1000 * took


def _bare(threads: int) -> dict[str, str]:
    """The environment without what leads to packages elsewhere."""
    return {name: value for name, value in environment(threads).items() if name != "PYTHONPATH"}
