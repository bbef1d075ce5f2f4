"""Chooses what to label next: messages on which decisions are open, and unlike each other.

A decision is open where its calibrated probability lies near its threshold. Of the most open
messages those are taken that lie apart: k-means++ seeding (Arthur and Vassilvitskii 2007) in the
space of the model's own embeddings, each weighted by its openness. BADGE (Ash et al. 2020) seeds
so on gradients, and CLUE (Prabhu et al. 2021) weighs embeddings so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import kmeans_plusplus
from sklearn.neighbors import NearestNeighbors
from tqdm import tqdm

from heard import Analyzer, Assessment
from heard.decode import sigmoid
from heard_training.data.identity import essence
from heard_training.measure.metrics import Floats
from heard_training.suggest.embed import embed
from heard_training.suggest.messages import Unlabelled
from heard_training.suggest.outputs import OUTPUTS, chances, thresholds

__all__ = ["Choice", "choose", "openness"]

#: How many of the most open messages are compared, for each one that is taken.
_CANDIDATES = 10
#: Messages of this cosine or more say the same.
_ALIKE = 0.95
_NOT_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True)
class Choice:
    """A message to label.

    ``uncertainty`` is the mean openness of its decisions, from 0 to 1; ``unsure`` names the most
    open ones.
    """

    message: Unlabelled
    found: Assessment
    uncertainty: float
    unsure: tuple[str, ...]


def choose(
    analyzer: Analyzer,
    messages: Iterable[Unlabelled],
    count: int,
    seen: Collection[str],
    seed: int,
) -> tuple[list[Choice], dict[str, int]]:
    """Choose ``count`` messages; any first few of them are a good choice, too.

    Args:
        analyzer: the model.
        messages: what there is.
        count: how many to take.
        seen: the essences of texts that are labelled already.
        seed: of what is drawn.

    Returns:
        The choice, and how many messages were left out, by the reason.
    """
    fresh, left_out = _fresh(messages, seen)
    readable: list[Unlabelled] = []
    open_by: list[Floats] = []
    answers = analyzer.assess_iter(message.text for message in fresh)
    for message, found in zip(fresh, tqdm(answers, total=len(fresh), disable=None), strict=True):
        if found.language == "other" or found.truncated:
            left_out["not in English" if found.language == "other" else "too long"] += 1
            continue
        readable.append(message)
        open_by.append(openness(chances(found), thresholds(analyzer.thresholds)))
    if not readable:
        return [], dict(left_out)
    uncertainty = np.array([row.mean() for row in open_by])
    candidates = np.argsort(-uncertainty, kind="stable")[: _CANDIDATES * count]
    vectors = embed(analyzer, [readable[place].text for place in candidates])
    apart = _apart(vectors)
    left_out["like others"] += len(candidates) - len(apart)
    candidates, vectors = candidates[apart], vectors[apart]
    taken = candidates[_spread(vectors, uncertainty[candidates], count, seed)]
    texts = [readable[place].text for place in taken]
    chosen = [
        Choice(readable[place], found, float(uncertainty[place]), _most_open(open_by[place]))
        for place, found in zip(taken, analyzer.assess_many(texts), strict=True)
    ]
    return chosen, {reason: number for reason, number in left_out.items() if number}


def openness(chances: Floats, thresholds: Floats) -> Floats:
    """Say how open decisions are, in bits: 1 at the threshold, towards 0 away from it.

    It is the entropy of the chance after its log odds are moved so that the threshold lies at one
    half: rare signals are decided far from there.
    """
    share, line = (np.clip(values, 1e-6, 1 - 1e-6) for values in (chances, thresholds))
    moved = sigmoid(np.log(share / (1 - share)) - np.log(line / (1 - line)))
    moved = np.clip(moved, 1e-9, 1 - 1e-9)
    bits: Floats = -(moved * np.log2(moved) + (1 - moved) * np.log2(1 - moved))
    return bits


def _fresh(
    messages: Iterable[Unlabelled], seen: Collection[str]
) -> tuple[list[Unlabelled], Counter[str]]:
    """Keep the first of all messages that differ in digits, marks and names of users at most."""
    kept: dict[str, Unlabelled] = {}
    left_out: Counter[str] = Counter()
    for message in messages:
        folded = essence(message.text)
        letters = _NOT_LETTERS.sub(" ", folded).strip()
        if not letters:
            left_out["without words"] += 1
        elif folded in seen:
            left_out["labelled already"] += 1
        elif letters in kept:
            left_out["like others"] += 1
        else:
            kept[letters] = message
    return list(kept.values()), left_out


def _apart(vectors: Floats) -> npt.NDArray[np.int64]:
    """Give the places of those that are not like one before them."""
    radius = np.sqrt(2 - 2 * _ALIKE)  # of unit vectors
    near = NearestNeighbors(radius=radius).fit(vectors).radius_neighbors(return_distance=False)
    kept: list[int] = []
    covered: set[int] = set()
    for place, neighbours in enumerate(near):
        if place not in covered:
            kept.append(place)
            covered.update(neighbours.tolist())
    return np.array(kept, dtype=np.int64)


def _spread(vectors: Floats, weights: Floats, count: int, seed: int) -> npt.NDArray[np.int64]:
    if len(vectors) <= count:
        return np.arange(len(vectors))
    _, taken = kmeans_plusplus(vectors, count, sample_weight=weights, random_state=seed)
    return np.asarray(taken, dtype=np.int64)


def _most_open(bits: Floats, most: int = 3) -> tuple[str, ...]:
    order: Sequence[int] = np.argsort(-bits, kind="stable")[:most].tolist()
    return tuple(OUTPUTS[place] for place in order if bits[place] >= 0.5)
