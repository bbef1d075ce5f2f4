"""Fits the network with ``transformers.Trainer``.

bf16, progress bars, checkpoints and the processes of ``torchrun`` come with it; ``steps`` sees to
it that a step is the same however many share it, ``checkpoints`` that what is taken up is whole.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import json
import logging
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, disable_progress_bars
from transformers import PretrainedConfig, TrainingArguments, set_seed
from transformers.utils import logging as transformers_logging

from heard.labels import BIO
from heard.session import available_cpus
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.data.features import IGNORED_TAG, collate, encode_rows
from heard_training.data.joined import with_joined
from heard_training.errors import TrainingError
from heard_training.files import write_lines, written_whole
from heard_training.learn.checkpoints import Complete, last_checkpoint, origin_of
from heard_training.learn.encoder import load_tokenizer, resolve_encoder
from heard_training.learn.machine import computes_bf16, uses_gpu
from heard_training.learn.network import HeardConfig, HeardNetwork
from heard_training.learn.rounding import RoundLate
from heard_training.learn.steps import StepTrainer
from heard_training.learn.teach import places_of, read_unlabelled, taught, with_unlabelled
from heard_training.processes import is_first, processes, rank

__all__ = ["fit", "load_checkpoint", "load_network", "save_checkpoint"]

_log = logging.getLogger(__name__)

_RECORD = "training.json"
#: Messages on which the grids of rounded products are placed.
_OBSERVED, _OBSERVED_BATCH = 512, 16
#: The loss, the rate and the norm of the gradient every so many steps, a line each.
_LOSSES = "losses.jsonl"
_PACKAGES = ("torch", "transformers", "datasets", "tokenizers", "onnx", "onnxruntime", "numpy")


def load_checkpoint(
    folder: Path, config: Config
) -> tuple[HeardNetwork, MessageTokenizer, dict[str, Any]]:
    """Load a fitted network, its tokenizer and its training record."""
    if not (folder / _RECORD).is_file():
        raise TrainingError(f"There is no fitted network at {folder}: run `heard-train fit`.")
    network = load_network(str(folder))
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    return network.eval(), load_tokenizer(str(folder), config), record


def load_network(name: str) -> HeardNetwork:
    """Load a fitted network, encoder and heads.

    Raises:
        TrainingError: when there is none.
    """
    try:
        known, _ = PretrainedConfig.get_config_dict(name)
    except OSError:
        known = {}
    if known.get("model_type") != HeardConfig.model_type:
        raise TrainingError(
            f"{name} is no fitted network to go on from: give shipped, or the checkpoint of a run; "
            "an encoder without heads is --base-model."
        )
    return HeardNetwork.from_pretrained(name, dtype=torch.float32)


def fit(
    config: Config,
    corpus: dict[str, Dataset],
    summary: dict[str, Any],
    folder: Path,
    *,
    resume: bool = False,
) -> Path:
    """Train on ``corpus["train"]`` and write a bf16 checkpoint with its record to ``folder``.

    Interrupted work lies under ``folder``.work and is taken up again with ``resume``: on a CPU the
    weights then are, bit by bit, those of a run that was left alone, by as many threads.

    Under ``torchrun`` every process calls this and the first one writes. The losses are those of
    one process with as many rows a step, but for rounding: sums are taken in another order, and
    messages padded to other lengths. Without dropout, in fp32, tests hold each step's loss to 1e-5
    of one process's; with it, processes draw what they drop for themselves.

    Raises:
        TrainingError: when ``resume`` finds work that began with other values or rows, and when the
            machine lacks what ``config`` demands.
    """
    started = time.monotonic()
    gpu = uses_gpu(config.fit.device)
    if not is_first():
        _hush()
    work = folder.with_name(folder.name + ".work")
    origin = origin_of(config, summary)
    last = last_checkpoint(work, origin) if resume else None
    if is_first() and not resume:
        shutil.rmtree(work, ignore_errors=True)  # else a later --resume might take it up
    set_seed(config.fit.seed)
    name = resolve_encoder(config.network.start or config.network.encoder)
    tokenizer = load_tokenizer(name, config)
    rows = encode_rows(corpus["train"], tokenizer)
    network = HeardNetwork.from_encoder(name, config)
    network.start_at_base_rates(*_base_rates(rows))
    if config.network.start:
        network.take_heads(load_network(name))
    rows, lessons = _lessons(config, corpus, rows, tokenizer)
    single = len(rows)
    rows = with_joined(rows, config.fit.joined_share, config.fit.seed, tokenizer)
    trainer = StepTrainer(
        model=network,
        args=_arguments(config, work, gpu),
        train_dataset=rows,
        data_collator=collate,
        optimizers=(_optimizer(network, config), None),
        callbacks=[
            Complete(origin),
            RoundLate(network, config.fit.rounded_share, lambda: _observed(rows)),
        ],
    )
    torch.manual_seed(config.fit.seed + rank())  # or all processes would drop the same places
    with contextlib.redirect_stdout(sys.stderr):  # where Trainer would write its progress
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    if is_first():
        losses = [entry for entry in trainer.state.log_history if "loss" in entry]
        record = {
            "config": config.to_dict(),
            "data": summary,
            "rows": single,
            "joined": len(rows) - single,
            **lessons,
            "rows_longer_than_window": int((np.array(rows["windows"]) > 1).sum()),
            "minutes": round((time.monotonic() - started) / 60, 1),
            "loss": round(_mean(losses), 4),
            **_provenance(gpu),
        }
        save_checkpoint(network, tokenizer, record, folder, losses)
        shutil.rmtree(work, ignore_errors=True)
    accelerator = trainer.accelerator
    del trainer
    # DistributedDataParallel goes before the process group: were it the last to hold the group, its
    # end would wait, with Python's lock, for a thread of gloo that may be waiting for that lock.
    accelerator.free_memory()
    gc.collect()
    accelerator.end_training()
    return folder


def _lessons(
    config: Config, corpus: dict[str, Dataset], rows: Dataset, tokenizer: MessageTokenizer
) -> tuple[Dataset, dict[str, Any]]:
    """Add what teachers say of the rows, and of unlabelled messages; returns a record of it too."""
    fit = config.fit
    if not fit.teachers:
        if config.data.unlabelled:
            raise TrainingError("data.unlabelled needs fit.teachers: networks that label them.")
        if fit.untaught:
            raise TrainingError("fit.untaught needs fit.teachers: leave it out, or name them.")
        return rows, {}
    untaught = places_of(fit.untaught, rows)
    texts: list[str] = []
    if config.data.unlabelled:
        known = [text for split in corpus.values() for text in split["text"]]
        texts = read_unlabelled(Path(config.data.unlabelled), known, config.data.unlabelled_rows)
    rows = with_unlabelled(rows, texts, tokenizer)
    fitted = [load_checkpoint(_checkpoint_of(name), config) for name in fit.teachers]
    records = [record for _, _, record in fitted]
    _log.info("%d teachers read %d messages", len(fitted), len(rows))
    networks = [network for network, _, _ in fitted]
    rows = taught(rows, networks, fit.taught_share, tokenizer, untaught)
    return rows, {
        "unlabelled": len(texts),
        **({"untaught": len(untaught)} if untaught else {}),
        "teachers": [
            {"seed": record["config"]["fit"]["seed"], "rows": record["rows"]} for record in records
        ],
    }


def _checkpoint_of(run: str) -> Path:
    """Find the checkpoint of a run, or of the shipped network."""
    place = Path(resolve_encoder(run))
    return place / "checkpoint" if (place / "checkpoint").is_dir() else place


def _observed(rows: Dataset) -> Iterator[dict[str, torch.Tensor]]:
    """Batches of some of the rows, on which grids are placed."""
    chosen = np.random.default_rng(0).permutation(len(rows))[:_OBSERVED].tolist()
    for start in range(0, len(chosen), _OBSERVED_BATCH):
        yield collate([rows[place] for place in chosen[start : start + _OBSERVED_BATCH]])


def _hush() -> None:
    """Leave bars and notes to the first process."""
    disable_progress_bars()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()


def _arguments(config: Config, work: Path, gpu: bool) -> TrainingArguments:
    fit = config.fit
    arguments = TrainingArguments(
        output_dir=str(work),
        num_train_epochs=fit.epochs,
        per_device_train_batch_size=fit.batch_size,
        gradient_accumulation_steps=fit.accumulation,
        average_tokens_across_devices=True,
        warmup_steps=fit.warmup_share,  # below one: a share of all steps
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        bf16=fit.bf16 and computes_bf16(gpu),
        use_cpu=not gpu,
        seed=fit.seed,
        remove_unused_columns=False,
        save_strategy="steps" if fit.save_steps else "epoch",
        save_steps=fit.save_steps or 1,
        save_total_limit=2,  # the one that is being written, and one that is whole
        logging_steps=fit.log_steps,
        report_to="none",
        dataloader_pin_memory=gpu,
    )
    if arguments.n_gpu > 1:
        _log.info("training on one of %d GPUs: torchrun would use all", arguments.n_gpu)
        arguments._n_gpu = 1  # else Trainer would wrap the network in torch's older DataParallel
    return arguments


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


def _mean(losses: Sequence[Mapping[str, float]]) -> float:
    """Average logged losses over all steps; each is a mean over the steps since the one before."""
    ends = [entry["step"] for entry in losses]
    return float(np.average([entry["loss"] for entry in losses], weights=np.diff(ends, prepend=0)))


def _provenance(gpu: bool) -> dict[str, Any]:
    git = shutil.which("git")
    revision = ""
    if git:
        asked = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True)
        revision = asked.stdout.strip()
    return {
        "python": platform.python_version(),
        "cpus": available_cpus(),
        "threads": torch.get_num_threads(),
        "processes": processes(),
        "gpu": torch.cuda.get_device_name() if gpu else "",
        "bf16_units": computes_bf16(gpu),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "revision": revision,
    }


def save_checkpoint(
    network: HeardNetwork,
    tokenizer: MessageTokenizer,
    record: dict[str, Any],
    folder: Path,
    losses: Sequence[Mapping[str, float]] = (),
) -> None:
    """Write a fitted network in bfloat16, its tokenizer and its record, whole or not at all."""
    with written_whole(folder) as partial:
        network.to(torch.bfloat16).save_pretrained(partial)
        tokenizer.tokenizer.save(str(partial / "tokenizer.json"))
        (partial / _RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        if losses:
            write_lines(partial / _LOSSES, map(json.dumps, losses))
