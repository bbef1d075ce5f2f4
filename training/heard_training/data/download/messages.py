"""The messages files that preparation reads: annotations and their texts in one.

Of what it writes, this keeps the hashes beside the downloads, so that it replaces its own files and
never anybody else's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from heard_training.data.download.annotations import SPLITS, Annotation
from heard_training.data.sources import message_files
from heard_training.errors import TrainingError
from heard_training.files import write_lines

__all__ = ["refuse_foreign", "write_messages"]


def refuse_foreign(texts: Path) -> None:
    """See to it that every messages file below ``texts`` is one that :func:`write_messages` wrote.

    Raises:
        TrainingError: when one is not, or was changed since.
    """
    ours = _written(texts)
    for path in message_files(texts).values():
        if path.is_file() and _sha256(path.read_bytes()) not in ours:
            raise TrainingError(
                f"{path} was not written by this command, or was changed since: move it away, or "
                "name another folder."
            )


def write_messages(
    texts: Path, annotations: Iterable[Annotation], found: Mapping[str, Mapping[str, str]]
) -> dict[str, int]:
    """Write ``texts``/messages/{train,dev}.jsonl; returns the rows of each split.

    Args:
        texts: the folder above messages/.
        annotations: all annotations; those without a text are left out.
        found: per source, texts by their SHA-256.

    A split of which no text was found has no file.
    """
    refuse_foreign(texts)
    rows: dict[str, list[str]] = {split: [] for split in SPLITS}
    for row in annotations:
        text = found.get(row.source, {}).get(row.sha256)
        if text is not None:
            rows[row.split].append(json.dumps(row.with_text(text), ensure_ascii=False))
    # Noted first: interrupted between the two, the next call still knows its own files.
    ours = [*_written(texts), *(_sha256(_bytes(lines)) for lines in rows.values())]
    write_lines(_note(texts), [json.dumps(sorted(set(ours)))])
    for split, path in message_files(texts).items():
        if rows[split]:
            write_lines(path, rows[split])
        else:
            path.unlink(missing_ok=True)
    return {split: len(lines) for split, lines in rows.items()}


def _note(texts: Path) -> Path:
    return texts / "downloads" / "messages.json"


def _written(texts: Path) -> list[str]:
    try:
        hashes = json.loads(_note(texts).read_bytes())
    except (FileNotFoundError, ValueError):
        return []
    return [str(digest) for digest in hashes]


def _bytes(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
