"""Measures a network whose outputs are yes/no labels of the user's own, in torch, with no bundle.

``heard`` reads its own labels alone, so a network with other heads is not exported; it is trained,
calibrated and given thresholds by the same code, and measured here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import f1_score, precision_score, recall_score

from heard.decode import probabilities, sigmoid
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.data.features import pad
from heard_training.errors import TrainingError
from heard_training.learn.calibrate import Floats, fit_decisions
from heard_training.learn.network import HeardNetwork

__all__ = ["measure_labels", "predict"]

_BATCH_TOKENS = 4096


@torch.no_grad()
def predict(
    network: HeardNetwork, tokenizer: MessageTokenizer, texts: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return level logits ``[texts, targets, 3]`` and signal logits ``[texts, signals]``.

    A text is read by its first window, as in training.

    Raises:
        TrainingError: for a text without a token.
    """
    network = network.eval()
    encoded = [tokenizer.encode(text) for text in texts]
    blank = [place for place, message in enumerate(encoded) if not message.windows]
    if blank:
        raise TrainingError(f"Text {blank[0]}, from 0, is blank: leave it out of the table.")
    ids = [message.windows[0].ids for message in encoded]
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    config = network.config
    levels = np.zeros((len(ids), len(config.targets), config.max_level))
    signals = np.zeros((len(ids), len(config.signals)))
    while order:
        size = max(1, _BATCH_TOKENS // len(ids[order[-1]]))
        places, order = order[-size:], order[:-size]
        rows, mask = pad([ids[place] for place in places])
        output = network(input_ids=rows, attention_mask=mask)
        if output.levels is not None:
            levels[places] = output.levels.float().numpy()
        if output.signals is not None:
            signals[places] = output.signals.float().numpy()
    return levels, signals


def measure_labels(
    network: HeardNetwork,
    tokenizer: MessageTokenizer,
    calibration: Dataset,
    test: Dataset,
    config: Config,
) -> dict[str, Any]:
    """Measure yes/no labels on ``test``, thresholds chosen on ``calibration``.

    Returns:
        Macro and per-label F1 with those thresholds, and at 0.5 on the network's own
        probabilities, uncalibrated.
    """
    levels, signals = predict(network, tokenizer, calibration["text"][:])
    by, thresholds = fit_decisions(levels, signals, calibration, config)
    levels, signals = predict(network, tokenizer, test["text"][:])
    _, chances = probabilities(levels, signals, by)
    gold = np.array(test["gold_signals"][:])
    tuned, plain = chances >= thresholds.signals, sigmoid(signals) >= 0.5
    names = config.heads.signals
    return {
        "rows": {"calibrate": len(calibration), "test": len(test)},
        "tuned": _overall(gold, tuned),
        "at_0.5": _overall(gold, plain),
        "labels": {
            name: {
                "count": int((gold[:, i] == 1).sum()),
                "threshold": round(float(thresholds.signals[i]), 3),
                "f1": _rounded(_score(f1_score, gold[:, i], tuned[:, i])),
                "f1_at_0.5": _rounded(_score(f1_score, gold[:, i], plain[:, i])),
            }
            for i, name in enumerate(names)
        },
    }


def _overall(gold: np.ndarray, decided: np.ndarray) -> dict[str, float]:
    """Average over labels (macro), and take all decisions together (micro F1)."""
    scores = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    return {
        f"macro_{name}": _rounded(
            np.mean([_score(score, gold[:, i], decided[:, i]) for i in range(gold.shape[1])])
        )
        for name, score in scores.items()
    } | {"micro_f1": _rounded(_score(f1_score, gold.ravel(), decided.ravel()))}


def _score(score: Callable[..., float], gold: np.ndarray, decided: np.ndarray) -> float:
    """Score the decisions on rows that know the label."""
    known = gold >= 0
    return float(score(gold[known] == 1, decided[known], zero_division=0))


def _rounded(value: float) -> float:
    return round(float(value), 4)
