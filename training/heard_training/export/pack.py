"""Writes a bundle: files beside a manifest that pins them, complete or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from heard.bundle import (
    GRAPH_INPUTS,
    GRAPH_OUTPUTS,
    LABELS,
    MANIFEST,
    MODEL,
    SCHEMA,
    TOKENIZER,
    read_bundle,
    sha256_of,
)
from heard.text import NORMALISATION
from heard.tokens import MessageTokenizer
from heard_training.config import Config
from heard_training.files import write_whole, written_whole
from heard_training.learn.calibrate import Fitted

__all__ = ["pack", "write_manifest"]


def pack(
    graph: Path,
    tokenizer: MessageTokenizer,
    fitted: Fitted,
    config: Config,
    scheme: str,
    training: dict[str, Any],
    folder: Path,
) -> None:
    """Write ``folder`` under a temporary name, read it as a loader would, then rename it."""
    with written_whole(folder) as partial:
        shutil.copyfile(graph, partial / MODEL)
        tokenizer.tokenizer.save(str(partial / TOKENIZER))
        manifest = {
            "schema": SCHEMA,
            "name": config.export.name,
            "version": config.export.version,
            "labels": LABELS,
            "inputs": {
                "window": tokenizer.window,
                "overlap": tokenizer.overlap,
                "max_characters": tokenizer.max_characters,
                "normalisation": NORMALISATION,
            },
            "graph": {
                "inputs": list(GRAPH_INPUTS),
                "outputs": {name: list(shape) for name, shape in GRAPH_OUTPUTS.items()},
                "scheme": scheme,
            },
            "pooling": fitted.pooling,
            "calibration": fitted.calibration.to_dict(),
            "thresholds": fitted.thresholds.to_dict(),
            "uncertain": {name: list(band) for name, band in fitted.uncertain.items()},
            "files": {
                name: {
                    "sha256": sha256_of(partial / name),
                    "bytes": (partial / name).stat().st_size,
                }
                for name in (MODEL, TOKENIZER)
            },
            "training": {**training, "calibrate": fitted.record},
            "metrics": {},
            "parity": {},
        }
        write_manifest(partial, manifest)
        read_bundle(partial)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``bundle.json`` whole or not at all."""
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
