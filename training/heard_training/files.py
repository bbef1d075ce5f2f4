"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["write_lines", "write_whole", "written_whole"]


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
