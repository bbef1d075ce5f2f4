"""Scored rows, made up: the columns of ``flat``, an identifier, a date and an outcome."""

import random
from datetime import datetime, timedelta

from heard.labels import EMOTION_NAMES, ESCALATION_LEVELS, SIGNAL_NAMES

THRESHOLD = 0.411


def scored(risk=0.1, **given):
    """Give one row; what is not given is calm."""
    level = given.pop("level", 2 if risk >= THRESHOLD else 0)
    row = {"id": "m", "primary": "none"}
    for name in EMOTION_NAMES:
        row |= {f"{name}_level": 0, f"{name}_probability": 0.02}
    row |= {"escalation_level": level, "escalation": ESCALATION_LEVELS[level].name, "risk": risk}
    row |= {"signals": "", "uncertain": "", "language": "en", "unknown_share": 0.0}
    return row | {"tokens": 12, "truncated": False} | given


def many(n, *, days=60, seed=7, outcome="when"):
    """Give rows as a support team's export could hold them, the same every time.

    Args:
        n: how many.
        days: over how many days they are spread.
        seed: of everything that is drawn.
        outcome: ``when`` the ticket escalated (else empty), or ``yes`` and ``no``.
    """
    draw = random.Random(seed)
    start = datetime(2026, 8, 3)
    for i in range(n):
        risk = round(min(draw.betavariate(0.35, 3) * 1.15, 0.9999), 4)
        hour = min(max(draw.gauss(13, 4), 0), 23.9)
        day = min(int(days * draw.random() ** 0.8), days - 1)
        written = start + timedelta(days=day, hours=hour)
        escalated = draw.random() < 0.01 + 0.7 * risk
        later = written + timedelta(hours=draw.lognormvariate(2.5, 1.4) - 1)
        emotions = {}
        for name, mean in zip(EMOTION_NAMES, (0.2, 0.45, 0.12, 0.05), strict=True):
            chance = round(min(1, max(0, draw.gauss(mean, 0.25) + risk / 2)), 4)
            emotions[name] = chance
        levels = {name: min(3, int(chance * 4)) for name, chance in emotions.items()}
        most = max(levels, key=levels.get)
        present = [
            name for k, name in enumerate(SIGNAL_NAMES) if draw.random() < risk / (1 + k / 2)
        ]
        yield scored(
            risk,
            id=f"T-{100000 + i}",
            level=3 if risk > 0.8 else 2 if risk >= THRESHOLD else 1 if risk > 0.15 else 0,
            primary=most if levels[most] else "none",
            **{f"{name}_level": level for name, level in levels.items()},
            **{f"{name}_probability": chance for name, chance in emotions.items()},
            signals=" ".join(present),
            uncertain=" ".join(n for n, chance in emotions.items() if 0.39 < chance < 0.5),
            language=draw.choices(("en", "other", "unknown"), (95, 2, 3))[0],
            created=written.isoformat(sep=" ", timespec="minutes"),
            escalated=(later.isoformat(timespec="seconds") if escalated else "")
            if outcome == "when"
            else ("yes" if escalated else "no"),
        )
