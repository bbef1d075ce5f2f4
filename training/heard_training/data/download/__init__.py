"""Public texts, found again for the labels that lie in the repository.

annotations -> places -> candidates (fetch, records) -> join -> store -> messages; collect runs it.
A text is kept only when its SHA-256 is that of a labelled one.
"""

from heard_training.data.download.annotations import read_annotations, strip
from heard_training.data.download.collect import download

__all__ = ["download", "read_annotations", "strip"]
