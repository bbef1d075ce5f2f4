"""Lays a result out as Markdown; a part that was not measured is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.speed.inside import STEPS

from heard_training.markdown import table

__all__ = ["page"]

Spread = Mapping[str, float] | None


def page(result: Mapping[str, Any]) -> str:
    """Write a result down for people: medians, with least and most of the rounds in brackets."""
    parts = [_about(result)]
    for threads, found in result.get("speed", {}).items():
        parts += _speed(found, result["titles"], f"{threads} thread(s)")
    if found := result.get("split"):
        parts.append("**A single message, step by step** (ms, medians)\n\n" + _split(found))
    if found := result.get("growth"):
        parts.append("**`assess_many` of more and more messages**\n\n" + _growth(found))
    if found := result.get("stream"):
        parts.append(
            f"**`assess_iter` over {found['messages']:,} messages**, {found['threads']} thread(s), "
            f"resident MB\n\n{_stream(found)}"
        )
    if found := result.get("cold"):
        fresh = all(one["fresh"] for one in found.values())
        where = "a fresh installation" if fresh else "this environment, not a fresh installation"
        parts.append(f"**A new process**, in {where} (ms)\n\n{_cold(found)}")
    if found := result.get("install"):
        parts.append(f"**Size on disk**, without pip (MB)\n\n{_install(found)}")
    if found := result.get("limits"):
        parts += ["**Distance to the limit** (10^9 multiply-adds a second)\n\n" + _limits(found)]
        parts += ["**Share of a run's time by operator**\n\n" + _operators(found)]
    if found := result.get("same"):
        parts += [
            f"**The same answers**: of {found['messages']} messages, {differing} with a decided "
            f"level or signal of {name} that differs between single and bulk use, or between "
            "thread counts."
            for name, differing in found["differing"].items()
        ]
    return "\n\n".join(parts)


def _about(result: Mapping[str, Any]) -> str:
    machine, texts, settings = result["machine"], result["texts"], result["settings"]
    lines = [
        f"{machine['cpu']} ({', '.join(machine['instruction_sets'])}), {machine['cores']} cores, "
        f"load before {machine['load_before']}; {settings['rounds']} rounds, "
        "median (least to most)",
        f"{texts['messages']} {texts['source']}, {texts['tokens_p50']} tokens at the median, "
        f"{texts['tokens_p90']} at the 90th percentile",
    ]
    lines += [
        f"Measured anew: {part}, of {', '.join(of['models'].values())}, load before "
        f"{of['load_before']}"
        for part, of in result.get("renewed", {}).items()
    ]
    lines += [
        f"Left out: {result['titles'][name]} ({reason})"
        if name in result["titles"]
        else f"Left out: {name} ({reason})"
        for name, reason in result["skipped"].items()
    ]
    return "\n\n".join(lines)


def _speed(found: Mapping[str, Any], titles: Mapping[str, str], threads: str) -> list[str]:
    single, bulk = found["single"], found["bulk"]
    parts = [
        f"**Single message**, {threads} (ms; how many times as fast, by the median)\n\n"
        + _compared(
            single["messages"], titles, ("p50_ms", "p95_ms", "p99_ms", "mean_ms"), "p50_ms"
        ),
        f"**Bulk**, {threads}\n\n"
        + _compared(
            bulk["messages"],
            titles,
            ("messages_per_second", "tokens_per_second"),
            "messages_per_second",
        ),
        f"**Single text of so many tokens**, {threads} (ms, median)\n\n"
        + _by_length(single, titles, "p50_ms"),
        f"**Texts of so many tokens in bulk**, {threads} (tokens a second)\n\n"
        + _by_length(bulk, titles, "tokens_per_second"),
    ]
    if found["settled"]:
        parts.append(
            "\n".join(
                f"- {titles[name]}: {'; '.join(f'{key}: {way}' for key, way in chosen.items())}"
                for name, chosen in found["settled"].items()
            )
        )
    return parts


def _compared(
    found: Mapping[str, Any], titles: Mapping[str, str], figures: Sequence[str], by: str
) -> str:
    owns = list(found["times"])
    head = ["", *map(_plain, figures), *(f"{name} is x times as fast" for name in owns)]
    rows = [
        [titles[name], *(_show(of[figure]) for figure in figures)]
        + [_show(found["times"][own][name][by]) if own != name else "" for own in owns]
        for name, of in found["peers"].items()
    ]
    return table(head, rows)


def _by_length(found: Mapping[str, Any], titles: Mapping[str, str], figure: str) -> str:
    lengths = [name for name in found if name != "messages"]
    names = found[lengths[0]]["peers"]
    rows = [
        [titles[name], *(_middle(found[length]["peers"].get(name), figure) for length in lengths)]
        for name in names
    ]
    return table(["", *lengths], rows)


def _split(found: Mapping[str, Any]) -> str:
    rows = [
        [f"{name}, {title}, {threads} thread(s)", *(_show(of[s]) for s in (*STEPS, "around"))]
        for threads, by_title in found.items()
        for title, by_bundle in by_title.items()
        for name, of in by_bundle.items()
    ]
    return table(["", *STEPS, "all but the run"], rows)


def _growth(found: Mapping[str, Any]) -> str:
    rows = [
        [
            f"{name}, {threads} thread(s)",
            f"{int(count):,}",
            f"{of['messages_per_second']:.0f}",
            f"{of['tokens_per_second']:.0f}",
            *(f"{of[key]:.1f}" for key in ("idle_mb", "peak_mb", "results_mb", "beyond_mb")),
        ]
        for threads, by_bundle in found.items()
        for name, counts in by_bundle.items()
        for count, of in counts.items()
    ]
    head = ("messages", "messages a second", "tokens a second", "idle MB", "peak MB")
    return table(["", *head, "results MB", "beyond both MB"], rows)


def _stream(found: Mapping[str, Any]) -> str:
    keys = ("idle_mb", "peak_mb", "after_mb")
    rows = [
        [name, f"{of['messages_per_second']:.0f}", *(f"{of[key]:.1f}" for key in keys)]
        for name, of in found["bundles"].items()
    ]
    return table(["", "messages a second", "idle", "peak", "after"], rows)


def _cold(found: Mapping[str, Any]) -> str:
    names = [name for name in next(iter(found.values())) if name != "fresh"]
    rows = [[name, *(_show(of[name]) for of in found.values())] for name in names]
    return table(["", *(f"{threads} thread(s)" for threads in found)], rows)


def _install(found: Mapping[str, Any]) -> str:
    rows: Iterable[Sequence[object]] = [
        ("all", "", f"{found['total_mb']:.1f}"),
        *(
            (name, one["version"], f"{one['mb']:.1f}")
            for name, one in found["distributions"].items()
        ),
    ]
    return table(("", "version", "MB"), rows)


def _limits(found: Mapping[str, Any]) -> str:
    rows = []
    for threads, of in found.items():
        rows += [
            [f"matrix product alone, {kind}, {threads} thread(s)", _show(peak), "", ""]
            for kind, peak in of["peaks"].items()
        ]
        rows += [
            [
                f"{name}, {use}, {threads} thread(s)",
                *(_show(one[use][key]) for key in ("reached", "of_fp32", "of_int8")),
            ]
            for name, one in of["bundles"].items()
            for use in ("single", "bulk")
        ]
    return table(("", "reached", "share of the fp32 peak", "share of the int8 peak"), rows)


def _operators(found: Mapping[str, Any]) -> str:
    shares = {
        f"{name}, {use}, {threads} thread(s)": share
        for threads, of in found.items()
        for name, one in of["bundles"].items()
        for use, share in one["multiply_adds"]["shares"].items()
    }
    names = sorted(
        {name for share in shares.values() for name, part in share.items() if part >= 0.01},
        key=lambda name: -max(share.get(name, 0.0) for share in shares.values()),
    )
    rows = [
        [title, *(f"{share.get(name, 0.0):.0%}" for name in names)]
        for title, share in shares.items()
    ]
    return table(["", *names], rows)


def _plain(figure: str) -> str:
    return figure.removesuffix("_ms").replace("_per_", " a ").replace("_", " ")


def _middle(of: Mapping[str, Spread] | None, figure: str) -> str:
    found = of[figure] if of else None
    return "-" if found is None else _number(found["median"])


def _show(found: Spread) -> str:
    if found is None:
        return "-"
    middle, least, most = (_number(found[name]) for name in ("median", "least", "most"))
    return middle if least == most else f"{middle} ({least} to {most})"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
