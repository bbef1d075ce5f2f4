"""The bundle: the one thing that passes from training to inference.

A folder with ``model.onnx``, ``tokenizer.json`` and ``bundle.json``. The last one, the manifest,
pins the others by hash, and names labels, calibration, thresholds and limits. It is read here,
whole, before anything runs; what does not match is refused in one sentence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heard.errors import BundleError
from heard.labels import BIO, EMOTION_NAMES, MAX_LEVEL, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard.text import NORMALISATION

__all__ = [
    "GRAPH_INPUTS",
    "GRAPH_OUTPUTS",
    "MANIFEST",
    "POOLINGS",
    "SCHEMA",
    "Bundle",
    "Calibration",
    "Thresholds",
    "default_path",
    "read_bundle",
    "sha256_of",
]

#: Version of the manifest's make; a loader reads just one.
SCHEMA = 1

MANIFEST = "bundle.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"

POOLINGS = ("max", "mean")

_PACKAGE = Path(__file__).resolve().parent

#: Names of the graph's inputs (int64, ``[batch, length]``) ...
GRAPH_INPUTS: tuple[str, ...] = ("input_ids", "attention_mask")
#: ... and of its outputs (float32) with their shapes; text stands for a free dimension.
GRAPH_OUTPUTS: Mapping[str, tuple[int | str, ...]] = {
    "levels": ("batch", len(TARGET_NAMES), MAX_LEVEL),
    "signals": ("batch", len(SIGNAL_NAMES)),
    "spans": ("batch", "length", len(SPAN_NAMES), len(BIO)),
}

LABELS: Mapping[str, list[str]] = {
    "levels": list(TARGET_NAMES),
    "signals": list(SIGNAL_NAMES),
    "spans": list(SPAN_NAMES),
}

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Logits to calibrated logits: ``scale * logit + shift``, per output.

    ``level_scales`` is ``[5]`` and positive, ``level_shifts`` ``[5, 3]`` and never increasing
    along its second axis, so that cumulative probabilities stay in order; ``signal_scales`` and
    ``signal_shifts`` are ``[10]``.
    """

    level_scales: Array
    level_shifts: Array
    signal_scales: Array
    signal_shifts: Array

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, keyed by label, as the manifest holds them."""
        return {
            "levels": {
                name: {"scale": float(scale), "shifts": [float(s) for s in shifts]}
                for name, scale, shifts in zip(
                    TARGET_NAMES, self.level_scales, self.level_shifts, strict=True
                )
            },
            "signals": {
                name: {"scale": float(scale), "shift": float(shift)}
                for name, scale, shift in zip(
                    SIGNAL_NAMES, self.signal_scales, self.signal_shifts, strict=True
                )
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Read what :meth:`to_dict` wrote; raises ``KeyError``, ``TypeError``, ``ValueError``."""
        levels = [values["levels"][name] for name in TARGET_NAMES]
        signals = [values["signals"][name] for name in SIGNAL_NAMES]
        read = cls(
            np.array([float(level["scale"]) for level in levels]),
            np.array([[float(s) for s in level["shifts"]] for level in levels]),
            np.array([float(signal["scale"]) for signal in signals]),
            np.array([float(signal["shift"]) for signal in signals]),
        )
        if read.level_shifts.shape != (len(TARGET_NAMES), MAX_LEVEL):
            raise ValueError(f"every target needs {MAX_LEVEL} shifts")
        parts = (read.level_scales, read.level_shifts, read.signal_scales, read.signal_shifts)
        if not all(np.isfinite(part).all() for part in parts):
            raise ValueError("the calibration holds a number that is not finite")
        if (read.level_scales <= 0).any() or (read.signal_scales <= 0).any():
            raise ValueError("a scale is not positive")
        if (np.diff(read.level_shifts, axis=1) > 0).any():
            raise ValueError("the shifts of a target increase")
        return read


@dataclass(frozen=True)
class Thresholds:
    """Decision thresholds on calibrated probabilities: ``levels`` ``[5, 3]``, ``signals`` ``[10]``.

    A level is the largest k whose thresholds 1..k all pass.
    """

    levels: Array
    signals: Array

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, keyed by label, as the manifest holds them."""
        levels = zip(TARGET_NAMES, self.levels.tolist(), strict=True)
        return {**dict(levels), **dict(zip(SIGNAL_NAMES, self.signals.tolist(), strict=True))}

    def replaced(self, changes: Mapping[str, Any]) -> Thresholds:
        """Return a copy with some thresholds changed: three per target, one per signal.

        Raises:
            ValueError: one sentence that names the label and the value.
        """
        if not isinstance(changes, Mapping):
            raise ValueError(f"Thresholds must be a mapping of names, not {changes!r}.")
        levels, signals = self.levels.copy(), self.signals.copy()
        for name, value in changes.items():
            if name in TARGET_NAMES:
                levels[TARGET_NAMES.index(name)] = _in_unit(name, value, (MAX_LEVEL,))
            elif name in SIGNAL_NAMES:
                signals[SIGNAL_NAMES.index(name)] = _in_unit(name, value, ())
            else:
                known = ", ".join((*TARGET_NAMES, *SIGNAL_NAMES))
                raise ValueError(f"There is no threshold for {name!r}: choose among {known}.")
        return Thresholds(levels, signals)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Thresholds:
        """Read what :meth:`to_dict` wrote; raises ``ValueError``."""
        missing = [name for name in (*TARGET_NAMES, *SIGNAL_NAMES) if name not in values]
        if missing:
            raise ValueError(f"there is none for {', '.join(missing)}")
        empty = cls(np.zeros((len(TARGET_NAMES), MAX_LEVEL)), np.zeros(len(SIGNAL_NAMES)))
        return empty.replaced(values)


def _in_unit(name: str, value: Any, shape: tuple[int, ...]) -> Array:  # noqa: ANN401
    """Return numbers between 0 and 1 in this shape, or say in one sentence what is wrong."""
    try:
        if np.asarray(value).dtype.kind not in "iuf":  # neither text nor truth values
            raise ValueError
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.full(1, np.nan)
    wanted = f"{shape[0]} numbers" if shape else "one number"
    if numbers.shape != shape or not ((numbers >= 0) & (numbers <= 1)).all():
        raise ValueError(f"The threshold for {name!r} must be {wanted} from 0 to 1, not {value!r}.")
    return numbers


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read and checked: its folder, manifest and numbers."""

    path: Path
    name: str
    version: str
    sha256: str
    window: int
    overlap: int
    max_characters: int
    pooling: str
    calibration: Calibration
    thresholds: Thresholds
    uncertain: Mapping[str, tuple[float, float]]
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def model_path(self) -> Path:
        """Where the graph lies."""
        return self.path / MODEL

    @property
    def tokenizer_path(self) -> Path:
        """Where the tokenizer lies."""
        return self.path / TOKENIZER


def default_path() -> Path:
    """Return the folder of the bundle that is shipped in this package."""
    return _PACKAGE / "model"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_bundle(path: Path) -> Bundle:
    """Read a bundle and check everything that can be checked without running it.

    Raises:
        BundleError: one sentence that says what does not match, and where.
    """
    if not path.is_dir():
        raise BundleError(f"There is no bundle at {path}: give the folder that holds {MANIFEST}.")
    manifest, sha256 = _read_manifest(path / MANIFEST)
    if manifest.get("schema") != SCHEMA:
        raise BundleError(
            f"{path / MANIFEST} is of schema {manifest.get('schema')!r}, and this version of heard "
            f"reads schema {SCHEMA}: install the version that the bundle was made for."
        )
    if manifest.get("labels") != LABELS:
        raise BundleError(
            f"{path / MANIFEST} names other labels than this version of heard: retrain, or "
            "install the version that the bundle was made for."
        )
    _check_files(path, manifest)
    try:
        return _parse(path, manifest, sha256)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        reason = f"the entry {error} is missing" if isinstance(error, KeyError) else str(error)
        raise BundleError(f"{path / MANIFEST} cannot be used: {reason}.") from error


def _read_manifest(path: Path) -> tuple[dict[str, Any], str]:
    try:
        raw = path.read_bytes()
        manifest = json.loads(raw)
    except FileNotFoundError:
        raise BundleError(
            f"There is no {MANIFEST} in {path.parent}: give the bundle's folder."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read: {type(error).__name__}.") from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{path} must hold one JSON object: write the bundle anew.")
    return manifest, hashlib.sha256(raw).hexdigest()


def _check_files(path: Path, manifest: Mapping[str, Any]) -> None:
    """Compare each file's size and hash with the manifest's."""
    files = manifest.get("files")
    if not isinstance(files, dict) or not {MODEL, TOKENIZER} <= files.keys():
        raise BundleError(f"{path / MANIFEST} does not pin {MODEL} and {TOKENIZER} under 'files'.")
    for name, pinned in files.items():
        file = path / name
        if not file.is_file():
            raise BundleError(f"{file} is missing: copy the whole bundle again.")
        if not isinstance(pinned, dict) or file.stat().st_size != pinned.get("bytes"):
            raise BundleError(
                f"{file} has not the size that {MANIFEST} names: copy the whole bundle again "
                "(with Git LFS or a partial download, fetch the real file)."
            )
        if sha256_of(file) != pinned.get("sha256"):
            raise BundleError(
                f"{file} has not the SHA-256 that {MANIFEST} names: copy the whole bundle again."
            )


def _parse(path: Path, manifest: Mapping[str, Any], sha256: str) -> Bundle:
    inputs = manifest["inputs"]
    if inputs["normalisation"] != NORMALISATION:
        raise ValueError(
            f"it was trained with text normalisation {inputs['normalisation']}, and this version "
            f"of heard has {NORMALISATION}"
        )
    if manifest["pooling"] not in POOLINGS:
        raise ValueError(
            f"its pooling is {manifest['pooling']!r}, not one of {', '.join(POOLINGS)}"
        )
    window = _whole("window", inputs["window"], 9, 10**6)
    bands = {
        name: _in_unit(f"uncertain {name}", manifest["uncertain"][name], (2,)).tolist()
        for name in EMOTION_NAMES
    }
    return Bundle(
        path=path,
        name=str(manifest["name"]),
        version=str(manifest["version"]),
        sha256=sha256,
        window=window,
        overlap=_whole("overlap", inputs["overlap"], 0, window - 8),
        max_characters=_whole("max_characters", inputs["max_characters"], 1, 10**9),
        pooling=manifest["pooling"],
        calibration=Calibration.from_dict(manifest["calibration"]),
        thresholds=Thresholds.from_dict(manifest["thresholds"]),
        uncertain={name: (low, high) for name, (low, high) in bands.items()},
        manifest=manifest,
    )


def _whole(name: str, value: object, least: int, most: int) -> int:
    """Return a whole number in this range, or say in one sentence what is wrong."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"its {name} is {value!r}, not a whole number from {least} to {most}")
    return value
