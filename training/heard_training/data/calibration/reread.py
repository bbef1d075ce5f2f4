"""Labels that calibration rests on: given among shuffled messages of every slice and source.

The corpus was labelled slice by slice. Whoever reads a hundred messages of one kind in a row grades
them by each other (range effects, Parducci 1965), and an author grades what was meant. What is
shipped meets messages of all kinds, and real ones are labelled shuffled: so are the rows that
probabilities and thresholds are fitted on, once more, without sight of the other labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from heard_training.config import Heads
from heard_training.data.feedback import FEEDBACK
from heard_training.data.labels.read_back import LABELS
from heard_training.data.own.read import OWN
from heard_training.data.sources import Labelling, Message, labelling
from heard_training.errors import TrainingError
from heard_training.files import read_objects

__all__ = ["read_again", "read_reread"]


def read_reread(path: Path, heads: Heads) -> dict[str, Labelling]:
    """Read labels by the SHA-256 of their texts; of names that ``heads`` lacks nothing is taken.

    Raises:
        TrainingError: when the file is missing or broken.
    """
    if not path.is_file():
        raise TrainingError(
            f'There is no {path}: name the labels of rows kept aside as data.reread, or give "".'
        )
    found = {}
    for place, row in read_objects(path):
        sha256, levels, signals = row.get("sha256"), row.get("levels"), row.get("signals")
        if not isinstance(sha256, str) or not isinstance(levels, dict):
            raise TrainingError(f"{place} has no sha256 or no levels.")
        if not isinstance(signals, list):
            raise TrainingError(f"{place} has no list of signals.")
        known = {
            "levels": {name: level for name, level in levels.items() if name in heads.levels},
            "signals": [name for name in signals if name in heads.signals],
        }
        found[sha256] = labelling(place, known, length=0, heads=heads)
    return found


def read_again(message: Message, reread: Mapping[str, Labelling]) -> Message:
    """Return a message kept aside with the labels of its second reading, where it had one.

    Labels that are a user's own stand: they were given knowing of these, or without need of them.
    """
    again = reread.get(message.sha256)
    if again is None or not again.levels or message.source in (FEEDBACK, LABELS, OWN):
        return message
    spans = next((view.spans for view in message.views if view.spans is not None), None)
    view = replace(again, spans=spans)
    return replace(message, gold=view, views=(view,))
