"""The report as one HTML page that stands by itself, from the JSON of ``heard-train evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from heard.labels import EMOTION_NAMES, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.markdown import ranged, three
from heard_training.measure.compare import KEY_FIGURES
from heard_training.report import plots
from heard_training.report.figures import LEVEL_TITLES, SIGNAL_TITLES

__all__ = ["page"]

#: What slices, learning curves and robustness are drawn by.
_DRAWN = {
    name: KEY_FIGURES[name]
    for name in (
        "mean_emotions.f1_1",
        "mean_emotions.auroc_1",
        "targets.escalation.auroc_2",
        "mean_signals_f1",
    )
}
_DISTURBED = {name: title for name, title in _DRAWN.items() if name != "mean_emotions.f1_1"}
_SPANS = {f"spans.{kind}.f1": f"spans, {kind}, overlap F1" for kind in SPAN_NAMES}
_PER_TARGET = {**LEVEL_TITLES, "brier_1": "Brier >= 1", "ece_1": "ECE >= 1"}
_PER_SIGNAL = {**SIGNAL_TITLES, "brier": "Brier"}


def page(report: Mapping[str, Any]) -> str:
    """Lay out the report as HTML. Texts of messages are escaped, whatever they hold."""
    environment = Environment(
        loader=PackageLoader("heard_training.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = ranged
    environment.filters["share"] = lambda value: "-" if value is None else f"{value:.1%}"
    environment.filters["three"] = three
    return environment.get_template("report.html").render(
        report=report,
        plots={name: _plots(split, name) for name, split in report["splits"].items()},
        robustness=_svg(plots.robustness(report["robustness"], _DISTURBED))
        if "robustness" in report
        else None,
        learning_curve=_learning_curve(report),
        split=_main_split(report),
        key=KEY_FIGURES,
        spans=_SPANS,
        targets=TARGET_NAMES,
        emotions=EMOTION_NAMES,
        signals=SIGNAL_NAMES,
        per_target=_PER_TARGET,
        per_signal=_PER_SIGNAL,
    )


def _plots(split: Mapping[str, Any], name: str) -> dict[str, Markup]:
    drawn = {
        "confusions": plots.confusions(split["confusions"], name),
        "precision_recall": plots.precision_recall(split["precision_recall"], name),
        "reliability": plots.reliability(split["reliability"], name),
    }
    if split["slices"]:
        drawn["slices"] = plots.slices(split["slices"], _DRAWN, name)
    return {kind: _svg(text) for kind, text in drawn.items()}


def _learning_curve(report: Mapping[str, Any]) -> Markup | None:
    points = report.get("learning_curve", {}).get("points", [])
    split = _main_split(report)
    if not points or any(split not in point["figures"] for point in points):
        return None
    return _svg(plots.learning_curve(points, split, _DRAWN))


def _main_split(report: Mapping[str, Any]) -> str:
    return "dev" if "dev" in report["splits"] else "test"


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - drawn by us; matplotlib escapes the names in it
