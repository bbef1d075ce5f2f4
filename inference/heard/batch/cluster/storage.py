"""Where a cluster reads and writes: local disk, or any URL that pyarrow or fsspec opens."""

from __future__ import annotations

import json
import posixpath
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heard.batch.source.inputs import Input, find_inputs, format_of
from heard.errors import InputError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

__all__ = ["REJECTS", "Folder", "absolute", "find", "locate"]

#: Readers of folders (Arrow, Spark, Ray, heard) pass over names that begin with an underscore.
REJECTS = "_rejects"
_FINISHED = "_SUCCESS"
_UNFINISHED = "_unfinished"
#: Files moved at once when a run ends: an object store answers slowly, and many at a time.
_MOVES = 16


def absolute(name: str) -> str:
    """Give a local path in full, as every node needs it, and a URL as it is."""
    return name if "://" in name else str(Path(name).absolute())


def locate(name: str) -> tuple[FileSystem, str]:
    """Give the file system and the path in it that a local path or a URL stands for.

    Raises:
        InputError: when neither pyarrow nor fsspec opens the URL.
    """
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem, FSSpecHandler, LocalFileSystem, PyFileSystem

    if "://" not in name:
        return LocalFileSystem(), absolute(name)
    scheme = name.partition("://")[0]
    try:
        found: tuple[FileSystem, str] = FileSystem.from_uri(name)
    except ArrowInvalid:  # not one of its own
        pass
    except OSError as error:
        raise InputError(f"{name} cannot be reached ({type(error).__name__}).") from error
    else:
        return found
    try:
        from fsspec.core import url_to_fs

        other, path = url_to_fs(name)
    except (ImportError, OSError, ValueError) as error:
        raise InputError(
            f"{scheme}:// is not known here: install the fsspec package that opens it, on every "
            "node."
        ) from error
    return PyFileSystem(FSSpecHandler(other)), path


def find(given: Sequence[str], format_given: str | None) -> list[Input]:
    """Find the files that local names and URLs stand for, each once; those of a folder by name.

    Raises:
        InputError: for one behind which there is nothing to read.
    """
    here = [name for name in given if "://" not in name]
    found = find_inputs(here, format_given) if here else []
    found += [one for url in given if "://" in url for one in _behind(url, format_given)]
    return list({one.name: one for one in found}.values())


def _behind(given: str, format_given: str | None) -> list[Input]:
    from pyarrow.fs import FileSelector, FileType

    storage, path = locate(given)
    try:
        about = storage.get_file_info(path)
        listed = [about]
        if about.type is FileType.Directory:
            listed = storage.get_file_info(FileSelector(path, recursive=True))
    except OSError as error:
        raise InputError(f"{given} cannot be reached ({type(error).__name__}).") from error
    found = []
    for file in sorted(listed, key=lambda one: one.path):
        inside = posixpath.relpath(file.path, path) if file is not about else ""
        hidden = any(part.startswith((".", "_")) for part in inside.split("/"))
        form = format_given or format_of(Path(file.path))
        if file.type is FileType.File and form and not hidden:
            name = posixpath.join(given, inside) if inside else given
            found.append(Input(name, None, form, file.size))
    if not found:
        raise InputError(f"There is nothing to read in {given}.")
    return found


class Folder:
    """An output folder that looks finished only once it is.

    Files are written below ``_unfinished``; :meth:`commit` moves those that count to their place
    and writes ``_SUCCESS`` last. What a run leaves that was cut off has no ``_SUCCESS``, and no
    reader of folders sees its files.
    """

    def __init__(self, name: str) -> None:
        """Take the folder's local path or URL; nothing is touched yet."""
        self.name = absolute(name)
        self._storage, self.path = locate(name)
        self.ending = posixpath.splitext(self.path.rstrip("/"))[1].lower()
        self._unfinished = posixpath.join(self.path, _UNFINISHED)

    def start(self, *, force: bool) -> None:
        """Make the folder ready to be written to.

        Args:
            force: delete what is in it, if a run of ours has left it.

        Raises:
            InputError: where there is something to lose, or nothing can be written.
        """
        from pyarrow.fs import FileSelector

        try:
            there = {
                entry.base_name
                for entry in self._storage.get_file_info(
                    FileSelector(self.path, allow_not_found=True)
                )
            }
            if there and not force:
                raise InputError(
                    f"{self.name} is not empty: name another folder, or replace it with --force."
                )
            if there and not there & {_FINISHED, _UNFINISHED}:
                raise InputError(f"{self.name} holds what no run of heard has written: delete it.")
            if there:
                self._storage.delete_dir_contents(self.path)
            self._storage.create_dir(self._unfinished, recursive=True)
        except OSError as error:
            raise InputError(
                f"{self.name} cannot be written to ({type(error).__name__}): name a folder that "
                "every node can write to."
            ) from error

    def put(self, file: Path, name: str) -> None:
        """Write a file that does not count yet."""
        target = posixpath.join(self._unfinished, name)
        with file.open("rb") as source, self._storage.open_output_stream(target) as sink:
            shutil.copyfileobj(source, sink, 1024 * 1024)

    def commit(self, names: Mapping[str, str], account: Mapping[str, Any]) -> None:
        """Move files to their place, then say that the run is finished.

        Args:
            names: the final name of every file that counts, by the one that it was put under.
            account: what ``_SUCCESS`` says, as JSON.
        """
        for folder in {posixpath.dirname(name) for name in names.values()}:
            self._storage.create_dir(posixpath.join(self.path, folder), recursive=True)

        def move(name: str) -> None:
            self._storage.move(
                posixpath.join(self._unfinished, name), posixpath.join(self.path, names[name])
            )

        with ThreadPoolExecutor(_MOVES) as threads:
            list(threads.map(move, names))
        self.clear()
        with self._storage.open_output_stream(posixpath.join(self.path, _FINISHED)) as stream:
            stream.write(json.dumps(account, indent=2).encode() + b"\n")

    def clear(self) -> None:
        """Delete what does not count."""
        from pyarrow.fs import FileType

        if self._storage.get_file_info(self._unfinished).type is FileType.Directory:
            self._storage.delete_dir(self._unfinished)
