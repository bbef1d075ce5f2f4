"""``heard-train init``: a folder to begin with, its files copied from ``template/``."""

from __future__ import annotations

from pathlib import Path

from heard_training.errors import TrainingError
from heard_training.files import write_whole

__all__ = ["init_project"]

_TEMPLATE = Path(__file__).parent / "template"
#: Stands in the template for the folder's own path.
_FOLDER = "MYPROJECT"


def init_project(folder: Path) -> None:
    """Make ``folder`` with a configuration, a sample of a file, and the commands to go on with.

    Raises:
        TrainingError: when it is there and not empty.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise TrainingError(f"{folder} is there already: name a new folder, so nothing is lost.")
    for source in _TEMPLATE.iterdir():
        text = source.read_text(encoding="utf-8").replace(_FOLDER, str(folder))
        write_whole(folder / source.name, text)
