"""What decides about a reply: whether somebody has died, and whether the news is good."""

import pytest
from made import assessment

from heard.reply.context import Context
from heard.reply.situation import read_situation


@pytest.mark.parametrize(
    "text",
    [
        "My mother died in June and you keep writing to her.",
        "my husband Tom passed away last month",
        "I missed my dad's funeral because of your delay",
        "I buried him on Friday.",
        "We lost our son in March.",
        "You billed my late wife's account.",
        "I'm a widow and live alone.",
        "It came after the death of my father.",
        "My mum, Jean, died last week and you still write to her.",
        "My mum\u2019s funeral is on Friday.",
        "I lost my husband at Christmas.",
        "Please cancel my father's contract, he died in May.",
    ],
)
def test_a_loss_is_seen(text):
    assert read_situation(assessment(text), Context()).bereaved


@pytest.mark.parametrize(
    "text",
    [
        "My daughter was stranded because her phone died.",
        "my baby monitor died after a week",
        "My husband nearly died of embarrassment.",
        "Flowers for the funeral of a colleague's neighbour, can you deliver?",
        "You lost my son's bag.",
        "I lost my wife in the airport because of your signs.",
        "the battery passed away lol",
        "The loss of my daughter's suitcase has ruined our holiday.",
        "We lost my son this weekend in your store and nobody helped us find him!",
        "My friend passed on your details but nobody answers.",
        "my baby died on me again, the old van I mean",
    ],
)
def test_what_is_no_loss_of_the_writers_gets_no_condolences(text):
    assert not read_situation(assessment(text), Context()).bereaved


@pytest.mark.parametrize(
    ("text", "surprised"),
    [
        ("Thank you, it arrived early and works perfectly.", 0),
        ("Please pass my thanks on to Priya, she was brilliant.", 0),
        ("Wow, you actually sent it overnight? Brilliant!", 2),
    ],
)
def test_good_news(text, surprised):
    assert read_situation(assessment(text, surprised=surprised), Context()).pleasant


def test_a_calm_message_that_tells_no_problem_is_offered_nothing():
    told = assessment("The crew handled a drunk passenger well and walked him off the plane.")
    assert read_situation(told, Context(remedies=("refund",))).remedies == "none"
    broken = assessment("my modem isn't working", problem=["my modem isn't working"])
    assert read_situation(broken, Context(remedies=("refund",))).remedies == "one"


@pytest.mark.parametrize(
    ("text", "surprised"),
    [
        ("Please pass this on to billing: the address on it is wrong.", 0),
        ("I'm surprised, these used to be the best seats. What happened?", 1),
        ("Oh, how come the price went up? It was great before.", 1),
    ],
)
def test_no_good_news(text, surprised):
    assert not read_situation(assessment(text, surprised=surprised), Context()).pleasant
