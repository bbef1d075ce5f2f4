"""Measures `heard` beside other ways to read a message: `python -m bench`, from the root.

Prints a table and writes speed.json and speed.png. What each figure means: bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.machine import ROOT, machine
from bench.speed.cold import cold_starts, install
from bench.speed.page import page
from bench.speed.parts import Bench, Counts
from bench.speed.peers import QUICK, TITLES
from bench.speed.plot import draw
from bench.speed.processes import PeerError
from bench.speed.texts import Texts, read_texts
from bench.terminal import progress, run

from heard.bundle import default_path, read_bundle
from heard.errors import HeardError

PARTS = ("speed", "split", "growth", "stream", "cold", "limits", "same")
#: Measured of the bundles alone, so that they may be renewed without the peers.
_RENEWABLE = ("split", "growth", "stream", "limits", "same")
#: A whole run's counts, and a quick one's.
_WHOLE = Counts(rounds=5, read=None, single=120, bulk=256, each=20, tokens=2048, most=100_000)
_QUICK = Counts(rounds=2, read=60, single=8, bulk=16, each=3, tokens=256, most=200)
_SHIPPED = "shipped"
_FILE = "speed.json"
_PACKAGES = (
    "heard", "onnxruntime", "tokenizers", "numpy", "torch", "transformers", "scikit-learn",
    "vaderSentiment",
)  # fmt: skip
_RESULTS, _TRIALS = ROOT / "bench/results", ROOT / "build/bench"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--texts", type=Path, help="a folder with messages/dev.jsonl (the authored test messages)")
    add(
        "--bundle",
        action="append",
        metavar="NAME=PATH",
        help=f"a bundle to measure, repeatable ({_SHIPPED}: the shipped one; heard={_SHIPPED})",
    )
    add("--peers", nargs="*", choices=TITLES, help="whom to compare with (all)")
    add("--only", action="append", choices=PARTS, help="a part to measure, repeatable (all)")
    add("--renew", action="store_true", help="put these parts in the place of those in the results")
    add("--threads", nargs="+", type=int, help="thread counts (1 and, where there are two CPUs, 2)")
    add("--rounds", type=int, help=f"rounds of all peers ({_WHOLE.rounds})")
    add("--most", type=int, help=f"messages of the longest list and stream ({_WHOLE.most})")
    add("--quick", action="store_true", help="about a minute: few texts, the quickest peers")
    add("--no-install", action="store_true", help="cold starts in this environment, none is made")
    add("--json", action="store_true", help="print the JSON instead of the table")
    add("--out", type=Path, help="folder to write to (bench/results; build/bench for a part)")
    read = parser.parse_args()
    usual = _QUICK if read.quick else _WHOLE
    for name, most in (("rounds", 100), ("most", 10_000_000)):
        if getattr(read, name) is None:
            setattr(read, name, getattr(usual, name))
        if not 1 <= getattr(read, name) <= most:
            parser.error(f"--{name}: choose a number from 1 to {most}")
    read.counts = replace(usual, rounds=read.rounds, most=read.most)
    available = len(os.sched_getaffinity(0))
    read.threads = sorted(set(read.threads or [1, min(2, available)]))
    if not 1 <= read.threads[0] <= read.threads[-1] <= available:
        parser.error(f"--threads: choose numbers from 1 to {available}, the CPUs there are")
    read.bundles = dict(_bundle(parser, text) for text in read.bundle or [f"heard={_SHIPPED}"])
    if read.peers is None:
        read.peers = list(QUICK if read.quick else TITLES)
    if read.renew and (not read.only or set(read.only) - set(_RENEWABLE)):
        parser.error(f"--renew: name parts with --only, of {', '.join(_RENEWABLE)}")
    # A part, or a quick run, is for trying out: it does not take the place of a whole one.
    whole = read.renew or not (read.quick or read.only)
    read.only = read.only or list(PARTS)
    read.out = read.out or (_RESULTS if whole else _TRIALS)
    return read


def _bundle(parser: argparse.ArgumentParser, text: str) -> tuple[str, str | None]:
    """Read `NAME=PATH`; a path is made absolute, for it is read from elsewhere."""
    name, found, path = text.partition("=")
    if not (name and found and path) or name in TITLES or name == "limits":
        parser.error(f"--bundle: {text!r} is not NAME=PATH with a name of its own")
    if path == _SHIPPED:
        return name, None
    return name, str(Path(path).resolve()) if Path(path).exists() else path


def measure(chosen: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Measure the parts that were chosen; to renew them, return the last whole run with them.

    Raises:
        PeerError: when there is no whole run of the same machine, texts and options to renew.
    """
    texts = read_texts(chosen.texts, chosen.counts.each, chosen.counts.read)
    about = _about(chosen, texts)
    whole = _last_run(chosen.out / _FILE, about) if chosen.renew else {}
    if (busy := about["machine"]["load_before"]) > 0.3:
        progress(f"The machine is not quiet: its load is {busy:.2f}.")
    bench = Bench(
        bundles=chosen.bundles,
        peers=chosen.peers if {"speed", "cold"} & set(chosen.only) else (),
        texts=texts,
        counts=chosen.counts,
        threads=chosen.threads,
        folder=folder,
    )
    bench.prepare()
    found: dict[str, Any] = {}
    for part in ("speed", "split", "growth", "limits"):
        if part in chosen.only:
            found[part] = {str(n): getattr(bench, part)(n) for n in chosen.threads}
    found |= {part: getattr(bench, part)() for part in ("stream", "same") if part in chosen.only}
    if "cold" in chosen.only:
        found |= _cold(bench, chosen)
    if not chosen.renew:
        return {**about, "skipped": bench.skipped, **found}
    renewed = {"load_before": busy, "models": about["models"]}
    return whole | found | {"renewed": whole.get("renewed", {}) | dict.fromkeys(found, renewed)}


def _about(chosen: argparse.Namespace, texts: Texts) -> dict[str, Any]:
    """Describe what is measured, where and how."""
    peers = [name for name in TITLES if name in chosen.peers]
    models = {
        name: read_bundle(Path(path) if path else default_path())
        for name, path in chosen.bundles.items()
    }
    return {
        "machine": machine(_PACKAGES),
        "settings": {
            "threads": chosen.threads,
            "single": chosen.counts.single,
            "bulk": chosen.counts.bulk,
            "rounds": chosen.counts.rounds,
            "most": chosen.counts.most,
        },
        "texts": texts.described(),
        "titles": {name: name for name in chosen.bundles} | {n: TITLES[n] for n in peers},
        "bundles": list(chosen.bundles),
        "models": {name: f"{of.name} {of.version}" for name, of in models.items()},
    }


def _last_run(path: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """Read the last whole run, which must have been like the one that begins."""
    try:
        whole: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PeerError(f"{path} cannot be read: make a whole run first.") from error
    quiet = {"load_before": None}  # may differ
    for key in ("machine", "settings", "texts", "bundles"):
        before, now = whole.get(key), about[key]
        if key == "machine" and isinstance(before, dict):
            before, now = before | quiet, now | quiet
        if before != now:
            raise PeerError(f"{path} was measured with other {key}: make a whole run.")
    return whole


def _cold(bench: Bench, chosen: argparse.Namespace) -> dict[str, Any]:
    """Install anew where that can be done, and start new processes."""
    python, found = None, {}
    if not chosen.no_install:
        try:
            python, found["install"] = install(bench.folder)
        except PeerError as error:
            progress(f"left out: a fresh installation: {error}")
            bench.skipped["a fresh installation"] = str(error)
    found["cold"] = {
        str(threads): cold_starts(
            python,
            bench.bundles,
            "pipeline" in bench.peers,
            bench.folder,
            threads,
            bench.counts.rounds,
        )
        for threads in chosen.threads
    }
    return found


def main() -> None:
    """Measure, print, and write down."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended then, too
    chosen = options()
    try:
        with tempfile.TemporaryDirectory() as folder:
            result = measure(chosen, Path(folder))
    except (HeardError, PeerError) as error:
        progress(f"bench: {error}")
        sys.exit(2)
    text = json.dumps(result, indent=1)
    print(text if chosen.json else page(result))
    chosen.out.mkdir(parents=True, exist_ok=True)
    # Both are made before either takes its place: a whole run takes more than an hour.
    partial, plot = chosen.out / f"{_FILE}.partial", chosen.out / "speed.partial.png"
    partial.write_text(text + "\n", encoding="utf-8")
    draw(result, plot)
    partial.replace(chosen.out / _FILE)
    if plot.exists():  # some parts have nothing to draw
        plot.replace(chosen.out / "speed.png")
    progress(f"written to {chosen.out}")


if __name__ == "__main__":
    run(main)
