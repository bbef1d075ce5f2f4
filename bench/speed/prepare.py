"""Makes what the peers are loaded from: `python -m bench.speed.prepare FOLDER NAME...`.

Prints, as JSON, why a peer could not be made. The network's encoder is that of the checkpoint in
this repository; its labels' weights become the head of a plain sequence classifier, which a
transformers pipeline can run.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import ROOT

__all__ = ["CLASSIFIER", "CLASSIFIER_GRAPH", "LINEAR", "ROBERTA_GRAPH"]

#: Names of files and folders below the working folder.
CLASSIFIER, CLASSIFIER_GRAPH = "classifier", "classifier.onnx"
ROBERTA_GRAPH, LINEAR = "roberta-int8.onnx", "linear.joblib"

_CHECKPOINT = ROOT / "training/checkpoint"
_LONGEST = 512
#: Labels of the public emotion models of this make.
_EMOTIONS = 28
_OPSET = 17


def classifier(folder: Path) -> None:
    """Write the fine-tuned encoder with a linear head, and its tokenizer, as transformers does."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    from heard_training.learn.network import HeardNetwork
    from heard_training.learn.rounding import plain_products

    network = HeardNetwork.from_pretrained(_CHECKPOINT, dtype=torch.float32)
    plain_products(network.encoder)  # transformers knows no others
    known = network.config
    names = [f"{name}_{level}" for name in known.targets for level in range(1, known.max_level + 1)]
    names += known.signals
    config = BertConfig.from_dict(
        known.encoder
        | {
            "id2label": dict(enumerate(names)),
            "label2id": {name: place for place, name in enumerate(names)},
            "problem_type": "multi_label_classification",
        }
    )
    model = BertForSequenceClassification(config)
    model.bert.load_state_dict(network.encoder.state_dict(), strict=False)  # it has no pooler
    with torch.no_grad():
        model.classifier.weight.copy_(torch.cat([network.levels.weight, network.signals.weight]))
        model.classifier.bias.copy_(torch.cat([network.levels.bias, network.signals.bias]))
    model.save_pretrained(folder / CLASSIFIER)
    BertTokenizerFast(
        tokenizer_file=str(_CHECKPOINT / "tokenizer.json"), model_max_length=_LONGEST
    ).save_pretrained(folder / CLASSIFIER)


def classifier_graph(folder: Path) -> None:
    """Write the classifier as torch exports it: fp32, nothing fused."""
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(folder / CLASSIFIER)
    _export(model, folder / CLASSIFIER_GRAPH)


def roberta_graph(folder: Path) -> None:
    """Write a RoBERTa-base of random weights in dynamic int8, as onnxruntime quantises it."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import RobertaConfig, RobertaForSequenceClassification

    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1, num_labels=_EMOTIONS
    )
    whole = folder / "roberta.onnx"
    _export(RobertaForSequenceClassification(config), whole)
    quantize_dynamic(whole, folder / ROBERTA_GRAPH, weight_type=QuantType.QInt8)
    whole.unlink()


def linear(folder: Path) -> None:
    """Fit TF-IDF of words and characters, with a logistic regression per label, on the corpus."""
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    from heard.labels import MAX_LEVEL, SIGNAL_NAMES, TARGET_NAMES

    lines = [
        json.loads(line)
        for path in sorted((ROOT / "data/authored").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    rows = [row for row in lines if row["split"] == "train"]
    truth = [
        [int(row["levels"][name] >= k) for name in TARGET_NAMES for k in range(1, MAX_LEVEL + 1)]
        + [int(name in row["signals"]) for name in SIGNAL_NAMES]
        for row in rows
    ]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=200_000
    )
    fitted = make_pipeline(
        make_union(words, characters), OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    ).fit([row["text"] for row in rows], truth)
    joblib.dump(fitted, folder / LINEAR)


def _export(model: Any, target: Path) -> None:  # noqa: ANN401 - transformers' own
    import torch

    rows = {0: "batch", 1: "length"}
    ids = torch.tensor([[101, 102, 103, 104], [101, 102, 1, 1]])
    model = model.eval()
    model.set_attn_implementation("eager")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the exporter's age, and of shapes it reads
        torch.onnx.export(
            model,
            (ids, (ids > 1).long()),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": rows, "attention_mask": rows, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )


#: What each peer needs, in the order in which it is made.
_STEPS: dict[str, tuple[Callable[[Path], None], ...]] = {
    "pipeline": (classifier,),
    "torch": (classifier,),
    "onnxruntime": (classifier, classifier_graph),
    "roberta": (classifier, roberta_graph),
    "linear": (linear,),
}


def main() -> None:
    """Make what the named peers need, each step once; a peer that cannot be made is told of."""
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    done: set[Callable[[Path], None]] = set()
    failed = {}
    for name in names:
        try:
            for step in _STEPS.get(name, ()):
                if step not in done:
                    step(folder)
                    done.add(step)
        except Exception as error:  # noqa: BLE001 - whatever a library may raise, others go on
            failed[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
    print(json.dumps(failed))


if __name__ == "__main__":
    main()
