"""`heard serve` with a model that fails, is slow, or sets the clock, where a message says so."""

import sys
import time
from functools import partial

from heard.analyzer import Analyzer
from heard.cli import main
from heard.serve.service import Service

_read, _now = Analyzer.assess_encoded, time.time


def _shifted(shift):
    return _now() + shift


def read(self, texts, encoded):
    if any("BREAK" in text for text in texts):
        raise RuntimeError(f"the model broke on {texts[0]}")
    for text in texts:
        if "JUMP" in text:
            time.time = partial(_shifted, float(text.split("JUMP")[1].split()[0]))
        if "SLOW" in text:
            time.sleep(float(text.split("SLOW")[1].split()[0]))
    return _read(self, texts, encoded)


_answer = Service.answer


async def answer(self, request, texts, finish, **how):
    if any("ODD" in text for text in texts):
        return 1 / 0
    return await _answer(self, request, texts, finish, **how)


Analyzer.assess_encoded = read
Service.answer = answer
sys.exit(main())
