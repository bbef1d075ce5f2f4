"""One file over HTTP: taken up where it broke off, checked, and there only when it is whole.

Written on httpx2, the client that the Hugging Face libraries bring along. ``huggingface_hub`` has a
download of its own, which goes on after a break but does not ask whether the file is still the same
one (``If-Range``), and is not part of its public interface; ``datasets`` reads plain URLs only with
aiohttp.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2
from tqdm import tqdm

from heard_training.errors import TrainingError
from heard_training.files import write_lines

__all__ = ["fetch"]

_log = logging.getLogger(__name__)

#: Tries that bring nothing new before we give up; the first wait, in seconds, doubled each time.
TRIES = 5
WAIT_S = 1.0

_TIMEOUT_S = 30.0
#: Too busy, or broken for the moment; any other 4xx stays as it is however often one asks.
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class _Broken(Exception):
    """A failure that may pass; its text says what happened."""


def fetch(url: str, target: Path, *, sha256: str | None = None) -> Path:
    """Download ``url`` to ``target``, unless that is there.

    While it is under way it lies beside it as ``.partial``, and in ``.partial.json`` what the
    server said of it: a later call goes on from there, or starts anew where the server's file has
    changed since. A progress bar is shown on a terminal.

    Raises:
        TrainingError: for an address that is none or not found, a connection that keeps breaking
            off (what has come is kept), a file of another SHA-256 than ``sha256`` (it is thrown
            away), and where ``target`` cannot be written.
    """
    partial = target.with_name(target.name + ".partial")
    try:
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _download(url, partial)
            _check(url, partial, sha256)
            partial.replace(target)
            _memory(partial).unlink(missing_ok=True)
    except OSError as error:
        raise TrainingError(f"{target} cannot be written: {error.strerror}.") from error
    return target


def _download(url: str, partial: Path) -> None:
    """Ask again, from where it broke off, until all is there or nothing more comes."""
    failures = 0
    with httpx2.Client(follow_redirects=True, timeout=_TIMEOUT_S) as client:
        while True:
            had = _size(partial)
            try:
                return _ask(client, url, partial)
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                raise TrainingError(f"{url} is no address that can be fetched: {error}.") from error
            except (httpx2.RequestError, _Broken) as error:
                failures = 1 if _size(partial) > had else failures + 1
                reason = str(error) or type(error).__name__
                if failures >= TRIES:
                    raise TrainingError(
                        f"{url} could not be fetched: {reason}. {_size(partial)} bytes are kept: "
                        "run it again to go on from there."
                    ) from error
                wait = WAIT_S * 2 ** (failures - 1)
                _log.info("%s: %s; trying again in %g s", url, reason, wait)
                time.sleep(wait)


def _ask(client: httpx2.Client, url: str, partial: Path) -> None:
    """Make one request, and write what it brings."""
    known = _recall(partial, url)
    start = _size(partial) if known else 0
    if known and known.get("size") == start:
        return  # all of it came, and then the run was interrupted
    # Packed on the way it would have other lengths and offsets than the file itself.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": str(known["validator"])}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            partial.unlink(missing_ok=True)
            raise _Broken("the server's file is shorter than what is here, which starts anew")
        _check_status(url, response)
        if response.status_code == 206:
            came = response.headers.get("Content-Range", "")
            if not came.startswith(f"bytes {start}-"):
                partial.unlink(missing_ok=True)
                raise _Broken(f"the server sent {came or 'something'} when asked for {start}-")
        else:
            start = 0
        size = _whole_size(response, start)
        if not start:
            partial.write_bytes(b"")
            _remember(partial, url, response, size)
        _write(response, partial, start, size)
    if size is not None and _size(partial) != size:
        raise _Broken(f"it broke off after {_size(partial)} of {size} bytes")


def _check_status(url: str, response: httpx2.Response) -> None:
    said = f"{response.status_code} {response.reason_phrase}".strip()
    if response.status_code in _PASSING:
        raise _Broken(f"the server answered {said}")
    if response.status_code not in (200, 206):
        raise TrainingError(f"{url} cannot be fetched: the server answered {said}.")


def _whole_size(response: httpx2.Response, start: int) -> int | None:
    """Say how many bytes the whole file has, where the server tells."""
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _write(response: httpx2.Response, partial: Path, start: int, size: int | None) -> None:
    with (
        partial.open("ab") as file,
        tqdm(
            desc=partial.name.removesuffix(".partial"),
            initial=start,
            total=size,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
            disable=None,  # no bar where standard error is not a terminal
        ) as bar,
    ):
        for piece in response.iter_raw():
            file.write(piece)
            bar.update(len(piece))


def _memory(partial: Path) -> Path:
    return partial.with_name(partial.name + ".json")


def _remember(partial: Path, url: str, response: httpx2.Response, size: int | None) -> None:
    """Note by what to know that the server's file is the same when it is asked for the rest."""
    tag = response.headers.get("ETag", "")
    # A weak tag stands for files that mean the same, not for the same bytes.
    strong = "" if tag.startswith("W/") else tag
    validator = strong or response.headers.get("Last-Modified", "")
    said = {"url": url, "validator": validator, "size": size}
    write_lines(_memory(partial), [json.dumps(said)])


def _recall(partial: Path, url: str) -> Mapping[str, object]:
    """Read what was noted; nothing where the rest could not be asked for safely."""
    try:
        said = json.loads(_memory(partial).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    sound = isinstance(said, dict) and said.get("url") == url and said.get("validator")
    return said if sound else {}


def _size(partial: Path) -> int:
    return partial.stat().st_size if partial.is_file() else 0


def _check(url: str, partial: Path, sha256: str | None) -> None:
    if sha256 is None:
        return
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        partial.unlink()
        _memory(partial).unlink(missing_ok=True)
        raise TrainingError(
            f"{url} has the SHA-256 {found}, not {sha256}: it is another file than the one known. "
            "It was not kept."
        )
