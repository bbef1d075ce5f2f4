"""Describes the machine that figures come from, and sums rounds up."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "machine", "spread"]

ROOT = Path(__file__).resolve().parents[1]
#: Of the instruction sets that a CPU names, those on which the speed of a matrix product rests.
_SETS = (
    "avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16",
    "asimd", "asimddp", "i8mm", "bf16",
)  # fmt: skip


def machine(packages: Iterable[str]) -> dict[str, Any]:
    """Describe the machine, the versions of these packages, and how busy it was before."""
    model, flags = _cpu()
    versions = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": model or platform.processor(),
        "instruction_sets": [name for name in _SETS if name in flags],
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **versions,
    }


def _cpu() -> tuple[str, set[str]]:
    """Read the CPU's name and what it can; nothing where the system does not tell."""
    path = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = fields.get("flags", fields.get("Features", ""))
    return fields.get("model name", ""), set(flags.split())


def spread(values: Sequence[float | None]) -> dict[str, float] | None:
    """Give median, least and most of what is known, to five digits; ``None`` where nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    figures = {"median": statistics.median(known), "least": min(known), "most": max(known)}
    return {name: float(f"{value:.5g}") for name, value in figures.items()}
