"""Sums up what loads found: figures of one measurement, medians of rounds, ratios, a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from bench.machine import spread

__all__ = ["PACKAGES", "measured", "summary", "table"]

#: Seconds after which an answer is of no use: what `heard serve` grants a request by default.
_IN_TIME = 2.0
#: Whose versions are told.
PACKAGES = (
    "heard", "onnxruntime", "tokenizers", "numpy", "fastapi", "starlette", "pydantic", "uvicorn",
    "uvloop", "httptools", "torch", "transformers",
)  # fmt: skip


def measured(found: dict[str, Any]) -> dict[str, Any]:
    """Turn what a load found into figures."""
    outcomes, latencies = found["outcomes"], found["latencies"]
    counted = max(1, sum(outcomes.values()))
    well = outcomes.get("200", 0)
    named = {"200": "answered", "429": "refused", "504": "late"}
    errors = {name: n for name, n in outcomes.items() if name not in (*named, "wrong") and n}
    p50, p95, p99 = np.percentile(latencies, (50, 95, 99)) if latencies else (float("nan"),) * 3
    return {
        "answers_per_second": round(well / max(found["seconds"], 1e-9), 2),
        "p50_ms": _ms(p50),
        "p95_ms": _ms(p95),
        "p99_ms": _ms(p99),
        **{
            f"{name}_share": round(outcomes.get(code, 0) / counted, 4)
            for code, name in named.items()
        },
        "in_time_share": round(sum(one <= _IN_TIME for one in latencies) / counted, 4),
        "errors": sum(errors.values()),
        "errors_by_status": errors,
        "wrong": found["wrong_everywhere"],
        "sent": found["sent"],
        "cpu_ms": _ms(found["server_cpu"] / max(1, found["right_everywhere"])),
        "load_cpu_share": round(found["cpu_share"], 3),
        "lag_p99_ms": _ms(np.percentile(found["lags"], 99)) if found["lags"] else None,
    }


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Give median, least and most of each figure, and of a's ratio to each other peer."""
    peers = list(rounds[0])
    loads = ("closed", "steady", "overload")
    by_peer = {
        peer: {load: _spreads([one[peer][load] for one in rounds]) for load in loads}
        for peer in peers
    }
    ratios = {}
    for other in (peer for peer in peers if peer != "a" and "a" in peers):
        ratios[f"a/{other}"] = {
            f"{load} {name}": spread([_ratio(one["a"], one[other], load, name) for one in rounds])
            for load, name in (
                ("closed", "answers_per_second"),
                ("closed", "p50_ms"),
                ("closed", "p99_ms"),
                ("closed", "cpu_ms"),
                ("steady", "p50_ms"),
                ("steady", "p99_ms"),
                ("overload", "p99_ms"),
                ("overload", "in_time_share"),
            )
        }
    return {"peers": by_peer, "ratios": ratios}


def table(result: dict[str, Any]) -> str:
    """Write a result down for people."""
    settings, about = result["settings"], result["machine"]
    parts = [
        f"{about['cpu']}, {about['cores']} cores; {settings['workers']} process(es), "
        f"threads {settings['threads']} (peers {settings['peer_threads']}); "
        f"{settings['seconds']:g} s, {settings['rounds']} round(s), median (least to most)"
    ]
    shares = ("answered_share", "refused_share", "late_share", "in_time_share")
    ends = (*shares, "wrong", "errors")
    columns = {
        "closed": ("answers_per_second", "p50_ms", "p95_ms", "p99_ms", "cpu_ms", *ends),
        "steady": ("rate", "answers_per_second", "p50_ms", "p99_ms", *ends),
        "overload": ("rate", "answers_per_second", "p50_ms", "p99_ms", *ends),
    }
    titles = {
        "closed": f"closed loop, {settings['connections']} connections",
        "steady": "open loop, 70 % of the first peer's peak",
        "overload": "open loop, 130 % of the peer's own peak",
    }
    found = result["summary"]
    for load, names in columns.items():
        heads = [
            name.replace("_share", "").replace("answers_per_second", "per s") for name in names
        ]
        rows = [
            [result["titles"][peer], *(_show(loads[load][name]) for name in names)]
            for peer, loads in found["peers"].items()
        ]
        parts.append(_grid([titles[load], *(head.replace("_", " ") for head in heads)], rows))
    if found["ratios"]:
        names = list(next(iter(found["ratios"].values())))
        rows = [[name, *(_show(of[name]) for of in found["ratios"].values())] for name in names]
        parts.append(_grid(["ratio, median of rounds", *found["ratios"]], rows))
    if result["soak"]:
        rows = [
            [f"{result['titles'][peer]}, {soak['requests']} requests"]
            + [f"{one['pss_mb']:.1f} / {one['rss_mb']:.1f}" for one in soak["memory"]]
            for peer, soak in result["soak"].items()
        ]
        parts.append(_grid(["memory, MB (PSS / RSS)", "before", "1/4", "2/4", "3/4", "4/4"], rows))
    return "\n\n".join([*parts, *result["faults"]])


def _ms(seconds: float) -> float | None:
    return round(1000 * float(seconds), 3) if seconds == seconds else None


def _ratio(one: dict[str, Any], other: dict[str, Any], load: str, name: str) -> float | None:
    over, under = one[load][name], other[load][name]
    return over / under if over is not None and under else None


def _spreads(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: spread([one[name] for one in rounds])
        for name, value in rounds[0].items()
        if not isinstance(value, dict)
    }


def _show(found: dict[str, float] | None) -> str:
    if found is None:
        return "-"
    middle, least, most = (_number(found[name]) for name in ("median", "least", "most"))
    return middle if least == most else f"{middle} ({least}-{most})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or value >= 1000 else f"{value:.3g}"


def _grid(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return "\n".join(lines)
