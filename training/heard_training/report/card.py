"""Writes the model card from the saved report of the shipped bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from heard.bundle import MODEL, default_path, read_bundle
from heard.labels import EMOTIONS, ESCALATION, SIGNALS, SPAN_KINDS
from heard_training.errors import TrainingError
from heard_training.files import read_json, write_whole
from heard_training.markdown import table
from heard_training.measure.behaviour import behaviour_page
from heard_training.measure.curve import points_table
from heard_training.report.figures import calibration, split_figures
from heard_training.report.results import (
    against_baselines,
    on_goemotions,
    robustness,
)

__all__ = ["REPORT", "card", "check_card", "read_report", "write_card"]

REPORT = Path("training/results/report.json")
_TEMPLATE = Path(__file__).with_name("templates") / "card.md"
_EVALUATE = "run `heard-train evaluate --texts FOLDER --out training/results`"

_STORAGE = {
    "fp32": "Weights and products in fp32",
    "rounded8": "8-bit weights and activations, with the constant scales that it learned with",
    "weights8": "Weights stored in 8 bits and widened on loading, products in fp32",
    "weights16": "Weights stored in half precision and widened on loading, products in fp32",
    "nbits8": "8-bit weights, products with activations rounded per token and block",
    "static8": "8-bit weights and activations, with constant scales",
    "mixed8": "8-bit weights and activations, with constant scales but for an eighth of products",
}

#: Watts of one busy core with its share of memory, for an estimate: nothing here measures power.
_WATTS_PER_CORE = 10


def write_card(path: Path) -> None:
    """Write the card of the shipped bundle."""
    write_whole(path, card(read_report()))


def check_card(path: Path) -> None:
    """Compare the card with the saved report.

    Raises:
        TrainingError: when it says something else.
    """
    if not path.is_file() or path.read_text(encoding="utf-8") != card(read_report()):
        raise TrainingError(f"{path} is not what {REPORT} says: run `heard-train card`.")


def read_report() -> dict[str, Any]:
    """Read the saved report of the shipped bundle.

    Raises:
        TrainingError: when there is none, it is another bundle's, or a part is missing.
    """
    try:
        report = read_json(REPORT)
    except TrainingError as error:
        raise TrainingError(f"{REPORT} cannot be read: {_EVALUATE}, in a clone.") from error
    if report.get("sha256") != read_bundle(default_path()).sha256:
        raise TrainingError(f"{REPORT} is of another bundle than the shipped one: {_EVALUATE}.")
    for split in ("dev", "test"):
        if split not in report.get("splits", ()):
            raise TrainingError(f"{REPORT} has no figures on {split}: {_EVALUATE}.")
    for part in ("baselines", "goemotions", "learning_curve"):
        if part not in report:
            raise TrainingError(
                f"{REPORT} lacks {part}: make training/results/{part}.json, then {_EVALUATE}."
            )
    return report


def card(report: Mapping[str, Any]) -> str:
    """Fill the card's template from a whole report."""
    manifest = report["manifest"]
    training, parity = manifest["training"], manifest["parity"]
    against, resummed = parity["against_fp32"], parity["with_norms_summed_in_another_order"]
    benchmark = report["goemotions"]["training"]
    curve, cores = report["learning_curve"], training.get("cpus", 1)
    values = {
        "name": manifest["name"],
        "version": manifest["version"],
        "megabytes": f"{manifest['files'][MODEL]['bytes'] / 1e6:.1f}",
        "storage": _STORAGE[manifest["graph"]["scheme"]],
        "pooled": _pooled(manifest),
        "window": manifest["inputs"]["window"],
        "max_characters": f"{manifest['inputs']['max_characters']:,}",
        "calibration_rows": training["calibrate"]["rows"],
        "encoder": training["config"]["network"]["encoder"],
        "minutes": training["minutes"],
        "cpus": cores,
        "watts": _WATTS_PER_CORE,
        "watt_hours": f"{training['minutes'] / 60 * cores * _WATTS_PER_CORE:.0f}",
        "epochs": _epochs(training),
        "seed": _seeds(training),
        "start": _start(training),
        "overlap": sum(training["data"]["left_out_as_in_dev_or_test"].values()),
        "resamplings": f"{report['resamplings']['splits']:,}",
        "slice_resamplings": report["resamplings"]["slices"],
        "labels": _labels(),
        "data": _data(training["data"]),
        "figures": split_figures(report["splits"]),
        "calibration": calibration(report["splits"]),
        "curve_seeds": ", and with other seeds" if _has_seeds(curve) else "",
        "learning_curve": points_table(curve["points"], "dev"),
        "robustness": robustness(report["robustness"]),
        "languages": ", ".join(_languages(report["languages"])),
        "english_rows": report["languages"]["english"]["messages"],
        "english_other": report["languages"]["english"]["other"],
        "english_unknown": report["languages"]["english"]["unknown"],
        "baselines": against_baselines(report["baselines"]),
        "behaviour": behaviour_page(report["behaviour"]),
        "goemotions": on_goemotions(report["goemotions"]),
        "goemotions_epochs": _epochs(benchmark),
        "goemotions_minutes": benchmark["minutes"],
        "thresholds": _thresholds(manifest),
        "parity_split": parity["split"],
        "parity_messages": against["messages"],
        "changed": against["changed_decisions"],
        "changed_spans": against["changed_spans"],
        "largest_shift": against["largest_shift_of_probability"],
        "mean_shift": against["mean_shift_of_probability"],
        "resummed": resummed["changed_decisions"],
        "resummed_shift": resummed["largest_shift_of_probability"],
        "batch_shift": parity["alone_against_batches_orders_threads"][
            "largest_shift_of_probability"
        ],
        "versions": ", ".join(f"{name} {v}" for name, v in training["packages"].items()),
    }
    return _TEMPLATE.read_text(encoding="utf-8").format(**values)


def _epochs(training: Mapping[str, Any]) -> str:
    epochs = training["config"]["fit"]["epochs"]
    return f"{epochs:g} {'epoch' if epochs == 1 else 'epochs'}"


def _seeds(training: Mapping[str, Any]) -> str:
    runs = training.get("averaged")
    if not runs:
        return f"seed {training['config']['fit']['seed']}"
    each = " and ".join(f"seed {run['seed']} on {run['rows']:,} rows" for run in runs)
    return f"in runs of {each}, whose weights were averaged"


def _start(training: Mapping[str, Any]) -> str:
    """Tell where training began, if not at the bare encoder."""
    start = training["config"]["network"]["start"]
    if start == "shipped":
        return ", from the network of the version before"
    return f", from {start}" if start else ""


def _has_seeds(curve: Mapping[str, Any]) -> bool:
    """Tell whether some part of the rows was trained on with more than one seed."""
    parts = [point["share"] for point in curve["points"]]
    return len(set(parts)) < len(parts)


def _pooled(manifest: Mapping[str, Any]) -> str:
    record = manifest["training"]["calibrate"]
    losses = record["loss_on_long_rows"]
    tried = ", ".join(f"{how} {loss:.3f}" for how, loss in losses.items())
    return (
        f"`{manifest['pooling']}` (loss on the {record['rows_longer_than_window']} calibration "
        f"rows that are longer than a window: {tried})"
    )


def _labels() -> str:
    kinds = (
        ("emotion, 0 to 3", EMOTIONS),
        ("level, 0 to 3", (ESCALATION,)),
        ("signal", SIGNALS),
        ("span", SPAN_KINDS),
    )
    rows = [(f"`{label.name}`", kind, label.meaning) for kind, all_ in kinds for label in all_]
    return table(("output", "kind", "meaning"), rows)


def _data(data: Mapping[str, Any]) -> str:
    splits = [split for split, count in data["rows"].items() if count]
    names = sorted({name for split in splits for name in data["sources"][split]})
    rows = [(name, *(data["sources"][split].get(name, 0) for split in splits)) for name in names]
    return table(("source", *splits), [*rows, ("all", *(data["rows"][s] for s in splits))])


def _languages(found: Mapping[str, Any]) -> Iterator[str]:
    for language, counts in found["languages"].items():
        yield f"{language} {counts['other']} + {counts['unknown']} of {counts['messages']}"


def _thresholds(manifest: Mapping[str, Any]) -> str:
    rows = []
    for name, value in manifest["thresholds"].items():
        numbers = value if isinstance(value, list) else [value]
        low, high = manifest["uncertain"].get(name, ("", ""))
        band = f"{low} to {high}" if name in manifest["uncertain"] else ""
        rows.append((name, " / ".join(f"{number:.3f}" for number in numbers), band))
    return table(("output", "thresholds", "uncertain"), rows)
