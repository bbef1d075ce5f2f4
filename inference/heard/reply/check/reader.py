"""The second graph: reads a message with a draft and says which faults the draft has.

Politely worded faults are beyond lists of phrases. The encoder reads draft and message as one text;
one probability per fault comes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heard.bundle import TOKENIZER, default_path, sha256_of
from heard.decode import sigmoid
from heard.errors import BundleError
from heard.reply.context import REMEDIES, Context
from heard.session import Session
from heard.tokens import MessageTokenizer

__all__ = [
    "FAULTS",
    "GRAPH",
    "MANIFEST",
    "OUTPUTS",
    "WINDOW",
    "DraftReader",
    "own_reader",
    "pair_text",
]

#: What the graph looks for; the other rules are exact and need none.
FAULTS = (
    "cliche",
    "policy_shield",
    "blame",
    "arguing",
    "command_to_calm",
    "wrong_feeling",
    "asks_again",
    "fix_before_feelings",
    "over_promise",
    "we_for_i",
    "vague",
    "no_own_words",
    "bad_opening",
    "private_public",
)
MANIFEST, GRAPH = "reader.json", "reader.onnx"
#: The graph's one output and its shape.
OUTPUTS: dict[str, tuple[int | str, ...]] = {"signals": ("batch", len(FAULTS))}
#: Tokens of draft, context and message together; what is longer is cut at the message's end.
WINDOW = 256
_MOST_CHARACTERS = 2000


def pair_text(draft: str, message: str, context: Context) -> str:
    """Join draft, context and message to the one text that the graph reads."""
    names = context.remedies if not hasattr(context.remedies, "values") else REMEDIES
    offered = " ".join(sorted(names)).replace("_", " ") or "no remedy"
    told = f"{context.channel} {context.stage.replace('_', ' ')} {offered}"
    return f"{draft[:_MOST_CHARACTERS].strip()} | {told} | {message[:_MOST_CHARACTERS].strip()}"


@dataclass(frozen=True)
class DraftReader:
    """The graph with its tokenizer and its thresholds by fault."""

    session: Session
    tokenizer: MessageTokenizer
    thresholds: Mapping[str, float]

    @classmethod
    def from_folder(cls, folder: Path, tokenizer: Path) -> DraftReader:
        """Read a graph with its manifest.

        Raises:
            BundleError: when a file is missing, or is not the one that was exported.
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            known = (sha256_of(folder / GRAPH), sha256_of(tokenizer))
        except (OSError, ValueError) as error:
            raise BundleError(f"{folder} holds no whole {MANIFEST} and {GRAPH}.") from error
        if tuple(manifest["faults"]) != FAULTS:
            raise BundleError(f"{folder / MANIFEST} names other faults: export it anew.")
        if known != (manifest["sha256"], manifest["tokenizer_sha256"]):
            raise BundleError(f"{folder / GRAPH} or its tokenizer is not the one exported.")
        return cls(
            Session(folder / GRAPH, 1, outputs=OUTPUTS),
            MessageTokenizer.from_file(
                tokenizer, window=WINDOW, overlap=0, max_characters=3 * _MOST_CHARACTERS
            ),
            {name: float(manifest["thresholds"][name]) for name in FAULTS},
        )

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Read texts of :func:`pair_text`; returns ``[texts, faults]``."""
        windows = [self.tokenizer.encode(text).windows for text in texts]
        logits = [self.session.run([own[0].ids])["signals"][0] for own in windows]
        return sigmoid(np.array(logits))


@cache
def own_reader() -> DraftReader | None:
    """Load the graph in the package, once; ``None`` where there is none."""
    folder = Path(str(files(__package__).joinpath("model")))
    if not (folder / MANIFEST).is_file():
        return None
    return DraftReader.from_folder(folder, default_path() / TOKENIZER)
