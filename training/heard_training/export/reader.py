"""Exports the graph that checks drafts, with its thresholds, into the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset

from heard.bundle import sha256_of
from heard.reply.check.reader import FAULTS, GRAPH, MANIFEST, OUTPUTS, DraftReader
from heard.session import Session
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.errors import TrainingError
from heard_training.export.graph import fuse
from heard_training.export.quantise import fitting_schemes, quantise
from heard_training.export.trace import trace
from heard_training.files import written_whole
from heard_training.learn.network import HeardNetwork

__all__ = ["export_reader"]

#: A false alarm in one of a hundred faultless drafts weighs as much as so many of a hundred faults
#: found. Another author's good drafts are flagged twice as often as those kept aside here.
_COST_OF_ALARM = 2.0
_GRID = np.linspace(0.05, 0.99, 95)
_RESAMPLINGS = 50
_OBSERVED = 256


def export_reader(
    network: HeardNetwork,
    tokenizer: MessageTokenizer,
    corpus: dict[str, Dataset],
    config: Config,
    training: dict[str, Any],
    tokenizer_path: Path,
    folder: Path,
) -> dict[str, Any]:
    """Write graph and manifest to ``folder``; returns the manifest.

    Raises:
        TrainingError: when the network has other outputs than the check reads.
    """
    if config.heads.signals != FAULTS or config.heads.levels or config.heads.spans:
        raise TrainingError(f"[heads] must declare the signals {', '.join(FAULTS)} and no others.")
    with written_whole(folder) as partial:
        plain, fused = partial / "plain.onnx", partial / "fused.onnx"
        trace(network, plain, opset=config.export.opset, outputs=OUTPUTS)
        inner = network.encoder.config
        fuse(plain, fused, heads=inner.num_attention_heads, hidden=inner.hidden_size)
        texts = corpus["train"]["text"][:_OBSERVED]
        ids = [np.array([tokenizer.encode(text).windows[0].ids]) for text in texts]
        feeds = [{"input_ids": row, "attention_mask": np.ones_like(row)} for row in ids]
        scheme = fitting_schemes(config.export.schemes, network)[0]
        quantise(fused, partial / GRAPH, scheme=scheme, calibration=feeds, network=network)
        aside = corpus["calibrate"]
        reader = DraftReader(Session(partial / GRAPH, outputs=OUTPUTS), tokenizer, {})
        chances = reader.probabilities(aside["text"][:])
        truth = np.array(aside["gold_signals"][:]) > 0
        thresholds = fit_thresholds(chances, truth)
        manifest = {
            "name": "heard-drafts",
            "version": config.export.version,
            "faults": list(FAULTS),
            "thresholds": dict(zip(FAULTS, thresholds.round(3).tolist(), strict=True)),
            "scheme": scheme,
            "sha256": sha256_of(partial / GRAPH),
            "tokenizer_sha256": sha256_of(tokenizer_path),
            "calibrate": _figures(chances, truth, thresholds),
            "training": training,
        }
        plain.unlink()
        fused.unlink()
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def fit_thresholds(
    chances: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Give every fault the threshold that finds most for the good drafts that it flags.

    The best threshold hangs on few rows, so it is the mean over bootstrap resamplings of the rows.

    Args:
        chances: probabilities, drafts by faults.
        truth: which faults each draft has, of the same shape.
    """
    random = np.random.default_rng(0)
    rows = len(chances)
    drawn = (random.integers(0, rows, rows) for _ in range(_RESAMPLINGS))
    return np.mean([_best_thresholds(chances[one], truth[one]) for one in drawn], axis=0)


def _best_thresholds(
    chances: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    good = ~truth.any(axis=1)
    flagged = chances[:, :, None] >= _GRID
    found = (flagged & truth[:, :, None]).sum(axis=0) / max(truth.sum(), 1)
    alarms = flagged[good].sum(axis=0) / max(good.sum(), 1)
    return _GRID[(found - _COST_OF_ALARM * alarms).argmax(axis=1)]


def _figures(
    chances: npt.NDArray[np.float64],
    truth: npt.NDArray[np.bool_],
    thresholds: npt.NDArray[np.float64],
) -> dict[str, Any]:
    found = chances >= thresholds
    return {
        "rows": len(truth),
        "recall": {
            name: round(float(found[truth[:, i], i].mean()), 3) if truth[:, i].any() else None
            for i, name in enumerate(FAULTS)
        },
        "faultless_flagged": round(float(found[~truth.any(axis=1)].any(axis=1).mean()), 3),
    }
