"""Files read with their mistakes named, and written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heard_training.errors import TrainingError

__all__ = [
    "in_repository",
    "read_json",
    "read_objects",
    "read_toml",
    "write_lines",
    "write_whole",
    "written_whole",
]


#: The clone that this code lies in.
_REPOSITORY = Path(__file__).resolve().parents[2]


def in_repository(path: str) -> Path:
    """Find a file of the repository from wherever the command is run.

    A path that exists as it is given is taken so.
    """
    here, there = Path(path), _REPOSITORY / path
    return there if not here.exists() and there.exists() else here


def read_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a file of JSON objects, one a line, each with the words that name its place.

    Raises:
        TrainingError: for a line that is none; its words are not quoted.
    """
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        place = f"{path}, line {number}"
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise TrainingError(f"{place} is not JSON in UTF-8: convert the file.") from error
        except json.JSONDecodeError as error:
            raise TrainingError(f"{place} is not JSON: {error.msg}.") from error
        if not isinstance(row, dict):
            raise TrainingError(f"{place} is not a JSON object.")
        yield place, row


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that is one JSON object.

    Raises:
        TrainingError: when it cannot be read, or is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise TrainingError(f"{path} is not JSON in UTF-8: make it anew.") from error
    if not isinstance(found, dict):
        raise TrainingError(f"{path} is not a JSON object: make it anew.")
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        TrainingError: when it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path} is not valid TOML: {error}.") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename it."""
    write_lines(path, [text.removesuffix("\n")])


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """Give an empty folder of a temporary name; it takes the place of ``folder`` at the end.

    Where the block raises, whatever stood at ``folder`` before stays.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write ``lines`` to a file of a temporary name; it takes the place of ``path`` at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
    partial.replace(path)
