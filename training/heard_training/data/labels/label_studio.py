"""Labels in Label Studio: its labelling interface, tasks to import, and its export read back.

Offsets count code points, as Label Studio does today. Older ones counted UTF-16 units, and are told
by the words that stand beside the offsets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from heard import Assessment
from heard.labels import (
    EMOTION_NAMES,
    EMOTIONS,
    ESCALATION,
    ESCALATION_LEVELS,
    SIGNAL_NAMES,
    SIGNALS,
    SPAN_KINDS,
    SPAN_NAMES,
    STRENGTHS,
    Label,
)
from heard_training.data.labels.entry import Entry, Labels, Returned
from heard_training.errors import TrainingError
from heard_training.files import write_whole

__all__ = ["interface", "read_export", "write_tasks"]

_SPANS, _MARKED, _SIGNALS, _UNKNOWN = "spans", "all_marked", "signals", "signals_not_known"
_NONE = "none of these"
_LEVELS: dict[str, list[str]] = {
    target.name: [f"{level} {one.name}" for level, one in enumerate(names)]
    for target, names in [(emotion, STRENGTHS) for emotion in EMOTIONS]
    + [(ESCALATION, ESCALATION_LEVELS)]
}


def interface() -> str:
    """Write the labelling interface, for Settings, Labeling Interface, Code."""
    view = ElementTree.Element("View")
    labels = ElementTree.SubElement(view, "Labels", name=_SPANS, toName="text")
    for kind in SPAN_KINDS:
        ElementTree.SubElement(labels, "Label", value=kind.name, hint=kind.meaning)
    ElementTree.SubElement(
        view, "Text", name="text", value="$text", valueType="text", saveTextResult="yes"
    )
    title = "Of these kinds, all words are marked, or there are none:"
    _choices(view, _MARKED, title, SPAN_KINDS, "multiple")
    for target in (*EMOTIONS, ESCALATION):
        names = ESCALATION_LEVELS if target is ESCALATION else STRENGTHS
        levels = [
            Label(value, level.meaning)
            for value, level in zip(_LEVELS[target.name], names, strict=True)
        ]
        _choices(view, target.name, f"{target.name}: {target.meaning}", levels, "single-radio")
    none = Label(_NONE, "choose this where no signal is present")
    _choices(view, _SIGNALS, "Signals: the message...", (*SIGNALS, none), "multiple")
    _choices(view, _UNKNOWN, "Signals that you cannot tell:", SIGNALS, "multiple")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _choices(
    view: ElementTree.Element, name: str, title: str, values: Sequence[Label], choice: str
) -> None:
    ElementTree.SubElement(view, "Header", value=title, size="5")
    made = ElementTree.SubElement(
        view, "Choices", name=name, toName="text", choice=choice, showInline="true"
    )
    for value in values:
        ElementTree.SubElement(made, "Choice", value=value.name, hint=value.meaning)


def write_tasks(path: Path, entries: Sequence[Entry]) -> None:
    """Write tasks to import: the model's answers as predictions, labels given as annotations.

    Line breaks are written as a browser shows them, so that offsets agree.
    """
    tasks = []
    for entry in entries:
        model = entry.found.model
        task: dict[str, Any] = {
            "data": {**entry.about, "text": _broken(entry.text)},
            "predictions": [
                {
                    "model_version": f"{model.name} {model.version}",
                    "score": round(entry.score, 4),
                    "result": _result(_answered(entry.found), entry.text),
                }
            ],
        }
        if any(entry.given.values()):
            task["annotations"] = [{"result": _result(entry.given, entry.text)}]
        tasks.append(task)
    write_whole(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")


def _broken(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _result(labels: Labels, text: str) -> list[dict[str, Any]]:
    chosen = {name: [_LEVELS[name][level]] for name, level in labels.get("levels", {}).items()}
    signals, spans = labels.get("signals", {}), labels.get("spans", {})
    if signals:
        chosen[_SIGNALS] = [name for name in SIGNAL_NAMES if signals.get(name)] or [_NONE]
        chosen[_UNKNOWN] = [name for name in SIGNAL_NAMES if name not in signals]
    chosen[_MARKED] = [kind for kind in SPAN_NAMES if kind in spans]
    result = [
        _item(name, "choices", {"choices": values}) for name, values in chosen.items() if values
    ]
    for kind, pairs in spans.items():
        for number, (first, last) in enumerate(pairs):
            start, end = len(_broken(text[:first])), len(_broken(text[:last]))
            value = {
                "start": start,
                "end": end,
                "text": _broken(text[first:last]),
                "labels": [kind],
            }
            result.append({"id": f"{kind}{number}", **_item(_SPANS, "labels", value)})
    return result


def _answered(found: Assessment) -> Labels:
    """Give the model's decisions as labels."""
    present = {signal.name for signal in found.signals}
    levels = {name: found.emotions[name].level for name in EMOTION_NAMES}
    return {
        "levels": levels | {ESCALATION.name: found.escalation.level},
        "signals": {name: name in present for name in SIGNAL_NAMES},
        "spans": {kind: [[s.start, s.end] for s in found.spans[kind]] for kind in SPAN_NAMES},
    }


def _item(name: str, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": kind, "value": dict(value)}


def read_export(path: Path) -> Iterator[Returned]:
    """Read the tasks of an export, as JSON, that somebody labelled and did not skip.

    Raises:
        TrainingError: for a file that is no such export, and for labels that contradict each other
            or are not in the interface.
    """
    for number, task in enumerate(_tasks(path), start=1):
        place = f"{path}, task {task.get('id', number)}"
        data, annotations = task.get("data"), task.get("annotations", [])
        text = data.get("text") if isinstance(data, dict) else None
        if not isinstance(text, str) or not isinstance(annotations, list):
            raise TrainingError(
                f"{place} has no data.text, or no annotations: export as JSON, not as JSON-MIN."
            )
        labellings = []
        for annotation in annotations:
            try:
                if not annotation.get("was_cancelled"):
                    labellings.append(_labels(place, annotation["result"], text))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise TrainingError(f"{place} is not as Label Studio exports it.") from error
        labellings = [labels for labels in labellings if any(labels.values())]
        if labellings:
            yield Returned(place, str(data.get("id", task.get("id", number))), text, labellings)


def _tasks(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise TrainingError(f"There is no file {path}: name an export of Label Studio, as JSON.")
    try:
        tasks = json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError as error:
        raise TrainingError(f"{path} is not JSON in UTF-8: export it anew.") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise TrainingError(f"{path} is no export of Label Studio: choose JSON there.")
    return tasks


def _labels(place: str, result: Sequence[Mapping[str, Any]], text: str) -> Labels:
    """Read one annotation; controls that are not of our interface are left out."""
    chosen: dict[str, list[str]] = {}
    spans: dict[str, list[list[int]]] = {}
    for item in result:
        name, value = item["from_name"], item["value"]
        if name == _SPANS:
            for kind in value["labels"]:
                spans.setdefault(kind, []).append(_offsets(place, value, text))
        elif "choices" in value:
            chosen.setdefault(name, []).extend(value["choices"])
    for kind in chosen.get(_MARKED, ()):
        spans.setdefault(kind, [])
    return {
        "levels": {
            name: _level(place, name, values) for name, values in chosen.items() if name in _LEVELS
        },
        "signals": _present(place, chosen.get(_SIGNALS, ()), chosen.get(_UNKNOWN, ())),
        "spans": {kind: sorted(pairs) for kind, pairs in spans.items()} or None,
    }


def _level(place: str, name: str, values: Sequence[str]) -> int:
    if len(values) != 1 or values[0] not in _LEVELS[name]:
        raise TrainingError(f"{place}: {name} is none of {', '.join(_LEVELS[name])}.")
    return _LEVELS[name].index(values[0])


def _present(place: str, chosen: Sequence[str], unknown: Sequence[str]) -> dict[str, bool]:
    if not chosen:
        return {}
    wrong = {*chosen, *unknown} - {*SIGNAL_NAMES, _NONE}
    if wrong or (_NONE in chosen and len(chosen) > 1) or {*chosen} & {*unknown}:
        raise TrainingError(
            f"{place}: its signals contradict each other, or are not in the interface: mend it "
            "in Label Studio and export again."
        )
    return {name: name in chosen for name in SIGNAL_NAMES if name not in unknown}


def _offsets(place: str, value: Mapping[str, Any], text: str) -> list[int]:
    """Give a span in code points, of offsets in code points or in UTF-16 units."""
    first, last = int(value["start"]), int(value["end"])
    words = value.get("text")
    if words is None or _bare(text[first:last]) == _bare(words):
        return [first, last]
    units = text.encode("utf-16-le")
    start, inside = (
        units[2 * a : 2 * b].decode("utf-16-le", "replace") for a, b in ((0, first), (first, last))
    )
    if _bare(inside) != _bare(words):
        raise TrainingError(
            f"{place}: the words marked from {first} to {last} are not those of its text: "
            "mark them anew."
        )
    return [len(start), len(start) + len(inside)]


def _bare(words: str) -> str:
    r"""Drop white space, which a browser may show otherwise, and Label Studio's ``\n`` for it."""
    return re.sub(r"\\n|\s", "", words)
