"""Rewrites a fused fp32 BERT graph with 8-bit matrix products and an 8-bit word table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from heard_training.errors import TrainingError
from heard_training.export.fitting import StaticFit, Stored, round_blocks, round_rows

__all__ = ["Site", "find_sites", "rewrite"]

_CONTRIB = "com.microsoft"
_NORMS = ("LayerNormalization", "SkipLayerNormalization")
#: Products narrower than this are heads: their time is nothing, and their error is the output's.
_NARROWEST_PRODUCT = 16
#: The widest block with which MatMulNBits gives a row the same bits whatever rows stand beside it:
#: at 128 the last of an odd number of rows is summed in another order.
_BLOCK = 64
_SMALLEST_BLOCK = 16
#: Activations in int8 with fp32 sums; the other levels of MatMulNBits compute in fp32.
_INT8_ACTIVATIONS = 4


@dataclass(frozen=True)
class Site:
    """One matrix product with a constant weight; ``name`` is its output's."""

    name: str
    input: str
    weight: npt.NDArray[np.float32]


def find_sites(model: onnx.ModelProto) -> list[Site]:
    """List the encoder's products in the order in which they run."""
    floats, tokens = _floats(model), _from_tokens(model)
    return [
        Site(node.output[0], node.input[0], floats[node.input[1]])
        for node in model.graph.node
        if _is_site(node, floats, tokens)
    ]


def rewrite(
    model: onnx.ModelProto,
    fits: Mapping[str, StaticFit],
    *,
    others: str = "nbits8",
    stored: Mapping[str, Stored] | None = None,
) -> onnx.ModelProto:
    """Return ``model`` with the sites in ``fits`` static and the ``others`` as named.

    With ``others`` of ``"fp32"`` everything outside ``fits`` stays as it is, the word table too;
    with ``"nbits8"`` the other sites become MatMulNBits and the word table 8-bit; with
    ``"weights8"`` they stay fp32 products over weights that are ``stored`` in 8 bits, with
    ``"weights16"`` over weights stored in half precision.
    """
    return _Rewriter(model, fits, others, stored or {}).run()


def _floats(model: onnx.ModelProto) -> dict[str, npt.NDArray[np.float32]]:
    return {
        item.name: numpy_helper.to_array(item)
        for item in model.graph.initializer
        if item.data_type == onnx.TensorProto.FLOAT
    }


def _from_tokens(model: onnx.ModelProto) -> set[str]:
    """Name what depends on the tokens themselves, not on their number alone.

    DeBERTa projects a table of relative positions, too, by the weights of its keys and queries.
    """
    found = {item.name for item in model.graph.input}
    for node in model.graph.node:
        if node.op_type != "Shape" and not found.isdisjoint(node.input):
            found.update(node.output)
    return found


def _is_site(
    node: onnx.NodeProto, floats: Mapping[str, npt.NDArray[np.float32]], tokens: set[str]
) -> bool:
    if node.op_type not in ("Attention", "MatMul") or node.input[1] not in floats:
        return False
    if node.input[0] not in tokens:
        return False
    weight = floats[node.input[1]]
    return weight.ndim == 2 and min(weight.shape) >= _NARROWEST_PRODUCT


class _Rewriter:
    def __init__(
        self,
        model: onnx.ModelProto,
        fits: Mapping[str, StaticFit],
        others: str,
        stored: Mapping[str, Stored],
    ) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.fits = fits
        self.others = others
        self.stored = stored
        self.floats, self.tokens = _floats(model), _from_tokens(model)
        self.values: dict[str, npt.NDArray[Any]] = {
            item.name: numpy_helper.to_array(item) for item in model.graph.initializer
        }
        self.nodes: list[onnx.NodeProto] = []
        self.made = 0
        self.outputs = {item.name for item in model.graph.output}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        #: Tensors that come shifted and scaled for the product that reads them.
        self.ready: set[str] = set()
        #: What the residual reads in place of such a tensor, and the shift that it still lacks.
        self.restored: dict[str, tuple[str, npt.NDArray[np.float32]]] = {}

    def run(self) -> onnx.ModelProto:
        inputs = {item.name for item in self.model.graph.input}
        tables = 0
        for node in list(self.model.graph.node):
            if self._is_word_table(node, inputs) and self.others != "fp32":
                self._word_table(node)
                tables += 1
            elif _is_site(node, self.floats, self.tokens):
                self._site(node)
            elif node.op_type in _NORMS:
                self._norm(node)
            else:
                self.nodes.append(node)
        if not tables and self.others != "fp32":
            raise TrainingError("The graph has no word table that an input of the graph indexes.")
        self._store()
        return self.model

    def _store(self) -> None:
        graph = self.model.graph
        used = {name for node in self.nodes for name in node.input}
        del graph.node[:]
        graph.node.extend(self.nodes)
        del graph.initializer[:]
        graph.initializer.extend(
            numpy_helper.from_array(value, name)
            for name, value in self.values.items()
            if name in used
        )
        # Shapes noted for the fp32 graph no longer describe every tensor.
        del graph.value_info[:]
        if all(item.domain != _CONTRIB for item in self.model.opset_import):
            self.model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))

    def _constant(self, value: npt.ArrayLike) -> str:
        self.made += 1
        name = f"quantised_{self.made}"
        self.values[name] = np.asarray(value)
        return name

    def _add(
        self,
        operator: str,
        inputs: Iterable[str],
        outputs: Sequence[str] = (),
        **options: int | float | str,
    ) -> str:
        self.made += 1
        outputs = outputs or [f"quantised_{self.made}"]
        node = helper.make_node(
            operator, list(inputs), outputs, name=f"{operator}_{self.made}", **options
        )
        self.nodes.append(node)
        return outputs[0]

    def _is_word_table(self, node: onnx.NodeProto, inputs: set[str]) -> bool:
        return node.op_type == "Gather" and node.input[0] in self.floats and node.input[1] in inputs

    def _word_table(self, node: onnx.NodeProto) -> None:
        integers, steps = round_rows(self.floats[node.input[0]])
        rows = self._add("Gather", [self._constant(integers), node.input[1]])
        step = self._add("Gather", [self._constant(steps), node.input[1]])
        row = self._add("Cast", [rows], to=onnx.TensorProto.FLOAT)
        self._add("Mul", [row, step], list(node.output))

    def _site(self, node: onnx.NodeProto) -> None:
        fit = self.fits.get(node.output[0])
        if node.output[0] in self.stored:
            node.input[1] = self._widened(self.stored[node.output[0]])
            self.nodes.append(node)
        elif self.others == "weights16":
            halves = self._constant(self.floats[node.input[1]].astype(np.float16))
            node.input[1] = self._add("Cast", [halves], to=onnx.TensorProto.FLOAT)
            self.nodes.append(node)
        elif node.op_type == "Attention":
            self._attention(node, fit)
        elif fit is not None:
            quantised, scale, zero = self._quantised(node.input[0], fit)
            self._add(
                "MatMulIntegerToFloat",
                [
                    *(quantised, self._constant(fit.weight), scale),
                    *(self._constant(fit.weight_scale), zero, self._constant(np.int8(0))),
                    self._constant(fit.offset),
                ],
                list(node.output),
                domain=_CONTRIB,
            )
        elif self.others == "fp32":
            self.nodes.append(node)
        else:
            self._blocks(node.input[0], self.floats[node.input[1]], None, list(node.output))

    def _attention(self, node: onnx.NodeProto, fit: StaticFit | None) -> None:
        weight, bias = self.floats[node.input[1]], self.floats[node.input[2]]
        factor, subtracted = self._folded_into_values(node.output[0], weight.shape[1])
        if fit is not None:
            quantised, scale, zero = self._quantised(node.input[0], fit)
            self._add(
                "QAttention",
                [
                    *(quantised, self._constant(fit.weight)),
                    self._constant((bias + fit.offset - subtracted) * factor),
                    *(scale, self._constant(fit.weight_scale * factor), node.input[3]),
                    *(zero, self._constant(np.int8(0))),
                ],
                list(node.output),
                domain=_CONTRIB,
                **_options(node, "num_heads", "mask_filter_value", "scale"),
            )
        elif self.others == "fp32":
            node.input[1] = self._constant(weight * factor)
            node.input[2] = self._constant((bias - subtracted) * factor)
            self.nodes.append(node)
        else:
            product = self._blocks(node.input[0], weight, factor)
            width = weight.shape[1] // 3
            parts = [f"{product}_{part}" for part in ("query", "key", "value")]
            self._add("Split", [product, self._constant(np.array([width] * 3))], parts, axis=-1)
            self._add(
                "MultiHeadAttention",
                [*parts, self._constant((bias - subtracted) * factor), node.input[3]],
                list(node.output),
                domain=_CONTRIB,
                **_options(node, "num_heads", "mask_filter_value", "scale"),
            )

    def _folded_into_values(
        self, output: str, width: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return factor and subtrahend of each projected column.

        Attention weights sum to one, so shifting and scaling the values shifts and scales what
        comes out: the product that reads an attention needs no operator of its own for it.
        """
        factor, subtracted = np.ones(width, np.float32), np.zeros(width, np.float32)
        fit = self._fit_behind(output)
        if fit is not None:
            self.ready.add(output)
            factor[-len(fit.smooth) :] = 1 / fit.smooth
            subtracted[-len(fit.shift) :] = fit.shift
        return factor, subtracted

    def _fit_behind(self, output: str) -> StaticFit | None:
        """Return the fit of the static site that is the one reader of ``output``."""
        readers = self.readers.get(output, [])
        if len(readers) != 1 or output in self.outputs:
            return None
        return self.fits.get(readers[0].output[0])

    def _blocks(
        self,
        name: str,
        weight: npt.NDArray[np.float32],
        factor: npt.NDArray[np.float32] | None,
        outputs: Sequence[str] = (),
    ) -> str:
        depth, width = weight.shape
        block = _BLOCK
        while block // 2 >= max(depth, _SMALLEST_BLOCK):
            block //= 2
        integers, steps = round_blocks(weight, block)
        if factor is not None:
            steps = steps * factor[:, None]
        return self._add(
            "MatMulNBits",
            [name, self._constant(integers), self._constant(steps)],
            outputs,
            domain=_CONTRIB,
            K=depth,
            N=width,
            bits=8,
            block_size=block,
            accuracy_level=_INT8_ACTIVATIONS,
        )

    def _widened(self, stored: Stored) -> str:
        """Widen a stored weight: constants all the way, so a session computes it once, on loading.

        Not by DequantizeLinear, which onnxruntime keeps for its own rewriting and folds only on
        request.
        """
        blocks, block, columns = stored.integers.shape
        floats = self._add("Cast", [self._constant(stored.integers)], to=onnx.TensorProto.FLOAT)
        steps = self._add("Cast", [self._constant(stored.steps)], to=onnx.TensorProto.FLOAT)
        scaled = self._add("Mul", [floats, steps])
        shape = self._constant(np.array([blocks * block, columns]))
        return self._add("Reshape", [scaled, shape])

    def _quantised(self, name: str, fit: StaticFit) -> tuple[str, str, str]:
        """Quantise ``name``; return the names of the result, its scale and its zero point."""
        if name not in self.ready and not fit.plain:
            name = self._add("Mul", [name, self._constant(1 / fit.smooth)])
            if fit.shift.any():
                name = self._add("Add", [name, self._constant(-fit.shift / fit.smooth)])
        scale, zero = self._constant(fit.scale), self._constant(fit.zero_point)
        return self._add("QuantizeLinear", [name, scale, zero]), scale, zero

    def _norm(self, node: onnx.NodeProto) -> None:
        for place in (0, 1):
            if node.input[place] in self.restored:
                node.input[place], shift = self.restored[node.input[place]]
                if shift.any():
                    self._add_bias(node, shift)
        fit = self._fit_beside_residual(node.output[0])
        first = 2 if node.op_type == "SkipLayerNormalization" else 1
        weights = [self.floats.get(name) for name in node.input[first : first + 2]]
        if fit is None or fit.plain or len(weights) != 2 or any(w is None for w in weights):
            self.nodes.append(node)
            return
        # The norm shifts and scales anyway, so it does so for the product; the residual, which
        # wants its output as it was, multiplies once and takes the shift into its own bias.
        node.input[first] = self._constant(weights[0] / fit.smooth)
        node.input[first + 1] = self._constant((weights[1] - fit.shift) / fit.smooth)
        self.nodes.append(node)
        name = node.output[0]
        self.ready.add(name)
        self.restored[name] = self._add("Mul", [name, self._constant(fit.smooth)]), fit.shift

    def _fit_beside_residual(self, name: str) -> StaticFit | None:
        """Return the fit of a static site that shares ``name`` with one residual and no other."""
        readers = self.readers.get(name, [])
        sites = [node for node in readers if node.output[0] in self.fits]
        residuals = [node for node in readers if node.op_type == "SkipLayerNormalization"]
        if len(readers) != 2 or len(sites) != 1 or len(residuals) != 1 or name in self.outputs:
            return None
        return self.fits[sites[0].output[0]]

    def _add_bias(self, node: onnx.NodeProto, shift: npt.NDArray[np.float32]) -> None:
        while len(node.input) < 5:
            node.input.append("")
        bias = self.values[node.input[4]] if node.input[4] else np.float32(0)
        node.input[4] = self._constant(bias + shift)


def _options(node: onnx.NodeProto, *names: str) -> dict[str, int | float | str]:
    """Return those of a node's attributes that its replacement knows too."""
    return {
        item.name: helper.get_attribute_value(item) for item in node.attribute if item.name in names
    }
