"""Traces the network to an ONNX graph with free batch and length."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from heard.bundle import GRAPH_INPUTS, GRAPH_OUTPUTS
from heard_training.learn.network import HeardNetwork
from heard_training.learn.rounding import unrounded

__all__ = ["trace"]


class _Plain(nn.Module):
    """The network with a tuple for an answer, in the order of ``outputs``."""

    def __init__(self, network: HeardNetwork, outputs: Iterable[str]) -> None:
        super().__init__()
        self.network = network
        self.outputs = tuple(outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        extras = {}
        if "token_type_ids" in inspect.signature(self.network.encoder.forward).parameters:
            extras["token_type_ids"] = torch.zeros_like(input_ids)
        tokens = self.network.encoder(input_ids=input_ids, attention_mask=attention_mask, **extras)[
            0
        ]
        output = self.network.heads(tokens, attention_mask)
        return tuple(output[name] for name in self.outputs)


def trace(
    network: HeardNetwork,
    target: Path,
    *,
    opset: int,
    outputs: Mapping[str, tuple[int | str, ...]] = GRAPH_OUTPUTS,
) -> None:
    """Write ``network`` as an unfused fp32 graph with these outputs; a bundle's by default.

    The TorchScript-based exporter is used on purpose: onnxruntime's optimizer recognises the
    attention of its graphs, and none of those that the newer exporter writes. For the same reason
    attention is written out (``eager``) rather than fused by torch.
    """
    network = network.eval()
    network.encoder.set_attn_implementation("eager")
    ids = torch.tensor([[101, 102, 103, 104], [101, 102, 0, 0]]).clamp(
        max=network.encoder.config.vocab_size - 1
    )
    mask = (torch.arange(4) < torch.tensor([[4], [2]])).long()
    free = {0: "batch", 1: "length"}
    names = {name: dict(free) for name in GRAPH_INPUTS}
    names |= {
        name: {axis: str(size) for axis, size in enumerate(shape) if isinstance(size, str)}
        for name, shape in outputs.items()
    }
    with warnings.catch_warnings(), torch.no_grad(), unrounded(network.encoder):
        # The exporter warns of its own age and of every shape that it reads while tracing.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Plain(network, outputs).eval(),
            (ids, mask),
            str(target),
            input_names=list(GRAPH_INPUTS),
            output_names=list(outputs),
            dynamic_axes=names,
            opset_version=opset,
            do_constant_folding=True,
            dynamo=False,
        )
