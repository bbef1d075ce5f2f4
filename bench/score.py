"""Measures ``heard score``: messages a second per core, of the local engine and on Ray.

``python -m bench.score``, from the root, on a machine that does nothing else. Authored messages are
scored in one fixed order, first some, then three times as many, and the rate is that of the
difference: starting Ray and loading models, which a long run does not notice, are left out. A core
is a logical CPU; the local engine has one thread, and on Ray every actor has one. What else Ray
needs (readers, writers, its own processes) comes on top, so that two actors want a third core.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.machine import ROOT, machine

import heard
from heard.batch.score import score
from heard.batch.source.inputs import find_inputs
from heard.batch.source.rows import Position, Source
from heard.batch.work import open_work

_PACKAGES = ("heard", "onnxruntime", "ray")
_SEED = 7
_MORE = 3
_STORE = 200 * 1024 * 1024


def texts() -> list[str]:
    """Give all authored messages, in one fixed order."""
    found = [
        json.loads(line)["text"]
        for path in sorted((ROOT / "data/authored").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    random.Random(_SEED).shuffle(found)  # noqa: S311 - nothing secret
    return found


def written(folder: Path, messages: list[str], count: int) -> Source:
    """Write so many messages to a file, from the first again after the last."""
    path = folder / f"{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for place in range(count):
            row = {"id": place, "text": messages[place % len(messages)]}
            file.write(json.dumps(row) + "\n")
    return Source(find_inputs([str(path)], None), identity="id")


def only_read(analyzer: heard.Analyzer, source: Source, out: Path) -> None:
    """Read and parse, which one task of a cluster does for many actors."""
    for _ in source.rows(Position()):
        pass


def local(analyzer: heard.Analyzer, source: Source, out: Path) -> None:
    """Score with the local engine, all but the conversion to the format of the output."""
    with open_work(out, {}, resume=False, force=False) as work, work.writing():
        score(analyzer, source, work)


def on_ray(actors: int) -> Callable[[heard.Analyzer, Source, Path], None]:
    """Score with so many actors."""
    from heard.batch.cluster.run import score_with_ray

    def run(analyzer: heard.Analyzer, source: Source, out: Path) -> None:
        score_with_ray(analyzer, source, str(out), concurrency=actors)

    return run


def rate(
    run: Callable[[heard.Analyzer, Source, Path], None], messages: list[str], few: int
) -> float:
    """Give messages a second in the long run."""
    analyzer = heard.load(threads=1)
    analyzer.assess_many(messages[:64])
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for count in (few, _MORE * few):
            source = written(Path(folder), messages, count)
            began = time.perf_counter()
            run(analyzer, source, Path(folder) / f"out-{count}.jsonl")
            seconds.append(time.perf_counter() - began)
    return (_MORE - 1) * few / (seconds[1] - seconds[0])


def main() -> None:
    """Print the machine, and messages a second of each engine, in all and per core."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--messages", type=int, default=1500, help="in the shorter of both runs")
    parser.add_argument("--actors", type=int, nargs="*", default=[1, 2], metavar="N")
    few, actors = (arguments := parser.parse_args()).messages, arguments.actors
    messages = texts()
    for name, value in machine(_PACKAGES).items():
        print(f"{name:<14} {value}")
    asked = messages[: _MORE * few]
    words = sum(len(text.split()) for text in asked) / len(asked)
    size = sum(len(text.encode()) for text in asked) / len(asked)
    print(f"{'messages':<14} {few:,} and {_MORE * few:,}, of {words:.1f} words, {size:.0f} bytes\n")
    print("engine          messages/s  per core")
    found = rate(only_read, messages, 20 * few)
    print(f"{'reading alone':<15} {found:10.0f} {found:9.0f}")
    found = rate(local, messages, few)
    print(f"{'local':<15} {found:10.1f} {found:9.1f}")
    if not actors:
        return
    import ray

    ray.init(
        "local", num_cpus=max(actors), object_store_memory=_STORE, log_to_driver=False,
        logging_level="ERROR", include_dashboard=False,
    )  # fmt: skip
    for number in actors:
        found = rate(on_ray(number), messages, few)
        print(f"{f'ray, actors: {number}':<15} {found:10.1f} {found / number:9.1f}")
    ray.shutdown()


if __name__ == "__main__":
    main()
