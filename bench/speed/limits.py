"""The limit: multiply-adds a second of onnxruntime's matrix products alone, in fp32 and int8."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Limits"]

#: Inner and outer sizes of an encoder's products, for a message's tokens and for a batch's.
_SIZES = ((384, 384), (384, 1152), (384, 1536), (1536, 384))
_ROWS = (32, 1024)
_SECONDS = 0.03
_SEED = 7
#: The kinds of product, by their operators: the last gives the integers' sums as floats.
_KINDS = {"fp32": "MatMul", "int8": "MatMulInteger", "int8 to float": "MatMulIntegerToFloat"}
_OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]


class Limits:
    """Products of every kind and shape, ready to run."""

    def __init__(self, threads: int) -> None:
        self.runs = {
            kind: {
                f"{rows} x {inner} x {outer}": _product(kind, rows, inner, outer, threads)
                for rows in _ROWS
                for inner, outer in _SIZES
            }
            for kind in _KINDS
        }

    def peaks(self) -> dict[str, Any]:
        """Run each for a moment; returns per kind multiply-adds a second by shape."""
        return {
            kind: {shape: _rate(run, shape) for shape, run in runs.items()}
            for kind, runs in self.runs.items()
        }


def _product(kind: str, rows: int, inner: int, outer: int, threads: int) -> Any:  # noqa: ANN401
    """Build one product with a constant weight, u8 by s8 or float by float; returns its run."""
    chance = np.random.default_rng(_SEED)
    if kind == "fp32":
        left = chance.standard_normal((rows, inner), dtype=np.float32)
        weights = {"b": chance.standard_normal((inner, outer), dtype=np.float32)}
        types = TensorProto.FLOAT, TensorProto.FLOAT
    else:
        left = chance.integers(0, 255, (rows, inner), dtype=np.uint8)
        weights = {"b": chance.integers(-64, 64, (inner, outer), dtype=np.int8)}
        types = TensorProto.UINT8, TensorProto.INT32
    domain = ""
    if kind == "int8 to float":
        weights |= {f"{name}_scale": np.array(0.01, dtype=np.float32) for name in "ab"}
        types, domain = (TensorProto.UINT8, TensorProto.FLOAT), "com.microsoft"
    node = helper.make_node(_KINDS[kind], ["a", *weights], ["y"], domain=domain)
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("a", types[0], [rows, inner])],
        [helper.make_tensor_value_info("y", types[1], [rows, outer])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=_OPSETS, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"a": left})


def _rate(run: Any, shape: str) -> float:  # noqa: ANN401
    """Multiply-adds a second over a moment, after one run to warm up."""
    run()
    started, count = time.perf_counter(), 0
    while (took := time.perf_counter() - started) < _SECONDS:
        run()
        count += 1
    return count * float(np.prod([int(size) for size in shape.split(" x ")])) / took
