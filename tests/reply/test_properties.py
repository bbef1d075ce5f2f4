"""Every reply that is composed passes the check of drafts."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

from made import FURIOUS, assessment

import heard
from heard.labels import ESCALATION_LEVELS
from heard.reply.context import CHANNELS, STAGES
from heard.reply.situation import situations
from heard.types import Signal

ROOT = Path(__file__).resolve().parents[2]


def made_for(situation):
    level = {"none": 0, "slight": 1, "clear": 2, "strong": 3}[situation.strength]
    emotion = {situation.emotion: level} if level else {}
    risen = [one.name for one in ESCALATION_LEVELS].index(situation.escalation)
    return assessment(
        "My parcel was left in the rain and I want a new lamp.",
        escalation=risen,
        problem=["My parcel was left in the rain"],
        need=["I want a new lamp"],
        **emotion,
    )


def test_every_combination_gets_a_reply_that_the_check_finds_nothing_in():
    flagged = []
    for number, situation in enumerate(situations()):
        made = made_for(situation)
        context = heard.Context(
            channel=situation.channel,
            stage=situation.stage,
            remedies=((), ("refund",), ("redo", "credit"))[number % 3],
            conversation_id=str(number),
        )
        found = heard.recommend(made, context)
        assert found.reply, situation
        for finding in heard.check_reply(found.reply, made, context):
            flagged.append((finding.rule, found.reply[finding.start : finding.end], situation))
    assert flagged == []


def test_replies_to_real_messages_pass_the_check():
    rows = [
        json.loads(line)
        for path in sorted((ROOT / "data/authored").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()[::40]
    ]
    texts = [row["text"] for row in rows]
    flagged = []
    for number, read in enumerate(heard.load().assess_many(texts)):
        context = heard.Context(
            channel=CHANNELS[number % 4],
            stage=STAGES[number // 4 % 4],
            remedies=((), ("refund",), ("redo", "credit"))[number % 3],
        )
        reply = heard.recommend(read, context).reply
        for finding in heard.check_reply(reply, read, context):
            flagged.append((finding.rule, reply[finding.start : finding.end], reply))
    assert flagged == []


def test_every_signal_alone_gets_a_sound_reply():
    for name in ("asks_for_manager", "threatens_to_leave", "legal_or_regulator", "goes_public"):
        for channel, stage in itertools.product(CHANNELS, STAGES):
            made = replace(FURIOUS, signals=(Signal(name, 0.9),))
            context = heard.Context(channel=channel, stage=stage)
            reply = heard.recommend(made, context).reply
            assert heard.check_reply(reply, made, context) == [], reply
