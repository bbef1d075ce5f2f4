"""Turns a fused fp32 graph into one of 8 bits whose results do not depend on the batch.

No number that scales a message's activations comes from another message: the scales are either
constants found on calibration texts, or found at run time for each token and block of channels.

Schemes:
    fp32: the graph as it is.
    rounded8: every matrix product in 8 bits with the constants that the network learned with
        (learn/rounding.py); as fast as static8, and what is shipped is what was trained.
    weights8: fp32 products over weights that are stored in 8 bits and widened on loading; as fast
        as fp32 and a quarter of its size, and nothing of the activations is rounded.
    weights16: the same with products' weights in half precision; half the size of fp32.
    nbits8: every matrix product by MatMulNBits, activations scaled per token and block.
    static8: every matrix product with constant activation scales; fastest, least exact.
    mixed8: as static8, with the products that would move the outputs most as in nbits8.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from heard_training.config import SCHEMES
from heard_training.errors import TrainingError
from heard_training.export.fitting import Observed, StaticFit, Stored, fit_static, fit_stored
from heard_training.export.norms import split_norms
from heard_training.export.rewrite import Site, find_sites, rewrite
from heard_training.export.rounded import learned_fits
from heard_training.learn.network import HeardNetwork

__all__ = ["fitting_schemes", "quantise"]


Feed = dict[str, npt.NDArray[np.int64]]

#: Of all matrix products, the share that mixed8 keeps exact per token. In MiniLM-L6 these are the
#: second products of the first feed-forwards, where a few channels dwarf the rest; with a fifth or
#: a third of the products the error fell little or not at all.
_SENSITIVE_SHARE = 0.125
#: Rows of activations kept per product; extremes are taken from all rows.
_SAMPLED_ROWS = 16384
#: Feeds that rank the products; the ranking is coarse, so few are enough.
_RANKING_FEEDS = 48
_SEED = 20


def quantise(
    source: Path,
    target: Path,
    *,
    scheme: str,
    calibration: Iterable[Feed],
    network: HeardNetwork | None = None,
    apart: bool = True,
) -> None:
    """Write ``source``, a fused fp32 graph, to ``target`` in ``scheme``.

    Args:
        source: A graph written by :func:`heard_training.export.graph.fuse`.
        target: Where the result goes.
        scheme: One of :data:`heard_training.config.SCHEMES`.
        calibration: Inputs of the graph, ``attention_mask`` among them, like those of real use;
            not read by fp32, rounded8, weights16 and nbits8, and best one message each.
        network: What ``source`` was made of, for the constants that rounded8 takes from it.
        apart: Whether norms are taken apart, which is faster, or left fused: the same sums in
            another order.

    Raises:
        TrainingError: The scheme is unknown, or it needs calibration inputs, or a network that
            learned with rounding, and there are none.
    """
    if scheme not in SCHEMES:
        raise TrainingError(f"Unknown scheme {scheme!r}: choose one of {', '.join(SCHEMES)}.")
    if scheme == "fp32":
        shutil.copyfile(source, target)
        return
    model = onnx.load(str(source))
    if scheme == "weights16":
        made = rewrite(model, {}, others=scheme)
    elif scheme == "weights8":
        made = rewrite(model, {}, others=scheme, stored=_store(model, _given(calibration, scheme)))
    elif scheme == "nbits8":
        made = rewrite(model, {})
    elif scheme == "rounded8":
        made = rewrite(model, learned_fits(network, find_sites(model)))
    else:
        feeds = _given(calibration, scheme)
        fits = _fit(model, feeds)
        if scheme == "mixed8":
            for name in _most_sensitive(model, fits, feeds):
                del fits[name]
        made = rewrite(model, fits)
    if apart:
        split_norms(made)
    onnx.save(made, str(target))


def fitting_schemes(schemes: Sequence[str], network: HeardNetwork) -> list[str]:
    """Leave "rounded8" out for a network that learned without, unless there is no other."""
    fitting = [name for name in schemes if name != "rounded8" or network.config.rounded]
    return fitting or list(schemes)


def _given(calibration: Iterable[Feed], scheme: str) -> list[Feed]:
    feeds = list(calibration)
    if not feeds:
        raise TrainingError(f"Scheme {scheme!r} needs at least one calibration input.")
    return feeds


def _fit(model: onnx.ModelProto, feeds: Sequence[Feed]) -> dict[str, StaticFit]:
    """Fit constant scales for every product, keyed by the site's name."""
    sites = find_sites(model)
    if not sites:
        return {}
    observed = _observe(model, sites, feeds)
    return {site.name: fit_static(observed[site.input], site.weight) for site in sites}


def _store(model: onnx.ModelProto, feeds: Sequence[Feed]) -> dict[str, Stored]:
    """Round every product's weight for storage, keyed by the site's name."""
    sites = find_sites(model)
    observed = _observe(model, sites, feeds)
    return {site.name: fit_stored(observed[site.input], site.weight) for site in sites}


def _observe(
    model: onnx.ModelProto, sites: Sequence[Site], feeds: Sequence[Feed]
) -> dict[str, Observed]:
    """Collect what flows into each product, padding left out."""
    names = list(dict.fromkeys(site.input for site in sites))
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    for name in names:
        probe.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        )
    session = _session(probe)
    chance = np.random.default_rng(_SEED)
    share = max(1, _SAMPLED_ROWS // len(feeds))
    rows: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in names}
    lows: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in names}
    highs: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in names}
    for feed in feeds:
        kept = np.asarray(feed["attention_mask"]) > 0
        # The first token, which a BERT uses as a sink, carries outliers that no other has.
        chosen = [0, *(1 + chance.permutation(int(kept.sum()) - 1))][:share]
        for name, value in zip(names, session.run(names, feed), strict=True):
            tokens = np.asarray(value)[kept]
            rows[name].append(tokens[chosen])
            lows[name].append(tokens.min(axis=0))
            highs[name].append(tokens.max(axis=0))
    return {
        name: Observed(
            rows=np.concatenate(rows[name]),
            low=np.min(lows[name], axis=0),
            high=np.max(highs[name], axis=0),
        )
        for name in names
    }


def _most_sensitive(
    model: onnx.ModelProto, fits: dict[str, StaticFit], feeds: Sequence[Feed]
) -> list[str]:
    """Name the products whose constant scales, taken alone, move the graph's outputs most."""
    feeds = feeds[:_RANKING_FEEDS]
    reference = _outputs(model, feeds)
    moved = {}
    for name, fit in fits.items():
        alone = rewrite(model, {name: fit}, others="fp32")
        moved[name] = sum(
            float(np.abs(one - other).mean() / max(float(other.std()), 1e-6))
            for one, other in zip(_outputs(alone, feeds), reference, strict=True)
        )
    ranked = sorted(moved, key=lambda name: moved[name], reverse=True)
    return ranked[: math.ceil(_SENSITIVE_SHARE * len(ranked))]


def _outputs(model: onnx.ModelProto, feeds: Sequence[Feed]) -> list[npt.NDArray[np.float32]]:
    """Run all feeds; per output, all its values in a line, padding left out."""
    session = _session(model)
    sizes = {item.name: item.shape for item in (*session.get_inputs(), *session.get_outputs())}
    # An output per token has rows for padding too, which nobody reads.
    per_token = [
        sizes[item.name][:2] == sizes["attention_mask"] and len(sizes[item.name]) > 2
        for item in session.get_outputs()
    ]
    collected: list[list[npt.NDArray[np.float32]]] = [[] for _ in per_token]
    for feed in feeds:
        kept = np.asarray(feed["attention_mask"]) > 0
        for place, value in enumerate(session.run(None, feed)):
            array = np.asarray(value)
            collected[place].append((array[kept] if per_token[place] else array).ravel())
    return [np.concatenate(parts) for parts in collected]


def _session(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
