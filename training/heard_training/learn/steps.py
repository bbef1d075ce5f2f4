"""Training by steps that are the same however many processes and batches share their rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler
from transformers import Trainer
from transformers.trainer_pt_utils import get_length_grouped_indices

from heard_training.learn.network import count_known

__all__ = ["StepSampler", "StepTrainer"]


class StepSampler(Sampler[list[int]]):
    """Gives one process its batches: its parts of every step's rows, as places in the dataset.

    A step's rows follow from seed, epoch and the rows of a step alone. One process with batches of
    32 and two with 16 learn from the same rows, and an epoch can be taken up in its middle,
    whatever was drawn from torch's generators before.

    Rows of like length stand together, which saves padding. An epoch's rows are spread evenly over
    its steps, and a step's over its parts, so that no step is made of a few left over.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        *,
        accumulation: int = 1,
        processes: int = 1,
        rank: int = 0,
        seed: int = 0,
    ) -> None:
        """Plan the steps.

        Args:
            lengths: tokens of each row of the dataset.
            batch_size: the most rows of one batch.
            accumulation: batches of one step in each process.
            processes: how many share a step.
            rank: this one's number among them.
            seed: of the order.
        """
        self.lengths = lengths
        self.accumulation, self.processes, self.rank, self.seed = (
            accumulation,
            processes,
            rank,
            seed,
        )
        self.epoch = 0
        self.steps = math.ceil(len(lengths) / (batch_size * accumulation * processes))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0, whose order is given next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps * self.accumulation

    def __iter__(self) -> Iterator[list[int]]:
        mixed = np.random.SeedSequence((self.seed, self.epoch)).generate_state(1)[0]
        order = get_length_grouped_indices(
            self.lengths,
            math.ceil(len(self.lengths) / self.steps),
            generator=torch.Generator().manual_seed(int(mixed)),
        )
        for step in np.array_split(order, self.steps):
            parts = np.array_split(step, self.accumulation * self.processes)
            for part in parts[self.rank :: self.processes]:
                # No process may sit out a step: one left without a row repeats the step's first.
                yield part.tolist() or step[:1].tolist()


class StepTrainer(Trainer):
    """A Trainer whose loss is the mean over a whole step.

    What is summed over a batch is divided by what is known in all batches of the step, in all
    processes. Means of means would weigh a label by how few others its batch happens to know.
    """

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Load this process's parts of every step."""
        arguments = self.args
        sampler = StepSampler(
            self.train_dataset["length"][:],
            arguments.per_device_train_batch_size,
            accumulation=arguments.gradient_accumulation_steps,
            processes=arguments.world_size,
            rank=arguments.process_index,
            seed=arguments.seed,
        )
        return _StepLoader(
            self.train_dataset,
            batch_sampler=sampler,
            collate_fn=self.data_collator,
            pin_memory=arguments.dataloader_pin_memory,
        )

    def get_batch_samples(
        self,
        epoch_iterator: Iterator[dict[str, torch.Tensor]],
        num_batches: int,
        device: torch.device,
    ) -> tuple[list[dict[str, torch.Tensor]], torch.Tensor]:
        """Take a step's batches and count what is known in them and in the other processes'.

        Trainer hands the counts to the network, and multiplies its loss by the number of processes,
        over which DistributedDataParallel takes the mean of the gradients.
        """
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        known = torch.stack([count_known(batch) for batch in batches]).sum(dim=0)
        return batches, self.accelerator.reduce(known.to(device), "sum")


class _StepLoader(DataLoader[Any]):
    """Passes the epoch on, which Trainer tells loaders that can hear it."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)
