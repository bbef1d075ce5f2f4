"""The check of drafts: on drafts that were written before there were rules, and rule by rule."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from made import assessment

import heard
from heard.reply.check.draft import Draft
from heard.reply.check.finding import RULES, SEVERITIES
from heard.reply.check.phrases import find_phrases
from heard.reply.check.reader import FAULTS, own_reader
from heard.reply.fillings import fillings
from heard.reply.recommend import fills

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from drafts import found, read  # noqa: E402 - the benchmark prints the same figures

FURIOUS = assessment(
    "Your driver threw my parcel AX-5512 over the gate on Monday and it's broken. I'm livid!",
    angry=3,
    escalation=2,
    problem=["Your driver threw my parcel AX-5512 over the gate on Monday"],
    feeling=["livid"],
)
CALM = assessment("Do you deliver to Skye?", need=["deliver to Skye"])


def rules(draft, read_as=FURIOUS, **context):
    return {
        finding.rule
        for finding in heard.check_reply(draft, read_as, heard.Context(**context))
        if finding.severity != "hint"
    }


# Regression floors; what is aimed at is 0.85 of the faults, with one good draft in ten flagged.
def test_most_faults_are_found():
    rows = read("drafts_bad.jsonl")
    hits = sum(len(set(row["faults"]) & got) for row, got in zip(rows, found(rows), strict=True))
    assert hits / sum(len(row["faults"]) for row in rows) >= 0.8


def test_few_good_drafts_are_flagged():
    flagged = sum(map(bool, found(read("drafts_good.jsonl"))))
    assert flagged / 160 <= 0.14


@pytest.mark.parametrize(
    ("rule", "draft", "context"),
    [
        ("cliche", "Sorry about the parcel. Rest assured, we value your feedback.", {}),
        ("policy_shield", "I'm sorry, under our terms and conditions the gate is fine.", {}),
        ("command_to_calm", "I'm sorry about the parcel, but please calm down.", {}),
        ("wrong_feeling", "How humiliating the broken parcel must have been for you.", {}),
        ("asks_again", "I'm sorry it's broken. What is the number of your parcel?", {}),
        (
            "fix_before_feelings",
            "I've refunded the parcel to your card.",
            {"remedies": ("refund",)},
        ),
        ("over_promise", "I'm sorry it broke. I guarantee it won't ever happen again.", {}),
        ("over_promise", "I'm sorry it broke. I've refunded your parcel.", {}),
        ("we_for_i", "We are sorry that the parcel went over the gate.", {}),
        ("vague", "I'm sorry. Your issue will be handled as soon as possible.", {}),
        ("too_long_public", "I'm sorry about the gate. " * 20, {"channel": "public"}),
        ("private_public", "I'm sorry about parcel AX-5512.", {"channel": "public"}),
        ("bad_opening", "Did you sign for the parcel? I'm sorry.", {}),
        ("bad_opening", "You say that the parcel is broken. I'm sorry.", {}),
        ("no_thanks_after_silence", "I'm sorry about the parcel.", {"stage": "after_silence"}),
        ("repeats", "I'm sorry about the gate.", {"used": ("I'm sorry about the gate.",)}),
    ],
)
def test_a_rule_and_what_it_finds(rule, draft, context):
    assert rule in rules(draft, **context)


@pytest.mark.parametrize(
    "draft",
    [
        "I'm so sorry: a parcel over a gate, and broken. No wonder you're livid. I'm asking the "
        "driver what happened on Monday, and I'll write to you tonight.",
        "I'd be livid too. I'm sorry that your parcel was thrown like that.",
    ],
)
def test_a_good_draft_passes(draft):
    assert rules(draft) == set()


FLIGHT = assessment(
    "@Vorrelair that's £450 gone. Your staff are thieves. I want my money back, flight QX773.",
    angry=2,
    escalation=2,
    signals=["goes_public"],
    problem=["£450 gone"],
)


@pytest.mark.parametrize(
    ("draft", "found"),
    [
        ("£450 gone: I'd be angry too. Send me a private message and I'll deal with it.", False),
        ("£45 gone: I'd be angry too. Send me a private message and I'll deal with it.", True),
        ("I'm sorry about flight QX774. Send me a private message.", True),
        ("I'm sorry about flight QX773. Send me a private message.", False),
        ("\u20ac450.00 gone: I'd be angry too. Email us at help@example.org.", False),
        ("I'll write to ann@example.org about it.", True),
        ("I'm sorry, Miss Arden. Send me a private message.", True),
        ("I know what it is to miss your train. Send me a private message.", False),
    ],
)
def test_in_public_only_what_the_customer_published_is_said_back(draft, found):
    assert ("private_public" in rules(draft, FLIGHT, channel="public")) is found


@pytest.mark.parametrize("named", ["flight booking 88120", "train ticket AB448812"])
def test_a_booking_that_the_customer_published_stays_private(named):
    found = assessment(f"@Vorrelair my {named} was refused, why?", signals=["goes_public"])
    draft = f"I'm sorry that the {named} was refused. Send me a private message."
    assert "private_public" in rules(draft, found, channel="public")


@pytest.mark.parametrize(
    ("draft", "found"),
    [
        ("I've noted that you'd like your money back for the broken parcel.", False),
        ("I'm sorry that we've refused compensation for the broken parcel.", False),
        ("No wonder you're livid. I'm sending your money back today.", True),
        ("Your refund was refused and that was wrong, so I'm refunding it now.", True),
        ("I can't undo a broken parcel, but here's a voucher for \u00a310.", True),
        ("If you'd like, I'll ask whether a refund can be had for the parcel.", False),
        ("You'd like your money back! I've refunded the parcel.", True),
    ],
)
def test_a_remedy_that_is_said_back_is_not_offered(draft, found):
    assert ("over_promise" in rules(draft)) is found


def test_what_fills_a_sentence_of_the_playbook_is_known():
    assert rules(heard.recommend(FURIOUS).reply) == set()
    playbook = heard.read_playbook()
    told = fillings(FURIOUS, heard.Context(), playbook.remedies, playbook.placeholders)["problem"]
    assert (("problem", told),) in fills(f"From what you tell me, {told}.", playbook)
    (other,) = [
        dict(values)
        for values in fills("From what you tell me, you broke it.", playbook)
        if len(values) == 1
    ]
    assert other == {"problem": "you broke it"}
    assert not [*fills("Please calm down.", playbook)]


def test_better_wordings_come_from_the_given_playbook(tmp_path):
    folder = tmp_path / "playbook"
    shutil.copytree(ROOT / "inference/heard/reply/playbook", folder)
    for path in folder.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("I'm sorry", "I'm truly sorry"), encoding="utf-8")
    changed = heard.read_playbook(str(folder))
    (finding,) = heard.check_reply("Please calm down.", FURIOUS, playbook=changed)[:1]
    usual = heard.recommend(FURIOUS, playbook=changed)
    assert finding.better in (usual.reply, *(move.text for move in usual.moves))


def test_a_calm_answer_passes():
    assert rules("Yes, we deliver to Skye on Tuesdays and Fridays.", CALM) == set()


def test_places_are_code_points_of_the_draft():
    draft = "\U0001f614 Sorry about the parcel. Please CALM DOWN now."
    places = {
        finding.rule: draft[finding.start : finding.end]
        for finding in heard.check_reply(draft, FURIOUS)
    }
    assert places["command_to_calm"] == "CALM DOWN"


def test_a_better_wording_comes_from_this_message():
    (finding,) = [f for f in heard.check_reply("Please calm down.", FURIOUS) if f.rule in RULES][:1]
    assert finding.severity in SEVERITIES
    assert finding.reason
    assert "livid" in finding.better or "parcel" in finding.better


def test_words_quoted_from_the_message_are_not_the_agents():
    angry = assessment("Your policy says no refunds, rest assured I'm livid.", angry=3)
    draft = (
        'I\'d be livid too. "Your policy says no refunds, rest assured" is what you wrote, and '
        "I'm reading that policy again before I call you at four."
    )
    assert not {"policy_shield", "cliche"} & rules(draft, angry)
    # The graph takes this one for a cliche; the lists, which are exact, must not.
    draft = "I've read \"your policy says no refunds\", and I'm sorry. I'd be livid too."
    assert not [*find_phrases(Draft(draft, angry, heard.Context()).plain)]


def test_a_quotation_of_the_message_is_own_words():
    angry = assessment("You did nothing at all   about it, again!", angry=2)
    assert "no_own_words" not in rules('I\'ve read "You did nothing at all about it".', angry)
    assert "no_own_words" in rules("I've read \"........\" and I'm sorry.", angry)
    assert "no_own_words" in rules("I've read it and I'm sorry.", angry)


def test_earlier_messages_count():
    late = heard.check_reply(
        "I'm sorry. What is the number of your order?",
        assessment("Still nothing, I'm so angry!", angry=2),
        earlier=["My order AX-5512 is late."],
    )
    assert "asks_again" in {finding.rule for finding in late}


def test_strange_drafts_do_not_break_it():
    for draft in ("", "   ", "?", "\U0001f621" * 50, "a" * 30_000, "\n\n\n", "{problem}"):
        assert isinstance(heard.check_reply(draft, FURIOUS), list)
    with pytest.raises(heard.InputError):
        heard.check_reply(b"bytes", FURIOUS)


def test_the_graph_in_the_package_is_whole():
    reader = own_reader()
    assert set(reader.thresholds) == set(FAULTS)
    assert set(FAULTS) <= set(RULES)
    manifest = json.loads(
        (ROOT / "inference/heard/reply/check/model/reader.json").read_text(encoding="utf-8")
    )
    assert manifest["training"]["data"]["sources"]["train"].keys() == {"authored"}
