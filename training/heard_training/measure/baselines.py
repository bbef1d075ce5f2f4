"""Opponents of the shipped model, fitted on the same rows and measured on the same splits.

Each gives logits; calibration and thresholds are then fitted on the same rows kept aside, by the
same code, so that what is compared is what the opponents know, not how they were tuned.
(VADER gives one score; its threshold is that of the best F1 on those rows.)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from datasets import Dataset, DatasetDict
from scipy.sparse import hstack, issparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from heard import load
from heard.decode import probabilities
from heard.labels import EMOTION_NAMES, MAX_LEVEL, TARGET_NAMES
from heard.text import normalise
from heard_training.config import Config
from heard_training.data.features import pad
from heard_training.errors import TrainingError
from heard_training.learn.calibrate import fit_decisions
from heard_training.learn.encoder import load_tokenizer, resolve_encoder
from heard_training.markdown import between, table, three
from heard_training.measure import metrics
from heard_training.measure.answers import Answers, Gold, ask, decided
from heard_training.measure.compare import KEY_FIGURES, RESAMPLINGS, differences
from heard_training.measure.evaluate import figures
from heard_training.measure.metrics import Bools, Floats

__all__ = ["BASELINES", "baselines_page", "measure_baselines"]

_log = logging.getLogger(__name__)

#: Strengths of a logistic regression's fit that are tried; the loss on the rows kept aside decides.
_STRENGTHS = (0.01, 0.1, 1.0, 10.0)
_BATCH = 64

#: Texts of one split to features, given the texts to learn the features from.
Features = Callable[[Sequence[str], Config], Callable[[Sequence[str]], Any]]


def measure_baselines(
    corpus: DatasetDict,
    summary: Mapping[str, Any],
    config: Config,
    bundle: Path | None,
    count: int = RESAMPLINGS,
) -> dict[str, Any]:
    """Fit every baseline, and set the bundle (``None``: the shipped one) against each.

    Raises:
        TrainingError: when the bundle was trained on other rows than ``corpus`` holds.

    Returns:
        Plain values: per split and baseline the key figures of both, with paired bootstrap
        intervals of the difference (the bundle less the baseline).
    """
    analyzer = load(bundle)
    trained_on = analyzer.bundle.manifest["training"]["data"]["sha256"]
    if any(trained_on[split] != summary["sha256"][split] for split in ("train", "calibrate")):
        raise TrainingError(
            f"{analyzer.model.name} {analyzer.model.version} was trained on other rows than these: "
            "give the --config and the --texts that it was trained with."
        )
    splits = {name: corpus[name] for name in ("dev", "test") if len(corpus[name])}
    heard = {name: ask(analyzer, rows["text"][:]) for name, rows in splits.items()}
    gold = {name: Gold.of(rows) for name, rows in splits.items()}
    weights = {name: metrics.resamplings(len(rows), count) for name, rows in splits.items()}
    own = {name: figures(gold[name], heard[name], weights[name]) for name in splits}
    report: dict[str, Any] = {
        "model": {"name": analyzer.model.name, "version": analyzer.model.version},
        "sha256": analyzer.model.sha256,
        "rows": {name: len(rows) for name, rows in corpus.items()},
        "resamplings": count,
        "splits": {name: {} for name in splits},
    }
    for title, fit in BASELINES.items():
        started = time.monotonic()
        answer = fit(corpus["train"], corpus["calibrate"], config)
        for name, rows in splits.items():
            theirs = figures(gold[name], answer(rows["text"][:]), weights[name])
            report["splits"][name][title] = differences(theirs, own[name], KEY_FIGURES)
        _log.info("%s: %.0f seconds", title, time.monotonic() - started)
    calm = _vader(corpus["calibrate"])
    for name, rows in splits.items():
        report["splits"][name]["VADER"] = _calm_or_not(
            gold[name], heard[name], calm, rows, weights[name]
        )
    return report


Answer = Callable[[Sequence[str]], Answers]


def _majority(train: Dataset, _: Dataset, __: Config) -> Answer:
    """Always each target's commonest level, and the signals that most messages have."""
    gold = Gold.of(train)
    by_level = np.array([_rates(column, MAX_LEVEL + 1) for column in gold.levels.T])
    at_least = by_level[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    chances = np.array([_rates(column, 2)[1] for column in gold.signals.T])

    def answer(texts: Sequence[str]) -> Answers:
        count = len(texts)
        return Answers(
            np.broadcast_to(at_least, (count, *at_least.shape)),
            np.broadcast_to(by_level.argmax(axis=1), (count, len(by_level))),
            np.broadcast_to(chances, (count, len(chances))),
            np.broadcast_to(chances > 0.5, (count, len(chances))),
        )

    return answer


def _rates(gold: npt.NDArray[np.int64], values: int) -> Floats:
    """Share of each value among the rows that know one; of zero, all where none does."""
    counts = np.bincount(gold[gold >= 0], minlength=values).astype(float)
    return counts / counts.sum() if counts.sum() else np.eye(values)[0]


def _linear(features: Features) -> Callable[[Dataset, Dataset, Config], Answer]:
    """One logistic regression per output on fixed features."""

    def fit(train: Dataset, calibration: Dataset, config: Config) -> Answer:
        texts = train["text"][:]
        encode = features(texts, config)
        known, aside = encode(texts), encode(calibration["text"][:])
        fits = [
            _regression(known, aside, targets, wanted)
            for targets, wanted in zip(_outputs(train).T, _outputs(calibration).T, strict=True)
        ]

        def logits(encoded: Any) -> tuple[Floats, Floats]:  # noqa: ANN401 - sparse or dense
            columns = np.stack([score(encoded) for score in fits], axis=1)
            split = len(TARGET_NAMES) * MAX_LEVEL
            levels = columns[:, :split].reshape(-1, len(TARGET_NAMES), MAX_LEVEL)
            return np.minimum.accumulate(levels, axis=-1), columns[:, split:]

        by, thresholds = fit_decisions(*logits(aside), calibration, config)
        return lambda texts: decided(*probabilities(*logits(encode(texts)), by), thresholds)

    return fit


def _outputs(rows: Dataset) -> Floats:
    """Every output as one column of soft targets, NaN where a row does not know it."""
    columns = []
    for group in ("level", "signal"):
        targets = np.array(rows[f"{group}_targets"][:])
        mask = np.array(rows[f"{group}_mask"][:])
        columns.append(np.where(mask > 0, targets, np.nan).reshape(len(rows), -1))
    return np.concatenate(columns, axis=1)


def _regression(
    known: Any,  # noqa: ANN401 - sparse or dense
    aside: Any,  # noqa: ANN401 - likewise
    targets: Floats,
    wanted: Floats,
) -> Callable[[Any], Floats]:
    """Fit one output; the strength of the fit that loses least on the rows kept aside wins."""
    sure, asked = ~np.isnan(targets), ~np.isnan(wanted)
    truth = targets[sure] >= 0.5
    if truth.all() or not truth.any():  # always, never, or not known of any row
        constant = 6.0 if truth.any() else -6.0
        return lambda encoded: np.full(encoded.shape[0], constant)

    # The one is fast on many sparse features, the other on a few hundred dense ones.
    solver = "liblinear" if issparse(known) else "lbfgs"

    def fitted(strength: float) -> tuple[float, LogisticRegression]:
        model = LogisticRegression(C=strength, solver=solver, max_iter=300)
        model.fit(known[np.flatnonzero(sure)], truth)
        if not asked.any():
            return strength, model  # nothing to choose by: the weakest fit
        scores = model.decision_function(aside[np.flatnonzero(asked)])
        return float((np.logaddexp(0, scores) - wanted[asked] * scores).mean()), model

    _, best = min(map(fitted, _STRENGTHS), key=lambda tried: tried[0])
    return best.decision_function


def _words_and_characters(texts: Sequence[str], _: Config) -> Callable[[Sequence[str]], Any]:
    """TF-IDF of words (1 to 2) and of characters within words (2 to 5)."""
    plain = [normalise(text).text for text in texts]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=200_000
    )
    words.fit(plain)
    characters.fit(plain)

    def encode(texts: Sequence[str]) -> Any:  # noqa: ANN401 - a sparse matrix
        plain = [normalise(text).text for text in texts]
        return hstack([words.transform(plain), characters.transform(plain)]).tocsr()

    return encode


def _frozen_encoder(texts: Sequence[str], config: Config) -> Callable[[Sequence[str]], Any]:
    """Mean token vectors of the encoder as it comes, each feature scaled."""
    name = resolve_encoder(config.network.encoder)
    tokenizer = load_tokenizer(name, config)
    encoder = AutoModel.from_pretrained(name, dtype=torch.float32).eval()

    @torch.no_grad()
    def vectors(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        # A blank text has no window: its vector is zero.
        ids = [[*w[0].ids] if (w := tokenizer.encode(text).windows) else [] for text in texts]
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        found = np.zeros((len(ids), encoder.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            rows, mask = pad([ids[place] for place in places])
            tokens = encoder(input_ids=rows, attention_mask=mask)[0]
            seen = mask.unsqueeze(-1)
            found[places] = ((tokens * seen).sum(1) / seen.sum(1).clamp(min=1)).numpy()
        return found

    known = vectors(texts)
    scaler = StandardScaler().fit(known)
    return lambda asked: scaler.transform(known if asked is texts else vectors(asked))


#: Names of the baselines, and how each is fitted.
BASELINES: Mapping[str, Callable[[Dataset, Dataset, Config], Answer]] = {
    "majority": _majority,
    "TF-IDF, logistic regression": _linear(_words_and_characters),
    "frozen encoder, logistic regression": _linear(_frozen_encoder),
}


def _some_emotion(gold: Gold) -> tuple[Bools, Bools]:
    """Tell which messages express some emotion, and of which that is known."""
    emotions = gold.levels[:, : len(EMOTION_NAMES)]
    expressed = (emotions >= 1).any(axis=1)
    return expressed, expressed | (emotions >= 0).all(axis=1)


def _vader(calibration: Dataset) -> tuple[SentimentIntensityAnalyzer, float]:
    """VADER (Hutto and Gilbert 2014) with the threshold of the best F1 on the rows kept aside."""
    vader = SentimentIntensityAnalyzer()
    truth, known = _some_emotion(Gold.of(calibration))
    scores, truth = _heat(vader, calibration["text"][:])[known], truth[known]
    weights = metrics.plain(len(truth))
    grid = np.unique(scores)
    best = max(grid, key=lambda least: metrics.f1(truth, scores >= least, weights)[0])
    return vader, float(best)


def _heat(vader: SentimentIntensityAnalyzer, texts: Sequence[str]) -> Floats:
    return np.array([-vader.polarity_scores(text)["compound"] for text in texts])


def _calm_or_not(
    gold: Gold,
    heard: Answers,
    fitted: tuple[SentimentIntensityAnalyzer, float],
    rows: Dataset,
    weights: Floats,
) -> dict[str, Any]:
    """Ask both whether a message is calm: all that VADER, which knows good and bad, can tell."""
    vader, least = fitted
    truth, known = _some_emotion(gold)
    weights = weights * known
    emotions = slice(len(EMOTION_NAMES))
    heat, likely = _heat(vader, rows["text"][:]), heard.at_least[:, emotions, 0].max(axis=1)
    return differences(
        {
            "not_calm.f1": metrics.f1(truth, heat >= least, weights),
            "not_calm.auroc": metrics.auroc(truth, heat, weights),
        },
        {
            "not_calm.f1": metrics.f1(truth, (heard.levels[:, emotions] >= 1).any(axis=1), weights),
            "not_calm.auroc": metrics.auroc(truth, likely, weights),
        },
    )


def baselines_page(report: Mapping[str, Any]) -> str:
    """Lay the report out as Markdown: a table per split."""
    parts = []
    for split, opponents in report["splits"].items():
        rows = [
            (title, name, three(f["other"]), three(f["one"]), between(f))
            for title, found in opponents.items()
            for name, f in found.items()
        ]
        head = ("against", "figure", "heard", "baseline", "difference, 95 % interval")
        parts.append(f"{split}, {report['rows'][split]} rows\n\n" + table(head, rows))
    return "\n\n".join(parts)
