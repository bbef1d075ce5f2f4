"""Where messages lie in the eyes of the model: the mean of its last hidden states.

The bundle's own graph is cut before its heads, so that no network and no torch are needed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import onnx

from heard import Analyzer
from heard.reader import BATCH_TOKENS
from heard.session import Session
from heard_training.errors import TrainingError
from heard_training.measure.metrics import Floats

__all__ = ["embed"]

_STATES = ("batch", "length", "hidden")


def embed(analyzer: Analyzer, texts: Sequence[str]) -> Floats:
    """Embed messages that are not blank: ``[texts, hidden]``, each of length one.

    Raises:
        TrainingError: when the bundle's graph is of a make in which no encoder is found.
    """
    windows = [(place, w.ids) for place, t in enumerate(texts) for w in analyzer.encode(t).windows]
    windows.sort(key=lambda window: len(window[1]))
    with tempfile.TemporaryDirectory() as folder:
        session = _encoder(analyzer.bundle.model_path, Path(folder))
        name = next(iter(session.outputs))
        sums: Floats | None = None
        for tokens, group in groupby(windows, key=lambda window: len(window[1])):
            same = list(group)
            count = max(1, BATCH_TOKENS // tokens)
            for batch in (same[i : i + count] for i in range(0, len(same), count)):
                states = session.run([ids for _, ids in batch])[name].sum(axis=1)
                if sums is None:
                    sums = np.zeros((len(texts), states.shape[1]))
                np.add.at(sums, [place for place, _ in batch], states)
    if sums is None:
        raise TrainingError("There are no words in these messages to compare them by.")
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def _encoder(graph: Path, folder: Path) -> Session:
    """Cut the graph after its encoder's last normalisation, above which the span head lies."""
    model = onnx.load(graph)
    makers = {output: node for node in model.graph.node for output in node.output}
    name = "spans"
    while not (name in makers and makers[name].op_type.endswith("LayerNormalization")):
        if name not in makers:
            raise TrainingError(f"{graph} is of no make in which the encoder is found.")
        # The first input is what a head computes with; the others are weights and shapes.
        name = next((i for i in makers[name].input if i in makers), "")
    del model.graph.output[:]
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, _STATES)
    )
    onnx.save(model, folder / graph.name)
    return Session(folder / graph.name, outputs={name: _STATES})
