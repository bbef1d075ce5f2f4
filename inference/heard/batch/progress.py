"""A progress bar on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

__all__ = ["Progress"]

_BAR = "{percentage:3.0f} % {bar:20} {desc}, {remaining} left"
_NO_BAR = "{desc}"


class Progress:
    """Shows messages a second and the time that is left, where the input's size is known.

    The time is reckoned from the bytes that were read.
    """

    def __init__(self, size: int | None, start: int) -> None:
        """Begin at ``start`` bytes of ``size``; a resumed run begins far into its input."""
        self._scored = 0
        self._since = time.monotonic()
        self._bar = _bar(size, start) if sys.stderr.isatty() else None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.refresh()  # a run of less than a tenth of a second has not been drawn yet
            self._bar.close()

    def update(self, scored: int, read: int) -> None:
        """Tell that ``scored`` more messages are done, and the input read up to byte ``read``."""
        self._scored += scored
        if self._bar is None:
            return
        rate = self._scored / max(time.monotonic() - self._since, 1e-9)
        said = f"{self._scored:,} messages, {rate:,.1f} a second"
        self._bar.set_description_str(said, refresh=False)
        self._bar.update(read - self._bar.n)


def _bar(size: int | None, start: int) -> Any:  # noqa: ANN401 - tqdm has no types
    try:
        from tqdm import tqdm
    except ImportError:  # it comes with tokenizers, which may one day do without
        return None
    return tqdm(
        desc="0 messages",
        total=size,
        initial=start,
        bar_format=_BAR if size else _NO_BAR,
        smoothing=0.05,
        file=sys.stderr,
        leave=False,
    )
