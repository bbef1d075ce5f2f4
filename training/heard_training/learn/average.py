"""Averages the weights of networks that were fitted alike, from other seeds or on fewer rows.

Networks that began at one encoder and learned much the same lie in one valley: the mean of their
weights does nearly what they do together, at the cost of one (model soups, Wortsman et al. 2022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heard_training.config import Config
from heard_training.errors import TrainingError
from heard_training.learn.fit import load_checkpoint, save_checkpoint

__all__ = ["average", "mean_weights"]


def average(checkpoints: Sequence[Path], config: Config, folder: Path) -> dict[str, Any]:
    """Write the mean of fitted networks to ``folder``; returns its training record.

    The record is the first one's, with what each of them learned from.

    Raises:
        TrainingError: when there are fewer than two, or their networks are not made alike.
    """
    if len(checkpoints) < 2:
        raise TrainingError("An average needs at least two runs: name their folders.")
    fitted = [load_checkpoint(place, config) for place in checkpoints]
    network, tokenizer, record = fitted[0]
    for place, (_, _, other) in zip(checkpoints[1:], fitted[1:], strict=True):
        for section in ("network", "heads"):
            if record["config"][section] != other["config"][section]:
                raise TrainingError(
                    f"{place} and {checkpoints[0]} differ in [{section}]: average runs that differ "
                    "in their seed, or in their rows."
                )
    if len({one.config.rounded for one, _, _ in fitted}) > 1:
        raise TrainingError(
            "Some of these networks learned with rounding and some without: average runs that "
            "agree in whether fit.rounded_share is 0."
        )
    network.load_state_dict(mean_weights([one.state_dict() for one, _, _ in fitted]))
    records = [each for _, _, each in fitted]
    record = {
        **record,
        "minutes": round(sum(each["minutes"] for each in records), 1),
        "averaged": [
            {
                "seed": each["config"]["fit"]["seed"],
                **{key: each[key] for key in ("rows", "minutes", "loss", "revision")},
            }
            for each in records
        ],
    }
    save_checkpoint(network, tokenizer, record, folder)
    return record


def mean_weights(networks: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each tensor; a grid's zero stays what 8 bits can write, a whole number."""
    mean = {
        name: torch.stack([each[name].float() for each in networks]).mean(dim=0)
        for name in networks[0]
    }
    for name in mean:
        if name.endswith(".grid.zero"):
            mean[name] = mean[name].round()
    return mean
