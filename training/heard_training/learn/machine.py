"""What this machine has to compute with, and what it computes fast."""

from __future__ import annotations

import torch

from heard_training.errors import TrainingError
from heard_training.processes import local_processes

__all__ = ["computes_bf16", "fastest_attention", "uses_gpu"]

_CPU_UNITS = ("avx512_bf16", "amx_bf16", "bf16")


def uses_gpu(device: str) -> bool:
    """Tell whether "auto", "cpu" or "cuda" means a GPU here; each process has one to itself.

    Raises:
        TrainingError: for "cuda" without a GPU, and for more processes than GPUs.
    """
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cuda" and not found:
        raise TrainingError(
            "fit.device is 'cuda', but torch finds no GPU: install a torch that is built for it, "
            "or choose 'auto'."
        )
    if device == "cpu" or not found:
        return False
    if local_processes() > found:
        raise TrainingError(
            f"{local_processes()} processes were started on this machine, which has {found} GPUs: "
            f"give torchrun --nproc-per-node {found}."
        )
    return True


def computes_bf16(gpu: bool) -> bool:
    """Tell whether there are units for bfloat16; without them torch emulates it, very slowly."""
    if gpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    return any(found.get(unit, False) for unit in _CPU_UNITS)


def fastest_attention(wanted: str, gpu: bool) -> str:
    """Choose an implementation for "auto": plain products on CPUs with bfloat16 units."""
    if wanted != "auto":
        return wanted
    return "eager" if not gpu and computes_bf16(gpu) else "sdpa"
