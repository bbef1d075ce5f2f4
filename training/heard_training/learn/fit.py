"""Fits the network with ``transformers.Trainer``.

Resuming, bf16, accumulation, progress bars and ``torchrun`` come with it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import Trainer, TrainingArguments, set_seed

from heard.labels import BIO
from heard.session import available_cpus
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.data.features import IGNORED_TAG, collate, encode_rows
from heard_training.errors import TrainingError
from heard_training.files import written_whole
from heard_training.learn.encoder import load_tokenizer, resolve_encoder
from heard_training.learn.machine import computes_bf16
from heard_training.learn.network import HeardNetwork

__all__ = ["fit", "load_checkpoint"]

_RECORD = "training.json"
_PACKAGES = ("torch", "transformers", "datasets", "tokenizers", "onnx", "onnxruntime", "numpy")


def load_checkpoint(
    folder: Path, config: Config
) -> tuple[HeardNetwork, MessageTokenizer, dict[str, Any]]:
    """Load a fitted network, its tokenizer and its training record."""
    if not (folder / _RECORD).is_file():
        raise TrainingError(f"There is no fitted network at {folder}: run `heard-train fit`.")
    network = HeardNetwork.from_pretrained(folder, dtype=torch.float32)
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    return network.eval(), load_tokenizer(str(folder), config), record


def fit(
    config: Config,
    corpus: dict[str, Dataset],
    summary: dict[str, Any],
    folder: Path,
    *,
    resume: bool = False,
) -> Path:
    """Train on ``corpus["train"]`` and write a bf16 checkpoint with its record to ``folder``.

    Interrupted work lies under ``folder``.work and is taken up again with ``resume``.
    """
    started = time.monotonic()
    set_seed(config.fit.seed)
    name = resolve_encoder(config.network.encoder)
    tokenizer = load_tokenizer(name, config)
    rows = encode_rows(corpus["train"], tokenizer)
    network = HeardNetwork.from_encoder(name, config)
    network.start_at_base_rates(*_base_rates(rows))
    work = folder.with_name(folder.name + ".work")
    if not resume and int(os.environ.get("RANK", "0")) == 0:
        shutil.rmtree(work, ignore_errors=True)  # an older run's steps would be taken up instead
    trainer = Trainer(
        model=network,
        args=_arguments(config, work),
        train_dataset=rows,
        data_collator=collate,
        optimizers=(_optimizer(network, config), None),
    )
    with contextlib.redirect_stdout(sys.stderr):  # where Trainer would write its progress
        trainer.train(resume_from_checkpoint=_last(work) if resume else None)
    if trainer.is_world_process_zero():
        record = {
            "config": config.to_dict(),
            "data": summary,
            "rows": len(rows),
            "rows_longer_than_window": int((np.array(rows["windows"]) > 1).sum()),
            "minutes": round((time.monotonic() - started) / 60, 1),
            "loss": round(float(trainer.state.log_history[-1].get("train_loss", float("nan"))), 4),
            **_provenance(),
        }
        _save(network, tokenizer, record, folder)
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _arguments(config: Config, work: Path) -> TrainingArguments:
    fit = config.fit
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=fit.epochs,
        per_device_train_batch_size=fit.batch_size,
        gradient_accumulation_steps=fit.accumulation,
        warmup_steps=fit.warmup_share,  # below one: a share of all steps
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        bf16=fit.bf16 and computes_bf16(),
        use_cpu=not torch.cuda.is_available(),
        seed=fit.seed,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        remove_unused_columns=False,
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=50,
        report_to="none",
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def _optimizer(network: HeardNetwork, config: Config) -> torch.optim.Optimizer:
    """AdamW with a higher rate for the fresh heads and no decay on biases and norms.

    Lower layers of the encoder may learn more slowly (ULMFiT, Howard and Ruder 2018).
    """
    fit, layers = config.fit, network.encoder.config.num_hidden_layers
    groups: dict[tuple[float, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        rate = fit.head_learning_rate
        if name.startswith("encoder."):
            rate = fit.learning_rate * fit.layer_decay ** _depth(name, layers)
        groups.setdefault((rate, parameter.ndim > 1), []).append(parameter)
    settings = [
        {
            "params": parameters,
            "lr": rate,
            "weight_decay": fit.weight_decay if decays else 0.0,
        }
        for (rate, decays), parameters in groups.items()
    ]
    return torch.optim.AdamW(settings, fused=True)


def _depth(name: str, layers: int) -> int:
    """Count the layers above a parameter: all for the embeddings, none for what follows them."""
    found = re.search(r"\.layers?\.(\d+)\.", name)
    if found:
        return layers - 1 - int(found[1])
    return layers if "embed" in name else 0


def _base_rates(rows: Dataset) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rates = []
    for group in ("level", "signal"):
        targets = np.array(rows[f"{group}_targets"][:])
        mask = np.array(rows[f"{group}_mask"][:])
        rates.append(torch.tensor((targets * mask).sum(0) / np.maximum(mask.sum(0), 1)))
    tags = np.concatenate([np.asarray(row) for row in rows["span_tags"]])
    counts = np.stack([(tags == tag).sum(0) for tag in range(len(BIO))], axis=-1).astype(float)
    counts[counts.sum(-1) == 0] = 1.0  # a kind that no row knows
    share = counts / counts.sum(-1, keepdims=True)
    if (tags != IGNORED_TAG).sum() == 0:
        share[:] = 1 / len(BIO)
    return rates[0].float(), rates[1].float(), torch.tensor(share).float()


def _last(work: Path) -> str | None:
    """Find the newest checkpoint of interrupted work; ``None`` starts from the beginning."""
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    return str(found[-1]) if found else None


def _provenance() -> dict[str, Any]:
    git = shutil.which("git")
    revision = ""
    if git:
        asked = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True)
        revision = asked.stdout.strip()
    return {
        "python": platform.python_version(),
        "cpus": available_cpus(),
        "threads": torch.get_num_threads(),
        "bf16_units": computes_bf16(),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "revision": revision,
    }


def _save(
    network: HeardNetwork, tokenizer: MessageTokenizer, record: dict[str, Any], folder: Path
) -> None:
    with written_whole(folder) as partial:
        network.to(torch.bfloat16).save_pretrained(partial)
        tokenizer.tokenizer.save(str(partial / "tokenizer.json"))
        (partial / _RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
