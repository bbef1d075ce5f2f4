"""Compares the graph with the network, and the shipped graph with fp32; a mismatch fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from heard import Assessment, load
from heard.labels import SPAN_NAMES
from heard.session import Session
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.data.features import pad
from heard_training.errors import TrainingError
from heard_training.learn.network import HeardNetwork
from heard_training.learn.rounding import unrounded

__all__ = ["PROBES", "Agreement", "check_batches", "check_logits", "compare"]

#: Texts on which an export tends to go wrong; the window's edges are added when they are run.
PROBES: tuple[str, ...] = (
    "no",
    "Do you ship to the Channel Islands?",
    "This is the FIFTH time I explain this. Nobody calls back, and now you charged me twice!!!",
    "I was made to feel like a thief in front of everyone at the till 😡😡",
    "Wo ist mein Paket? Ich warte seit drei Wochen darauf.",
    "подскажите, где мой заказ",
    "¿?… — “ok”",
)


@dataclass(frozen=True)
class Agreement:
    """How two runs over the same messages agree."""

    messages: int
    changed: int
    changed_spans: int
    most: float
    mean: float

    @property
    def changed_share(self) -> float:
        """Share of messages of which some level or signal was decided otherwise."""
        return self.changed / max(self.messages, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        return {
            "messages": self.messages,
            "changed_decisions": self.changed,
            "changed_spans": self.changed_spans,
            "largest_shift_of_probability": round(self.most, 5),
            "mean_shift_of_probability": round(self.mean, 6),
        }


def check_logits(
    network: HeardNetwork, session: Session, tokenizer: MessageTokenizer, tolerance: float
) -> float:
    """Compare the fp32 graph's logits with the network's, in one ragged batch and one by one.

    Returns:
        The largest difference.

    Raises:
        TrainingError: when it is beyond ``tolerance``.
    """
    messages = [tokenizer.encode(text) for text in (*PROBES, *_edges(tokenizer))]
    windows = [window.ids for message in messages for window in message.windows]
    if tokenizer.encode("").windows or {len(ids) for ids in windows} < {3, tokenizer.window}:
        raise TrainingError("The probes miss an edge of the window: look at export/parity.py.")
    worst = 0.0
    for rows in [windows, *([ids] for ids in windows)]:
        ids, mask = pad(rows)
        with torch.no_grad(), unrounded(network.encoder):
            wanted = network(input_ids=ids, attention_mask=mask)
        got = session.run(rows)
        for name in got:
            difference = np.abs(got[name] - wanted[name].numpy())
            if name == "spans":  # what stands at padding is never read
                difference = difference[mask.numpy() == 1]
            worst = float(np.maximum(worst, difference.max()))  # keeps a NaN, unlike max()
    if not worst <= tolerance:
        raise TrainingError(
            f"The graph's logits differ from the network's by {worst:.2g}, more than {tolerance}: "
            "the export is not faithful."
        )
    return worst


def _edges(tokenizer: MessageTokenizer) -> tuple[str, ...]:
    """Return texts that just fill a window, just exceed it, and take several."""
    capacity = tokenizer.window - len(tokenizer.encode("a").windows[0].ids) + 1
    letters = "a " * (capacity * 3)
    return letters[: 2 * capacity], letters[: 2 * capacity + 2], letters


def compare(one: Sequence[Assessment], other: Sequence[Assessment]) -> Agreement:
    """Count decisions that differ between two runs over the same messages."""
    shifts = np.array([np.abs(_chances(a) - _chances(b)) for a, b in zip(one, other, strict=True)])
    pairs = list(zip(one, other, strict=True))
    return Agreement(
        messages=len(pairs),
        changed=sum(_decisions(a) != _decisions(b) for a, b in pairs),
        changed_spans=sum(_spans(a) != _spans(b) for a, b in pairs),
        most=float(shifts.max(initial=0.0)),
        mean=float(shifts.mean()) if shifts.size else 0.0,
    )


def check_batches(bundle: Path, texts: Sequence[str]) -> Agreement:
    """Assess messages one by one, in batches, in reverse, and with another thread count.

    Raises:
        TrainingError: when any decision, spans included, differs.
    """
    single = load(bundle, threads=1)
    alone = [single.assess(text) for text in texts]
    runs = {
        "in batches": single.assess_many(texts),
        "in reverse": single.assess_many(texts[::-1])[::-1],
        "with two threads": load(bundle, threads=2).assess_many(texts),
    }
    agreements = {name: compare(alone, run) for name, run in runs.items()}
    for name, agreement in agreements.items():
        if agreement.changed or agreement.changed_spans:
            raise TrainingError(
                f"{agreement.changed} of {agreement.messages} messages are decided otherwise and "
                f"{agreement.changed_spans} have other spans {name} than one by one: choose a "
                "scheme whose results do not depend on the batch."
            )
    return max(agreements.values(), key=lambda agreement: agreement.most)


def check_quantised(agreement: Agreement, graph: Path, scheme: str, config: Config) -> None:
    """Hold a graph to its gates: decisions against fp32, and size (fp32 itself may be larger).

    A network that learned with rounding is no fp32 network: how far it lies from one is told, and
    what it is worth its figures say.

    Raises:
        TrainingError: when one is missed.
    """
    gates = config.export
    if scheme != "rounded8" and agreement.changed_share > gates.changed_share:
        raise TrainingError(
            f"{agreement.changed} of {agreement.messages} messages are decided otherwise than in "
            f"fp32, more than {gates.changed_share:.0%}, with {scheme}: name another in "
            "export.schemes."
        )
    megabytes = graph.stat().st_size / 1e6
    if scheme != "fp32" and megabytes > gates.most_megabytes:
        raise TrainingError(
            f"The graph has {megabytes:.1f} MB, more than {gates.most_megabytes}, with {scheme}: "
            "name another in export.schemes."
        )


def _decisions(a: Assessment) -> tuple[Any, ...]:
    levels = tuple(emotion.level for emotion in a.emotions.values())
    return levels, a.escalation.level, frozenset(signal.name for signal in a.signals)


def _chances(a: Assessment) -> Any:  # noqa: ANN401 - a float array, [25]
    chains = [emotion.at_least for emotion in a.emotions.values()]
    return np.array(
        [p for chain in (*chains, a.escalation.at_least) for p in chain]
        + list(a.signal_probabilities.values())
    )


def _spans(a: Assessment) -> list[tuple[int, int]]:
    return [(span.start, span.end) for kind in SPAN_NAMES for span in a.spans[kind]]
