"""What this machine computes fast."""

from __future__ import annotations

import torch

__all__ = ["computes_bf16", "fastest_attention"]

_CPU_UNITS = ("avx512_bf16", "amx_bf16", "bf16")


def computes_bf16() -> bool:
    """Tell whether there are units for bfloat16; without them torch emulates it, very slowly."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    return any(found.get(unit, False) for unit in _CPU_UNITS)


def fastest_attention(wanted: str) -> str:
    """Choose an implementation for "auto": plain products on CPUs with bfloat16 units."""
    if wanted != "auto":
        return wanted
    return "eager" if computes_bf16() and not torch.cuda.is_available() else "sdpa"
