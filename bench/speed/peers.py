"""The peers, each behind one face: a text in, or many, and labels out. Made in a worker.

All are given the same texts. What is a network reads at most 512 tokens of one, which is what its
positions allow; `heard` reads all of it, in overlapping windows. What a peer answers is not looked
at: only that it was computed, down to plain values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from bench.speed.prepare import CLASSIFIER, CLASSIFIER_GRAPH, LINEAR, ROBERTA_GRAPH

__all__ = ["QUICK", "TITLES", "Peer", "make"]

#: Names of the peers, and what tables call them.
TITLES = {
    "pipeline": "transformers pipeline, fp32",
    "torch": "PyTorch, tuned",
    "onnxruntime": "onnxruntime, fp32",
    "roberta": "RoBERTa-base, onnxruntime int8",
    "linear": "TF-IDF, logistic regression",
    "vader": "VADER",
}
#: Those that a quick run takes; the others need minutes to be made, or to compile.
QUICK = ("pipeline", "onnxruntime", "vader")

_BATCH = 32
_LONGEST = 512
#: Sizes of a batch among which the tuned network's is searched, beside ``_BATCH``.
_SIZES = (8, 16, 64, 128)
_TRIED = 3


class Peer(Protocol):
    """Something that reads messages."""

    def one(self, text: str) -> object:
        """Read one message."""

    def many(self, texts: Sequence[str]) -> object:
        """Read many, as fast as this peer can when it has them all."""

    def settle(self, texts: Sequence[str]) -> dict[str, Any]:
        """Search for what is fastest on these texts, once; returns what was chosen, by name."""


class _Settled:
    """A peer of which nothing is searched."""

    def settle(self, _: Sequence[str]) -> dict[str, Any]:
        """Return nothing: there is one way."""
        return {}


class Pipeline(_Settled):
    """The fine-tuned network as a user would start it: batches of 32, in the order given."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch
        from transformers import pipeline

        torch.set_num_threads(threads)
        path = str(folder / CLASSIFIER)
        self.pipe = pipeline("text-classification", model=path, tokenizer=path, device=-1)
        self.how = {"top_k": None, "function_to_apply": "sigmoid", "truncation": True}

    def one(self, text: str) -> object:
        return self.pipe(text, **self.how)

    def many(self, texts: Sequence[str]) -> object:
        return self.pipe(list(texts), batch_size=_BATCH, **self.how)


class Torch:
    """The same network with everything that makes PyTorch faster, as far as it does.

    bfloat16, attention by plain or by fused products, torch.compile, and for bulk batches sorted
    by length of the best size.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        torch.set_num_threads(threads)
        self.torch = torch
        self.tokenizer = AutoTokenizer.from_pretrained(folder / CLASSIFIER)
        load = AutoModelForSequenceClassification.from_pretrained
        path = folder / CLASSIFIER
        self.models: dict[str, Callable[..., Any]] = {
            name: load(path, attn_implementation=name).eval() for name in ("sdpa", "eager")
        }
        self.single = self.bulk = ("eager", True)
        self.size = _BATCH

    def settle(self, texts: Sequence[str]) -> dict[str, Any]:
        """Try kinds of attention and of numbers, then compile the best, then sizes of batches."""
        ways = [(name, bf16) for name in ("sdpa", "eager") for bf16 in (True, False)]
        few = texts[: max(1, len(texts) // 4)]
        self.single = min(ways, key=lambda way: self._time(self._each, few, way))
        self.bulk = min(ways, key=lambda way: self._time(self._batches, texts, way, _BATCH))
        failed = self._try_compiled(texts, few)
        found = {
            size: self._time(self._batches, texts, self.bulk, size) for size in (_BATCH, *_SIZES)
        }
        self.size = min(found, key=found.__getitem__)
        return {
            "single": _named(self.single),
            "bulk": f"{_named(self.bulk)}, batches of {self.size} sorted by length",
        } | ({"torch.compile": failed} if failed else {})

    def _try_compiled(self, texts: Sequence[str], few: Sequence[str]) -> str:
        """Take compiled models where they are faster; returns why there are none, or nothing."""
        try:
            for name in {self.single[0], self.bulk[0]}:
                compiled = self.torch.compile(self.models[name], dynamic=True)
                self.models[f"compiled {name}"] = compiled
            own = {way: (f"compiled {way[0]}", way[1]) for way in (self.single, self.bulk)}
            single, bulk = own[self.single], own[self.bulk]
            if self._time(self._each, few, single) < self._time(self._each, few, self.single):
                self.single = single
            compiled_time = self._time(self._batches, texts, bulk, _BATCH)
            if compiled_time < self._time(self._batches, texts, self.bulk, _BATCH):
                self.bulk = bulk
        except Exception as error:  # noqa: BLE001 - a compiler that is not there, or fails
            return f"failed: {type(error).__name__}"
        return ""

    def _time(self, run: Callable[..., object], *given: object) -> float:
        """Take the least time of a few, the first of which warms up."""
        return min(_seconds(run, *given) for _ in range(_TRIED))

    def one(self, text: str) -> object:
        return self._each([text], self.single)

    def many(self, texts: Sequence[str]) -> object:
        return self._batches(texts, self.bulk, self.size)

    def _each(self, texts: Sequence[str], way: tuple[str, bool]) -> object:
        return [self._batches([text], way, 1) for text in texts]

    def _batches(self, texts: Sequence[str], way: tuple[str, bool], size: int) -> object:
        name, bf16 = way
        torch, model = self.torch, self.models[name]
        ids = self.tokenizer(list(texts), truncation=True, max_length=_LONGEST)["input_ids"]
        answers: list[Any] = [None] * len(texts)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            for places in _by_length(ids, size):
                rows, mask = map(torch.from_numpy, _padded([ids[place] for place in places]))
                found = model(input_ids=rows, attention_mask=mask).logits.float().sigmoid()
                for place, row in zip(places, found.tolist(), strict=True):
                    answers[place] = row
        return answers


class Graph(_Settled):
    """A graph in onnxruntime; in bulk, batches of 32 sorted by length."""

    def __init__(self, path: Path, tokenizer: Path, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.enable_truncation(_LONGEST)

    def one(self, text: str) -> object:
        return self._run([self.tokenizer.encode(text).ids])

    def many(self, texts: Sequence[str]) -> object:
        ids = [encoded.ids for encoded in self.tokenizer.encode_batch(list(texts))]
        answers: list[Any] = [None] * len(texts)
        for places in _by_length(ids, _BATCH):
            for place, row in zip(places, self._run([ids[p] for p in places]), strict=True):
                answers[place] = row
        return answers

    def _run(self, ids: Sequence[Sequence[int]]) -> list[list[float]]:
        rows, mask = _padded(ids)
        (logits,) = self.session.run(None, {"input_ids": rows, "attention_mask": mask})
        return (1 / (1 + np.exp(-logits))).tolist()


class Linear(_Settled):
    """TF-IDF and logistic regressions, fitted on the authored corpus; one thread, whatever."""

    def __init__(self, folder: Path) -> None:
        import joblib

        self.model = joblib.load(folder / LINEAR)

    def one(self, text: str) -> object:
        return self.model.predict_proba([text]).tolist()

    def many(self, texts: Sequence[str]) -> object:
        return self.model.predict_proba(texts).tolist()


class Vader(_Settled):
    """A lexicon with rules; one thread, whatever."""

    def __init__(self) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self.vader = SentimentIntensityAnalyzer()

    def one(self, text: str) -> object:
        return self.vader.polarity_scores(text)

    def many(self, texts: Sequence[str]) -> object:
        return [self.vader.polarity_scores(text) for text in texts]


class Heard(_Settled):
    """A bundle of ours; ``bundle`` is what `heard.load` takes."""

    def __init__(self, bundle: str | None, threads: int) -> None:
        import heard

        self.analyzer = heard.load(bundle, threads=threads)

    def one(self, text: str) -> object:
        return self.analyzer.assess(text)

    def many(self, texts: Sequence[str]) -> object:
        return self.analyzer.assess_many(texts)


def make(name: str, bundle: str | None, folder: Path, threads: int) -> Peer:
    """Load the peer of this name; one that is none of ``TITLES`` is a bundle."""
    tokenizer = folder / CLASSIFIER / "tokenizer.json"
    makers: dict[str, Callable[[], Peer]] = {
        "pipeline": lambda: Pipeline(folder, threads),
        "torch": lambda: Torch(folder, threads),
        "onnxruntime": lambda: Graph(folder / CLASSIFIER_GRAPH, tokenizer, threads),
        "roberta": lambda: Graph(folder / ROBERTA_GRAPH, tokenizer, threads),
        "linear": lambda: Linear(folder),
        "vader": Vader,
    }
    return makers.get(name, lambda: Heard(bundle, threads))()


def _named(way: tuple[str, bool]) -> str:
    return f"{'bf16' if way[1] else 'fp32'}, {way[0]} attention"


def _seconds(run: Callable[..., object], *given: object) -> float:
    started = time.perf_counter()
    run(*given)
    return time.perf_counter() - started


def _by_length(ids: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _padded(ids: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
    mask = np.zeros_like(rows)
    for place, row in enumerate(ids):
        rows[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return rows, mask
