"""The constants of a network that learned with rounding, as the graph wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from heard_training.errors import TrainingError
from heard_training.export.fitting import StaticFit
from heard_training.export.rewrite import Site
from heard_training.learn.network import HeardNetwork
from heard_training.learn.rounding import RoundedLinear, rounded_products

__all__ = ["learned_fits"]


def learned_fits(network: HeardNetwork | None, sites: Sequence[Site]) -> dict[str, StaticFit]:
    """Return the fit of every product of the graph, keyed by the site's name.

    Raises:
        TrainingError: when the graph's products are not the network's, or it learned unrounded.
    """
    groups = rounded_products(network.encoder) if network else []
    if not groups:
        raise TrainingError(
            'The network learned without rounding: leave "rounded8" out of export.schemes, or '
            "train with fit.rounded_share."
        )
    same = len(groups) == len(sites) and all(
        np.allclose(_weight(group), site.weight, atol=1e-6)
        for group, site in zip(groups, sites, strict=True)
    )
    if not same:
        raise TrainingError("The graph's products are not the network's: look at export/graph.py.")
    return {site.name: _fit(group) for group, site in zip(groups, sites, strict=True)}


def _weight(group: Sequence[RoundedLinear]) -> np.ndarray:
    weight: np.ndarray = torch.cat([product.inner.weight for product in group]).detach().numpy().T
    return weight


def _fit(group: Sequence[RoundedLinear]) -> StaticFit:
    steps = group[0].grid.steps.float()
    scale = steps.log().mean().exp()
    whole, step = zip(*(product.integers() for product in group), strict=True)
    channels, outputs = len(steps), sum(len(part) for part in whole)
    return StaticFit(
        smooth=(steps / scale).numpy(),
        shift=np.zeros(channels, np.float32),
        scale=np.float32(scale),
        zero_point=np.uint8(group[0].grid.zero.item()),
        weight=np.ascontiguousarray(torch.cat(whole).numpy().T.astype(np.int8)),
        # A whole weight's step holds the grid's steps, of which the graph applies the scale itself.
        weight_scale=(torch.cat(step)[:, 0] / scale).numpy().astype(np.float32),
        offset=np.zeros(outputs, np.float32),
    )
