"""Fixtures: the shipped bundle, and a tiny one that the whole pipeline made here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import heard
from heard.bundle import default_path

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def analyzer() -> heard.Analyzer:
    """The shipped model."""
    return heard.load()


@pytest.fixture
def bundle_copy(tmp_path: Path) -> Path:
    """A copy of the shipped bundle that a test may damage."""
    return Path(shutil.copytree(default_path(), tmp_path / "bundle"))


@pytest.fixture(scope="session")
def authored_rows() -> list[dict]:
    """A few hundred authored rows: one whole slice."""
    lines = (ROOT / "data/authored/dignity.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory, authored_rows) -> Path:
    """A two-layer BERT of random weights with a vocabulary learned from authored rows."""
    torch = pytest.importorskip("torch")
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(
        [row["text"] for row in authored_rows], vocab_size=800, show_progress=False
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory, authored_rows) -> Path:
    """An authored folder of 160 rows, and a folder of local texts beside it."""
    folder = tmp_path_factory.mktemp("data")
    test = [row for row in authored_rows if row["split"] == "test"][:20]
    train = [row for row in authored_rows if row["split"] == "train"][:140]
    (folder / "authored").mkdir()
    _write(folder / "authored/dignity.jsonl", train + test)
    public = [
        {
            "source": source,
            "source_id": f"{source}-{place}",
            "text": f"{row['text']} ({source})",
            "levels": row["levels"],
            "signals": row["signals"],
            "spans": {"problem": [], "need": [], "feeling": []},
        }
        for place, (row, source) in enumerate(
            zip(authored_rows[200:240], ["cfpb", "twcs", "multidogo", "acme"] * 10, strict=True)
        )
    ]
    (folder / "texts/messages").mkdir(parents=True)
    _write(folder / "texts/messages/train.jsonl", public)
    dev = [
        {**row, "source": "twcs", "sample": "plain", "annotations": [_labels(row)] * 2}
        for row in public[:12]
    ]
    _write(folder / "texts/messages/dev.jsonl", dev)
    return folder


def _labels(row: dict) -> dict:
    return {name: row[name] for name in ("levels", "signals", "spans")}


def _write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory, tiny_encoder, tiny_data) -> Path:
    """A configuration file for the tiny encoder, as a user would write it."""
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(
        f"""
        [data]
        authored = "{tiny_data / "authored"}"
        sources = "{ROOT / "data/sources.toml"}"
        texts = "{tiny_data / "texts"}"
        calibration_share = 0.3
        [network]
        encoder = "{tiny_encoder}"
        window = 48
        overlap = 8
        [fit]
        epochs = 15
        learning_rate = 2e-3
        head_learning_rate = 5e-3
        bf16 = false
        [calibrate]
        resamplings = 10
        [export]
        name = "tiny"
        """,
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def tiny_prepared(tmp_path_factory, tiny_config) -> Path:
    """The folder of a run whose corpus is prepared; copy it to train there."""
    from heard_training.config import load_config
    from heard_training.run import prepare_run

    out = tmp_path_factory.mktemp("prepared") / "out"
    prepare_run(load_config(tiny_config), out)
    return out


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory, tiny_config) -> Path:
    """The folder of a whole run over the tiny data: corpus, checkpoint, bundle, metrics."""
    from heard_training.config import load_config
    from heard_training.run import run_all

    out = tmp_path_factory.mktemp("run") / "out"
    run_all(load_config(tiny_config), out)
    return out
