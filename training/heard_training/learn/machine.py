"""What this machine has to compute with, and what it computes fast."""

from __future__ import annotations

import torch

from heard_training.errors import TrainingError
from heard_training.processes import local_processes

__all__ = ["computes_bf16", "fastest_attention", "uses_gpu"]

_CPU_UNITS = ("amx_bf16", "bf16")
#: AMD's do twice as much a second in bfloat16 as in fp32; Intel's do no more, and conversions come
#: on top: a step took 2.2 times as long there as in fp32.
_AVX_UNIT, _SLOW_AVX = "avx512_bf16", "Intel"


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
    """Tell whether bfloat16 is faster than fp32: where torch emulates it, it is far slower."""
    if gpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    avx = found.get(_AVX_UNIT, False) and _SLOW_AVX not in found.get("cpu_name", "")
    return avx or any(found.get(unit, False) for unit in _CPU_UNITS)


def fastest_attention(wanted: str, gpu: bool, bf16: bool = True) -> str | None:
    """Choose an implementation for "auto": plain products on CPUs that compute in bfloat16.

    Elsewhere it is ``None``, transformers' own choice: fused where an encoder has it (DeBERTa has
    not).
    """
    if wanted != "auto":
        return wanted
    return "eager" if not gpu and bf16 and computes_bf16(gpu) else None
