"""Writes the model card from the shipped bundle's manifest and saved measurements of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heard.bundle import MODEL, default_path, read_bundle
from heard.labels import (
    EMOTION_NAMES,
    EMOTIONS,
    ESCALATION,
    SIGNAL_NAMES,
    SIGNALS,
    SPAN_KINDS,
    SPAN_NAMES,
    TARGET_NAMES,
)
from heard_training.errors import TrainingError
from heard_training.files import write_whole
from heard_training.markdown import table, three
from heard_training.measure.evaluate import FEWEST_FOR_MEAN
from heard_training.report.results import (
    against_baselines,
    behaviour,
    goemotions_training,
    on_goemotions,
)

__all__ = ["check_card", "write_card"]

_TEMPLATE = Path(__file__).with_name("card.md")

_STORAGE = {
    "fp32": "Weights and products in fp32",
    "weights8": "Weights stored in 8 bits and widened on loading, products in fp32",
    "weights16": "Weights stored in half precision and widened on loading, products in fp32",
    "nbits8": "8-bit weights, products with activations rounded per token and block",
    "static8": "8-bit weights and activations, with constant scales",
    "mixed8": "8-bit weights and activations, with constant scales but for an eighth of products",
}

_SPLITS = {
    "dev": "Dev: real messages (tweets to airlines and companies, airline reviews, complaints)",
    "test": "Test: authored messages kept aside by blocks (`split: test`)",
}


def write_card(path: Path) -> None:
    """Write the card of the shipped bundle."""
    write_whole(path, _shipped_card())


def check_card(path: Path) -> None:
    """Compare the card with the shipped bundle.

    Raises:
        TrainingError: when it says something else.
    """
    wanted = _shipped_card()
    if not path.is_file() or path.read_text(encoding="utf-8") != wanted:
        raise TrainingError(f"{path} is not what the bundle says: run `heard-train card`.")


def _shipped_card() -> str:
    bundle = read_bundle(default_path())
    return card(bundle.manifest, bundle.sha256)


def card(manifest: Mapping[str, Any], sha256: str) -> str:
    """Fill the card's template from a manifest and the saved measurements of that bundle."""
    training, parity = manifest["training"], manifest["parity"]
    against = parity["against_fp32"]
    benchmark = goemotions_training()
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
        "cpus": training.get("cpus", "?"),
        "epochs": f"{training['config']['fit']['epochs']:g}",
        "seed": training["config"]["fit"]["seed"],
        "overlap": _overlap(training["data"]),
        "labels": _labels(),
        "data": _data(training["data"]),
        "figures": "\n\n".join(
            _split(_SPLITS[split], manifest["metrics"][split])
            for split in _SPLITS
            if split in manifest["metrics"]
        ),
        "baselines": against_baselines(sha256),
        "behaviour": behaviour(sha256),
        "goemotions": on_goemotions(),
        "goemotions_epochs": f"{benchmark['config']['fit']['epochs']:g}",
        "goemotions_minutes": benchmark["minutes"],
        "thresholds": _thresholds(manifest),
        "parity_split": parity["split"],
        "parity_messages": against["messages"],
        "changed": against["changed_decisions"],
        "changed_spans": against["changed_spans"],
        "largest_shift": against["largest_shift_of_probability"],
        "mean_shift": against["mean_shift_of_probability"],
        "batch_shift": parity["alone_against_batches_orders_threads"][
            "largest_shift_of_probability"
        ],
        "versions": ", ".join(f"{name} {v}" for name, v in training["packages"].items()),
    }
    return _TEMPLATE.read_text(encoding="utf-8").format(**values)


def _pooled(manifest: Mapping[str, Any]) -> str:
    record = manifest["training"]["calibrate"]
    losses = record["loss_on_long_rows"]
    tried = ", ".join(f"{how} {loss:.3f}" for how, loss in losses.items())
    return (
        f"`{manifest['pooling']}` (loss on the {record['rows_longer_than_window']} calibration "
        f"rows that are longer than a window: {tried})"
    )


def _overlap(data: Mapping[str, Any]) -> str:
    """Tell whether texts that are measured were kept out of training, which was not always so."""
    left_out = data.get("left_out_as_in_dev_or_test")
    if left_out is None:
        return (
            "Texts of `test` were not compared with the training rows when this model was "
            "trained: two of them stand, word for word, under other ids in training. (Since then "
            "such rows are left out, and blocks of neighbouring ids are no longer cut between "
            "`train` and `calibrate`.)"
        )
    count = sum(left_out.values())
    return f"No text of `dev` or `test` was trained on; {count} that stood in both were left out."


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


def _split(title: str, figures: Mapping[str, Any]) -> str:
    keys = ("f1_1", "f1_2", "qwk", "auroc_1", "auroc_2", "brier_1", "brier_2", "ece_1")
    head = (
        "target",
        "gold 0 / 1 / 2 / 3",
        "F1 >= 1",
        "F1 >= 2",
        "kappa",
        "AUROC >= 1",
        "AUROC >= 2",
        "Brier >= 1",
        "Brier >= 2",
        "ECE >= 1",
    )
    rows: list[tuple[object, ...]] = []
    for name in TARGET_NAMES:
        target = figures["targets"][name]
        gold = " / ".join(str(count) for count in target["gold"])
        rows.append((name, gold, *(three(target[key]) for key in keys)))
    emotions = figures["mean_emotions"]
    rows.append(
        (f"mean of the {len(EMOTION_NAMES)} emotions", "", *(three(emotions.get(k)) for k in keys))
    )
    signal_keys = ("f1", "precision", "recall", "auroc", "brier")
    signals = [
        (
            name,
            figures["signals"][name]["count"],
            *(three(figures["signals"][name][key]) for key in signal_keys),
        )
        for name in SIGNAL_NAMES
    ]
    spans = [
        (
            kind,
            three(figures["spans"][kind]["f1"]),
            three(figures["spans"][kind]["annotators_f1"]),
        )
        for kind in SPAN_NAMES
    ]
    mean = three(figures["mean_signals_f1"])
    parts = [
        f"### {title}, {figures['rows']} rows",
        table(head, rows),
        table(("signal", "positives", "F1", "precision", "recall", "AUROC", "Brier"), signals),
        f"Mean F1 over signals with at least {FEWEST_FOR_MEAN} positives: {mean}.",
        table(("span kind", "overlap F1", "annotators with each other"), spans),
        f"Emotions reported as uncertain: {figures['uncertain_share']:.1%}.",
    ]
    return "\n\n".join(parts)


def _thresholds(manifest: Mapping[str, Any]) -> str:
    rows = []
    for name, value in manifest["thresholds"].items():
        numbers = value if isinstance(value, list) else [value]
        low, high = manifest["uncertain"].get(name, ("", ""))
        band = f"{low} to {high}" if name in manifest["uncertain"] else ""
        rows.append((name, " / ".join(f"{number:.3f}" for number in numbers), band))
    return table(("output", "thresholds", "uncertain"), rows)
