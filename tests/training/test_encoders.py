"""Encoders of every family: each trains, exports with equal logits, and answers in heard."""

import json
from pathlib import Path

import pytest
from tokenizers import (
    BertWordPieceTokenizer,
    ByteLevelBPETokenizer,
    SentencePieceUnigramTokenizer,
    processors,
)

import heard
from heard.labels import TARGET_NAMES

pytest.importorskip("torch")

import torch
import transformers

from heard_training.cli import main
from heard_training.config import load_config
from heard_training.errors import TrainingError
from heard_training.export.parity import PROBES
from heard_training.learn import machine
from heard_training.learn.network import HeardNetwork

pytestmark = pytest.mark.slow

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
}


def wordpiece(texts):
    made = BertWordPieceTokenizer(lowercase=True)
    made.train_from_iterator(texts, vocab_size=600, show_progress=False)
    return made


def byte_level(texts):
    made = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(texts, vocab_size=600, special_tokens=special, show_progress=False)
    pairs = [(mark, made.token_to_id(mark)) for mark in ("</s>", "<s>")]
    made._tokenizer.post_processor = processors.RobertaProcessing(*pairs)
    return made


def unigram(texts):
    made = SentencePieceUnigramTokenizer()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    unknown = {"unk_token": special[3]}
    made.train_from_iterator(
        texts, vocab_size=600, special_tokens=special, show_progress=False, **unknown
    )
    marks = [(mark, made.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")]
    made._tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=marks
    )
    return made


FAMILIES = {
    "bert": (wordpiece, {}),
    "roberta": (byte_level, {"pad_token_id": 1, "type_vocab_size": 1}),
    "distilbert": (wordpiece, {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}),
    # As DeBERTa v3 is: relative positions alone, shared between keys and queries.
    "deberta-v2": (
        unigram,
        {
            "relative_attention": True,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
            "position_biased_input": False,
            "type_vocab_size": 0,
        },
    ),
    "modernbert": (
        byte_level,
        # A window of attention that is smaller than the messages, in one layer of two.
        {"local_attention": 8, "global_attn_every_n_layers": 2, "pad_token_id": 1},
    ),
}


@pytest.fixture(params=FAMILIES)
def encoder(request, authored_rows, tmp_path) -> Path:
    """An encoder of random weights with a tokenizer of its family, as a hub's folder holds them."""
    train, settings = FAMILIES[request.param]
    tokenizer = train([row["text"] for row in authored_rows])
    folder = tmp_path / "encoder"
    sizes = {} if request.param == "distilbert" else SIZES
    torch.manual_seed(1)
    config = transformers.AutoConfig.for_model(
        request.param, vocab_size=tokenizer.get_vocab_size(), **{**sizes, **settings}
    )
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_any_encoder_becomes_a_bundle(encoder, tiny_config, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["run", "--config", str(tiny_config), "--base-model", str(encoder)]
    assert main([*command, "--set", "fit.epochs=1", "--out", str(out)]) == 0
    manifest = json.loads((out / "bundle/bundle.json").read_text())
    assert manifest["parity"]["largest_logit_difference_to_torch"] < 2e-3
    assert manifest["training"]["config"]["network"]["encoder"] == "encoder"
    analyzer = heard.load(out / "bundle")
    texts = [*PROBES, "One of many words. " * 40]
    found = analyzer.assess_many(texts)
    assert found[-1].windows > 1
    assert {len(a.emotions) + 1 for a in found} == {len(TARGET_NAMES)}
    risks = [analyzer.assess(text).escalation.risk for text in texts]
    # One message is spread over threads, of many each has its own: fp32 sums may differ by a bit.
    assert [a.escalation.risk for a in found] == pytest.approx(risks, abs=1e-6)


@pytest.mark.parametrize("units", [True, False])
def test_attention_is_chosen_on_any_machine(encoder, units, tiny_config, monkeypatch):
    monkeypatch.setattr(machine, "computes_bf16", lambda gpu: units)
    network = HeardNetwork.from_encoder(str(encoder), load_config(tiny_config, ("fit.bf16=true",)))
    chosen = network.encoder.config._attn_implementation
    has_fused = network.encoder._supports_sdpa
    assert chosen == ("eager" if units or not has_fused else "sdpa")


def test_attention_that_an_encoder_lacks_is_refused(encoder, tiny_config):
    config = load_config(tiny_config, ("network.attention=sdpa",))
    if transformers.AutoConfig.from_pretrained(encoder).model_type == "deberta-v2":
        with pytest.raises(TrainingError, match="leave it at 'auto'"):
            HeardNetwork.from_encoder(str(encoder), config)
    else:
        network = HeardNetwork.from_encoder(str(encoder), config)
        assert network.encoder.config._attn_implementation == "sdpa"
