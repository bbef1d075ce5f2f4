"""Interrupted training: which checkpoints are whole, and whether they may be taken up."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from heard_training.config import RUNNING, Config
from heard_training.errors import TrainingError
from heard_training.files import read_json, write_whole
from heard_training.processes import is_first, processes

__all__ = ["Complete", "last_checkpoint", "origin_of"]

_log = logging.getLogger(__name__)

#: Written into a checkpoint when every process has written its part: what training began with.
_ORIGIN = "origin.json"
_ROWS = "rows_sha256"


def origin_of(config: Config, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what must be the same where training is taken up, by the names of the keys."""
    values = config.to_dict()
    origin = {
        f"{table}.{key}": value
        for table in ("heads", "network", "fit")
        for key, value in values[table].items()
        if table != "fit" or key not in RUNNING
    }
    return origin | {"the number of processes": processes(), _ROWS: summary["sha256"]["train"]}


def last_checkpoint(work: Path, origin: Mapping[str, Any]) -> Path | None:
    """Find the newest whole checkpoint; ``None`` where there is none. Broken ones are removed.

    Raises:
        TrainingError: when it was trained with something else than ``origin``.
    """
    whole = [path.parent for path in work.glob(f"checkpoint-*/{_ORIGIN}")]
    if is_first():
        for broken in {*work.glob("checkpoint-*")} - {*whole}:
            shutil.rmtree(broken)
    if not whole:
        _log.info("nothing to take up at %s: training from the beginning", work)
        return None
    last = max(whole, key=lambda path: int(path.name.rpartition("-")[2]))
    began = read_json(last / _ORIGIN)
    for key, value in origin.items():
        if began.get(key) != value:
            what = f"{key} is {value!r} and was {began.get(key)!r} when"
            if key == _ROWS:
                what = "The prepared rows are not those with which"
            raise TrainingError(
                f"{what} the training at {work} began: set that back, or leave out --resume to "
                "begin anew."
            )
    return last


class Complete(TrainerCallback):
    """Marks checkpoints as whole, with ``origin``; each ends a stretch of the logged losses.

    Trainer writes a checkpoint file by file, in each process, under its final name: what a kill
    left there must not be taken for one.
    """

    def __init__(self, origin: Mapping[str, Any]) -> None:
        self.origin = origin

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Log the loss with every checkpoint, so that no stretch of it spans an interruption."""
        control.should_log |= control.should_save

    on_epoch_end = on_step_end

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Mark the checkpoint once all processes have written theirs."""
        PartialState().wait_for_everyone()
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            write_whole(folder / _ORIGIN, json.dumps(self.origin) + "\n")
