"""What there is to read: a file, a folder, a glob, standard input."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heard.errors import InputError

__all__ = ["FORMATS", "Input", "find_inputs", "format_of"]

#: Endings that name a format, and the format.
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_COMPRESSED = (".gz", ".zst")

FORMATS: tuple[str, ...] = tuple(dict.fromkeys(_ENDINGS.values()))
_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: its ``name`` as results give it, its size, and when it was ``changed`` in ns.

    Standard input has no ``path``. ``format`` is ``None`` where only the content can tell. What is
    no regular file (standard input, a pipe) has no size, and cannot be read a second time.
    """

    name: str
    path: Path | None
    format: str | None
    bytes: int | None = None
    changed: int | None = None

    @property
    def again(self) -> bool:
        """Whether it can be read a second time."""
        return self.bytes is not None

    def fingerprint(self) -> dict[str, object]:
        """Give what tells whether a file is still the one that was read."""
        path = None if self.path is None else str(self.path.resolve())
        return {"path": path, "bytes": self.bytes, "changed": self.changed}


def format_of(path: Path) -> str | None:
    """Name the format that the ending of ``path`` stands for, whether compressed or not."""
    ending = path.suffix.lower()
    if ending in _COMPRESSED:
        ending = Path(path.stem).suffix.lower()
    return _ENDINGS.get(ending)


def find_inputs(
    given: Sequence[str], format_given: str | None, ours: Iterable[Path] = ()
) -> list[Input]:
    """Find the files that ``given`` names, each once, a folder's and a glob's by name.

    Args:
        given: files, folders, globs, or ``-`` alone.
        format_given: the format of them all; by default their endings tell.
        ours: paths that are written by this run, and left out of a folder or a glob.

    Raises:
        InputError: for a name behind which there is nothing to read, and for one of ``ours``.
    """
    if _STDIN in given:
        if len(given) > 1:
            raise InputError("- stands for standard input, and must stand alone.")
        return [Input("standard input", None, format_given)]
    left_out = {path.resolve() for path in ours}
    found: dict[Path, Input] = {}
    for name in given:
        if Path(name).resolve() in left_out and Path(name).is_file():
            raise InputError(f"{name} would be read and written: name another file to write.")
        for path in _paths(name, format_given):
            if (whole := path.resolve()) not in left_out:
                found.setdefault(whole, _input(path, format_given))
    if not found:
        raise InputError(f"There is nothing to read in {', '.join(given)}.")
    return list(found.values())


def _paths(name: str, format_given: str | None) -> Iterator[Path]:
    path = Path(name)
    if path.exists():
        matches = [path]
    else:
        matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
    if not matches:
        raise InputError(f"There is no file {name}: give a file, a folder, a glob in quotes, or -.")
    for match in matches:
        if match.is_dir():
            yield from _inside(match, format_given)
        else:
            yield match


def _inside(folder: Path, format_given: str | None) -> Iterator[Path]:
    """Give the files below ``folder`` by name: those of a known ending, or all if told a format."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and (format_given or format_of(path)):
            yield path


def _input(path: Path, format_given: str | None) -> Input:
    form = format_given or format_of(path)
    if not path.is_file():  # a pipe, as <(command) in a shell makes one
        return Input(str(path), path, form)
    if form is None:
        raise InputError(
            f"What {path} holds cannot be told from its name: say --input-format "
            f"{'|'.join(FORMATS)}."
        )
    about = path.stat()
    return Input(str(path), path, form, about.st_size, about.st_mtime_ns)
