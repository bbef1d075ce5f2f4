"""A conversation: trend, alarm, recovery, what was said, and state as JSON."""

import json

import pytest

import heard

RISING = (
    "Hi, could you tell me where my parcel is? Order AX-5512.",
    "That was two days ago and I've still heard nothing, I'm getting annoyed.",
    "This is the fourth time I ask! Get me your manager, this is a disgrace.",
)
THANKS = "Oh, it has just arrived, thank you so much for sorting it out!"


@pytest.fixture
def talk():
    return heard.Conversation(heard.Context(channel="chat", remedies=("refund",)))


def test_trend_first_alarm_and_recovery(talk):
    assert (talk.trend, talk.first_alarm, talk.recovered) == ("steady", None, False)
    for text in RISING:
        talk.customer(text)
    assert talk.trend == "rising"
    assert talk.first_alarm == 2
    assert not talk.recovered
    talk.customer(THANKS)
    assert talk.trend == "falling"
    assert talk.first_alarm == 2
    assert talk.recovered


def test_no_sentence_is_said_twice(talk):
    said = []
    for text in (*RISING, "Hello? Still waiting for my parcel!", "And again nothing. My parcel!"):
        talk.customer(text)
        found = talk.recommend()
        assert not {move.text for move in found.moves} & set(said)
        said += [move.text for move in found.moves]
        talk.agent(found.reply)
    assert " ".join(said).lower().count("sorry") <= 1


def test_the_check_knows_what_was_said_before(talk):
    talk.customer(RISING[0])
    talk.agent("Thank you, I'm checking where your parcel is.")
    talk.customer("ok, I'm waiting")
    rules = {finding.rule for finding in talk.check("What is your order number, please?")}
    assert "asks_again" in rules
    again = talk.check("Thank you, I'm checking where your parcel is.")
    assert "repeats" in {finding.rule for finding in again}


def test_what_is_known_and_promised(talk):
    talk.customer(RISING[0])
    talk.agent("I'm sorry about that. I can send you a new one. It rains here.")
    assert talk.known == ["Order AX-5512"]
    assert talk.promised == ["I can send you a new one."]
    talk.customer(RISING[2])
    assert "I can send you a new one." in talk.recommend().handover


def test_later_messages_are_a_follow_up(talk):
    talk.customer(RISING[0])
    assert talk.now.stage == "opening"
    talk.agent("One moment.")
    assert talk.now.stage == "follow_up"


def test_state_goes_through_json(talk):
    for text in RISING[:2]:
        talk.customer(text)
        talk.agent(talk.recommend().reply)
    talk.customer(RISING[2])
    again = heard.Conversation.from_dict(json.loads(json.dumps(talk.to_dict())))
    assert again.to_dict() == talk.to_dict()
    assert again.recommend() == talk.recommend()
    again.customer(THANKS)
    assert again.recovered


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, "turns"),
        ({"turns": [{"who": "boss", "text": "x"}]}, r"turns\[0\].who.*boss.*customer"),
        ({"turns": [{"who": "agent"}]}, r"turns\[0\]"),
        ({"turns": [{"who": "customer", "text": "x"}]}, "assessment"),
        ({"turns": [], "context": {"chanel": "chat"}}, "chanel"),
        ({"turns": [], "alarm": 2}, "alarm"),
        ([], "object"),
    ],
)
def test_a_state_of_another_make_is_refused(state, said):
    with pytest.raises(heard.InputError, match=said):
        heard.Conversation.from_dict(state)


def test_nothing_to_answer_yet(talk):
    with pytest.raises(heard.InputError, match="has not said anything"):
        talk.recommend()
    assert talk.agent("Hello, how can I help?") == []
