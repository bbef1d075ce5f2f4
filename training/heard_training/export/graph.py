"""Fuses an exported BERT graph into the operators that onnxruntime runs fastest."""

from __future__ import annotations

from pathlib import Path

from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

__all__ = ["fuse"]


def fuse(source: Path, target: Path, heads: int, hidden: int) -> dict[str, int]:
    """Write the fused form of ``source`` to ``target``; return how often each operator was fused.

    The counts let the caller refuse an export whose pattern the optimiser no longer recognises:
    such a graph is right, only slow, so nothing else would notice.
    """
    options = FusionOptions("bert")
    # One fused embedding operator would take the table as floats only.
    options.enable_embed_layer_norm = False
    # Lengths instead of the mask itself would assume that all padding is on the right.
    options.use_raw_attention_mask(True)
    model = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=heads,
        hidden_size=hidden,
        opt_level=0,
        optimization_options=options,
    )
    model.save_model_to_file(str(target))
    counts: dict[str, int] = model.get_fused_operator_statistics()
    return counts
