"""Takes fused norms apart where onnxruntime computes the parts faster."""

from __future__ import annotations

import onnx
from onnx import helper

__all__ = ["split_norms"]


def split_norms(model: onnx.ModelProto) -> None:
    """Write every SkipLayerNormalization as additions before a LayerNormalization, in place.

    onnxruntime adds a row up number by number in the fused operator, and many at a time in the
    plain one: in 8 bits a sixth of the whole run's time (bench/NOTES.md).
    """
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type != "SkipLayerNormalization":
            nodes.append(node)
            continue
        total, skipped, scale, shift, *bias = node.input
        added = [name for name in (skipped, *bias) if name]
        sums = [f"{node.output[0]}_added_{place}" for place in range(len(added))]
        # Where norms stand before the layers, the sum itself is read as well: the fourth output.
        sums[-1:] = [name for name in node.output[3:] if name] or sums[-1:]
        for one, result in zip(added, sums, strict=True):
            nodes.append(helper.make_node("Add", [total, one], [result]))
            total = result
        options = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        nodes.append(
            helper.make_node(
                "LayerNormalization",
                [total, scale, shift],
                [node.output[0]],
                axis=-1,
                epsilon=options["epsilon"],
            )
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
