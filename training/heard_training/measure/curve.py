"""The learning curve: the same configuration trained on parts of the rows, and with other seeds.

It tells what more data would bring, and how far two runs of one configuration lie apart.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from datasets import DatasetDict

from heard.decode import probabilities
from heard.tokens import MessageTokenizer
from heard_training.config import RUNNING, Config
from heard_training.data.corpus import build_corpus
from heard_training.errors import TrainingError
from heard_training.files import read_json, write_whole
from heard_training.learn.calibrate import fit_decisions
from heard_training.learn.fit import fit, load_checkpoint
from heard_training.learn.network import HeardNetwork
from heard_training.markdown import table, three
from heard_training.measure import metrics
from heard_training.measure.answers import Gold, decided
from heard_training.measure.benchmark import predict
from heard_training.measure.compare import KEY_FIGURES
from heard_training.measure.evaluate import figures
from heard_training.measure.metrics import rounded

__all__ = ["curve_page", "learning_curve", "points_table", "trained_by"]

_log = logging.getLogger(__name__)

#: Decides which rows belong to a part; larger parts hold the smaller ones.
_ORDER_SEED = 20
_POINT = "point.json"


def learning_curve(
    config: Config,
    shares: Sequence[float],
    seeds: Sequence[int],
    out: Path,
    run: Path | None = None,
) -> dict[str, Any]:
    """Train on each share of the training rows, and measure in torch.

    A message is read by its first window. Every point is saved below ``out`` as it is made, and
    not made again; the rows to calibrate on are the same for all.

    Args:
        config: what is trained; its seed is not used.
        shares: of the training rows.
        seeds: the first one for every share, the others for the largest share alone.
        out: a folder for the points.
        run: the checkpoint of a finished run, taken instead of training where it is the same.

    Returns:
        Plain values: ``trained_by``, ``train_sha256``, and ``points``, each with ``share``,
        ``rows``, ``seed``, ``minutes`` and the key figures of every split that only reports.

    Raises:
        TrainingError: for shares outside (0, 1] and seeds below 0, and without rows to measure on.
    """
    wrong = [share for share in shares if not 0 < share <= 1]
    if wrong:
        raise TrainingError(f"{wrong[0]:g} is no share of the rows: choose from above 0 to 1.")
    corpus, summary = build_corpus(config)
    if not len(corpus["dev"]) and not len(corpus["test"]):
        raise TrainingError("There are no dev and no test rows: check [data] and --texts.")
    wanted = [(share, seeds[0]) for share in sorted(shares)]
    wanted += [(max(shares), seed) for seed in seeds[1:]]
    # All of them at once, so that a wrong seed is named before anything is trained.
    configs = [replace(config, fit=replace(config.fit, seed=seed)) for _, seed in wanted]
    points = []
    for (share, seed), own in zip(wanted, configs, strict=True):
        points.append(_point(own, corpus, summary, share, out, run))
        _log.info("share %g, seed %d: done", share, seed)
    return {
        "trained_by": trained_by(config.to_dict()),
        "train_sha256": summary["sha256"]["train"],
        "points": points,
    }


def _point(
    config: Config,
    corpus: DatasetDict,
    summary: dict[str, Any],
    share: float,
    out: Path,
    run: Path | None,
) -> dict[str, Any]:
    """Train and measure one point, or read it where it lies."""
    seed = config.fit.seed
    origin = {
        "trained_by": trained_by(config.to_dict()),
        "sha256": summary["sha256"],
        "share": share,
        "seed": seed,
    }
    digest = hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()[:8]
    folder = out / f"share-{share:g}-seed-{seed}-{digest}"
    path = folder / _POINT
    if path.is_file():
        return read_json(path)
    train = corpus["train"]
    order = np.random.default_rng(_ORDER_SEED).permutation(len(train))
    part = train.select(sorted(order[: max(1, round(share * len(train)))].tolist()))
    loaded = load_checkpoint(run, config) if run and len(part) == len(train) else None
    if loaded is not None and (others := _others(loaded[2], origin)):
        _log.warning("%s learned otherwise (%s): training anew.", run, ", ".join(others))
        loaded = None
    if loaded is None:
        checkpoint = folder / "checkpoint"
        fit(config, DatasetDict({"train": part}), summary, checkpoint)
        loaded = load_checkpoint(checkpoint, config)
        shutil.rmtree(checkpoint)  # tens of megabytes, of no further use
    measured = _measured(*loaded, corpus, config)
    point = {"share": share, "rows": len(part), "seed": seed, **measured}
    write_whole(path, json.dumps(point, indent=1) + "\n")
    return point


def trained_by(config: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what decides a network's weights, but for the seed."""
    kept = {key: dict(config.get(key, {})) for key in ("data", "heads", "network", "fit")}
    for key in ("seed", *RUNNING):
        kept["fit"].pop(key, None)
    return kept


def _others(record: Mapping[str, Any], origin: Mapping[str, Any]) -> list[str]:
    """Name what a run, by its record, learned otherwise than this configuration on these rows."""
    own, wanted = trained_by(record["config"]), origin["trained_by"]
    others = [
        f"{section}.{key}"
        for section in wanted
        for key in sorted(own[section].keys() | wanted[section].keys())
        if own[section].get(key) != wanted[section].get(key)
    ]
    if record["config"]["fit"]["seed"] != origin["seed"]:
        others.append("fit.seed")
    if record["data"]["sha256"]["train"] != origin["sha256"]["train"]:
        others.append("the rows")
    return others


def _measured(
    network: HeardNetwork,
    tokenizer: MessageTokenizer,
    record: Mapping[str, Any],
    corpus: DatasetDict,
    config: Config,
) -> dict[str, Any]:
    aside = corpus["calibrate"]
    logits = predict(network, tokenizer, aside["text"][:])
    by, thresholds = fit_decisions(*logits, aside, config)
    found = {}
    for name in ("dev", "test"):
        rows = corpus[name]
        if len(rows):
            levels, signals = predict(network, tokenizer, rows["text"][:])
            answers = decided(*probabilities(levels, signals, by), thresholds)
            own = figures(Gold.of(rows), answers, metrics.plain(len(rows)))
            found[name] = {key: rounded(own[key][0]) for key in KEY_FIGURES}
    return {"minutes": record["minutes"], "figures": found}


def curve_page(found: Mapping[str, Any]) -> str:
    """Lay out the points as Markdown, a table per split."""
    return "\n\n".join(
        part
        for split in found["points"][0]["figures"]
        for part in (f"On {split}:", points_table(found["points"], split))
    )


def points_table(points: Sequence[Mapping[str, Any]], split: str) -> str:
    """Lay out the figures of one split, a line a run."""
    rows = [
        (
            f"{point['rows']:,}",
            point["seed"],
            *(three(point["figures"][split][key]) for key in KEY_FIGURES),
        )
        for point in points
    ]
    return table(("training rows", "seed", *KEY_FIGURES.values()), rows)
