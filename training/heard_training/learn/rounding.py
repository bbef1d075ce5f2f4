"""Lets a network learn with the rounding of 8-bit products, so that it loses nothing by them.

Products of an encoder's layers then read activations in 256 steps and weights in 127, as the
exported graph does; gradients pass as if nothing had been rounded (Jacob et al. 2018; the
straight-through estimator, Bengio et al. 2013). Channels that would widen the steps for all others
have wider ones of their own, and the weights that read them make up for it (SmoothQuant, Xiao et
al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from heard_training.errors import TrainingError

__all__ = [
    "Grid",
    "RoundLate",
    "RoundedLinear",
    "place_grids",
    "plain_products",
    "round_products",
    "rounded_products",
    "switch",
    "unrounded",
]

#: Weights are whole numbers up to this. A pair of products with an activation of at most 255 then
#: fits into 16 bits, in which processors without VNNI add them up: no sum saturates anywhere.
LARGEST_WEIGHT = 63
_STEPS = 255
#: How far a channel's reach goes into its step, and by what part of the range outliers are cut:
#: what is tried when steps are chosen.
_STRENGTHS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
_SHRINKS = torch.linspace(0.3, 1.0, 15).tolist()
#: Rows kept of each batch that is observed, of all tokens in it.
_ROWS = 32
_TINY = 1e-4
#: Products of one BERT layer that read the same input: where they stand, and their names there.
_PRODUCTS = (
    ("attention.self", ("query", "key", "value")),
    ("attention.output", ("dense",)),
    ("intermediate", ("dense",)),
    ("output", ("dense",)),
)


class Grid(nn.Module):
    """The steps of one input: ``steps[c] * (n - zero)`` for whole ``n`` from 0 to 255."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("steps", torch.ones(channels))
        self.register_buffer("zero", torch.tensor(128.0))
        self.on = True


class RoundedLinear(nn.Module):
    """A linear layer over a :class:`Grid`, which layers of the same input share."""

    def __init__(self, inner: nn.Linear, grid: Grid) -> None:
        super().__init__()
        self.inner = inner
        self._shared = (grid,)  # not a module of this one: it is saved once, beside its layers

    @property
    def grid(self) -> Grid:
        """The grid of the layer's input."""
        return self._shared[0]

    def forward(self, values: Tensor) -> Tensor:
        """Apply the layer to ``[..., inputs]``, rounded while its grid is on."""
        if not self.grid.on:
            return self.inner(values)
        seen = _RoundActivations.apply(values, self.grid.steps, self.grid.zero)
        weight = _RoundWeight.apply(self.inner.weight, self.grid.steps)
        return functional.linear(seen, weight, self.inner.bias)

    @torch.no_grad()
    def integers(self) -> tuple[Tensor, Tensor]:
        """Return the weight as whole numbers ``[outputs, inputs]`` and a step for each output.

        They stand for the weight times the grid's steps.
        """
        return whole_weight(self.inner.weight.float() * self.grid.steps.float())


def whole_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round ``[outputs, inputs]`` to whole numbers, with steps ``[outputs, 1]``."""
    steps = (weight.abs().amax(dim=1, keepdim=True) / LARGEST_WEIGHT).clamp(min=1e-12)
    return (weight / steps).round(), steps


class _RoundActivations(torch.autograd.Function):
    """Whole numbers less the zero, which bfloat16 holds exactly; what is cut has no gradient."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, steps: Tensor, zero: Tensor) -> Tensor:  # noqa: ANN401
        low, high = -float(zero), _STEPS - float(zero)
        inverse = 1 / steps
        whole = (values.float() * inverse).round_()
        ctx.save_for_backward((whole >= low) & (whole <= high), inverse)
        return whole.clamp_(low, high).to(values.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        kept, inverse = ctx.saved_tensors
        return gradient * kept * inverse.to(gradient.dtype), None, None


class _RoundWeight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, steps: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(steps)
        whole, step = whole_weight(weight * steps)
        return whole.mul_(step)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        (steps,) = ctx.saved_tensors
        return gradient * steps, None


def round_products(encoder: nn.Module) -> None:
    """Replace the products of a BERT's layers by rounded ones.

    Raises:
        TrainingError: when the encoder has no such layers.
    """
    layers = getattr(getattr(encoder, "encoder", None), "layer", None)
    if layers is None:
        raise TrainingError(
            "fit.rounded_share is for encoders of BERT's layout: set it to 0 for this one."
        )
    for layer in layers:
        for place, names in _PRODUCTS:
            parent = layer.get_submodule(place)
            grid = Grid(getattr(parent, names[0]).in_features)
            parent.grid = grid
            for name in names:
                setattr(parent, name, RoundedLinear(getattr(parent, name), grid))


def plain_products(encoder: nn.Module) -> None:
    """Put the linear layers back in the place of rounded ones."""
    for parent in list(encoder.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, RoundedLinear):
                setattr(parent, name, child.inner)
            elif isinstance(child, Grid):
                delattr(parent, name)


def rounded_products(encoder: nn.Module) -> list[list[RoundedLinear]]:
    """List the rounded products in the order in which they run, those of one input together."""
    found: dict[int, list[RoundedLinear]] = {}
    for module in encoder.modules():
        if isinstance(module, RoundedLinear):
            found.setdefault(id(module.grid), []).append(module)
    return list(found.values())


def switch(encoder: nn.Module, on: bool) -> None:
    """Round, or do not."""
    for products in rounded_products(encoder):
        products[0].grid.on = on


@contextmanager
def unrounded(encoder: nn.Module) -> Iterator[None]:
    """Leave rounding off for a while."""
    before = [products[0].grid.on for products in rounded_products(encoder)]
    switch(encoder, on=False)
    try:
        yield
    finally:
        for products, on in zip(rounded_products(encoder), before, strict=True):
            products[0].grid.on = on


@torch.no_grad()
def place_grids(network: nn.Module, batches: Iterable[Mapping[str, Tensor]]) -> None:
    """Choose every grid so that what its products give changes least, and switch them on.

    ``network`` has the rounded products under ``encoder``; ``batches`` are inputs of the network,
    like those of real use.
    """
    groups = rounded_products(network.encoder)
    watches = [_Watch(products[0]) for products in groups]
    training = network.training
    network.eval()
    switch(network.encoder, on=False)
    for batch in batches:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        for watch in watches:
            watch.kept = inputs["attention_mask"].bool()
        network(**inputs)
    for products, watch in zip(groups, watches, strict=True):
        watch.hook.remove()
        weight = torch.cat([product.inner.weight for product in products]).float()
        steps, zero = _best_steps(watch, weight)
        products[0].grid.steps.copy_(steps)
        products[0].grid.zero.fill_(zero)
    switch(network.encoder, on=True)
    network.train(training)


class _Watch:
    """Sees what one product reads: a sample of rows, and each channel's extremes."""

    def __init__(self, product: RoundedLinear) -> None:
        self.rows: list[Tensor] = []
        self.low = self.high = torch.tensor(0.0)
        self.kept = torch.tensor(True)
        self.chance = torch.Generator().manual_seed(20)
        self.hook = product.register_forward_pre_hook(self._see)

    def _see(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        values = inputs[0][self.kept].float()
        self.low = torch.minimum(self.low, values.amin(dim=0))
        self.high = torch.maximum(self.high, values.amax(dim=0))
        order = torch.randperm(len(values), generator=self.chance)
        self.rows.append(values[order[:_ROWS]])


def _best_steps(watch: _Watch, weight: Tensor) -> tuple[Tensor, int]:
    """Try what :data:`_STRENGTHS` and :data:`_SHRINKS` name; return steps ``[inputs]`` and zero."""
    rows = torch.cat(watch.rows)
    wanted = rows @ weight.T
    reach = torch.maximum(watch.low.abs(), watch.high.abs()).clamp(min=_TINY)
    heaviest = weight.abs().amax(dim=0).clamp(min=_TINY)
    best, chosen, chosen_zero = float("inf"), torch.ones_like(reach), 0
    for strength in _STRENGTHS:
        smooth = reach**strength / heaviest ** (strength / 2)
        smooth /= smooth.log().mean().exp()
        whole, step = whole_weight(weight * smooth)
        read = (whole * step).T
        low, high = float((watch.low / smooth).min()), float((watch.high / smooth).max())
        for shrink in _SHRINKS:
            width = (high - low) * shrink / _STEPS
            zero = round(-low * shrink / width)
            seen = (rows / (smooth * width)).round().clamp(-zero, _STEPS - zero) * width
            error = float((seen @ read - wanted).square().mean())
            if error < best:
                best, chosen, chosen_zero = error, smooth * width, zero
    return chosen, chosen_zero


class RoundLate(TrainerCallback):
    """Rounds the products in the last ``share`` of the steps."""

    def __init__(
        self,
        network: nn.Module,
        share: float,
        batches: Callable[[], Iterable[Mapping[str, Tensor]]],
    ) -> None:
        self.network = network
        self.share = share
        self.batches = batches

    def on_step_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,  # noqa: ANN401 - Trainer's own
    ) -> None:
        """Place the grids at the first step of the share."""
        first = round((1 - self.share) * state.max_steps)
        if self.share and state.global_step == first:
            place_grids(self.network, self.batches())
        elif self.share and state.global_step > first:  # resumed: grids came with the weights
            switch(self.network.encoder, on=True)
