"""The texts that every peer is given: messages as they are, and texts of so many tokens."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT

from heard import load
from heard.errors import InputError
from heard.tokens import MessageTokenizer

__all__ = ["LENGTHS", "Texts", "read_texts"]

#: Tokens of the texts of one length, special tokens counted.
LENGTHS = (8, 16, 32, 64, 128, 256, 512)
#: Words of a message as it is typical, by which the work around the graph is judged.
WORDS = 25
_AUTHORED = ROOT / "data/authored"
_SEED = 7


@dataclass(frozen=True, slots=True)
class Texts:
    """Messages in a random order, that stays; and cut from them, texts of one length each."""

    source: str
    messages: list[str]
    #: Tokens of each of the messages, as heard's tokenizer counts them, without special ones.
    tokens: list[int]
    by_length: dict[int, list[str]]
    of_25_words: list[str]

    def described(self) -> dict[str, object]:
        """Tell of the texts what may be told: their source, number and lengths."""
        ordered = sorted(self.tokens)
        shares = {"least": 0.0, "p50": 0.5, "p90": 0.9, "p99": 0.99, "most": 1.0}
        return {
            "source": self.source,
            "messages": len(self.messages),
            "tokens_mean": round(sum(ordered) / len(ordered), 1),
            **{
                f"tokens_{name}": ordered[min(int(share * len(ordered)), len(ordered) - 1)]
                for name, share in shares.items()
            },
        }


def read_texts(folder: Path | None, each: int, most: int | None = None) -> Texts:
    """Read ``folder/messages/dev.jsonl``, or without a folder the authored test messages.

    ``each`` is how many texts of one length are cut; ``most`` how many messages are taken.

    Raises:
        InputError: when there is no such file, or it holds other than messages.
    """
    if folder is None:
        source, found = "authored test messages", _authored()
    else:
        source, found = "dev messages", _texts(folder / "messages/dev.jsonl")
    found = [text for text in found if text.strip()]
    if not found:
        raise InputError(f"There are no {source} to measure with.")
    random.Random(_SEED).shuffle(found)  # noqa: S311 - nothing secret
    found = found[:most]
    tokenizer = load().tokenizer
    long = [words for words in map(str.split, found) if len(words) >= WORDS]
    return Texts(
        source=source,
        messages=found,
        tokens=[len(tokenizer.encode(text).offsets) for text in found],
        by_length={tokens: _cut(tokenizer, found, tokens, each) for tokens in LENGTHS},
        of_25_words=[" ".join(words[:WORDS]) for words in long[:each]],
    )


def _authored() -> list[str]:
    return [
        text for path in sorted(_AUTHORED.glob("*.jsonl")) for text in _texts(path, split="test")
    ]


def _texts(path: Path, split: str | None = None) -> list[str]:
    if not path.is_file():
        raise InputError(f"There is no {path}: name the folder above messages/.")
    texts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            if split is None or row["split"] == split:
                texts.append(str(row["text"]))
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path}, line {number}, is no object with a text.") from None
    return texts


def _cut(tokenizer: MessageTokenizer, texts: list[str], tokens: int, count: int) -> list[str]:
    """Cut texts of exactly so many tokens, the two special ones included, out of messages.

    Only what is again as long when tokenised by itself is taken: a cut may part a word.
    """
    wanted, found = tokens - 2, []
    running = list(texts)
    for start in range(len(running)):
        joined = ""
        for place in range(start, start + len(running)):
            joined += f"{running[place % len(running)]} "
            if len(offsets := tokenizer.encode(joined).offsets) > wanted:
                break
        else:
            break
        cut = joined[: offsets[wanted - 1][1]]
        if len(tokenizer.encode(cut).offsets) == wanted:
            found.append(cut)
        if len(found) == count:
            return found
    if not found:
        raise InputError(f"The texts are too few to cut one of {tokens} tokens out of them.")
    return found
