"""A company's handle in a public post: addressed, or the one who did it."""

import pytest
from made import assessment

from heard.reply.context import Context
from heard.reply.mentions import addressed
from heard.reply.recommend import recommend
from heard.reply.shift import shift


@pytest.mark.parametrize(
    ("post", "said"),
    [
        ("@Vorrelair cancelled our flight", "we cancelled your flight"),
        ("@Vorrelair lost my bag", "we lost your bag"),
        ("@Vorrelair left me on hold for an hour", "we left you on hold for an hour"),
        ("@Vorrelair hasn't answered my emails", "we haven't answered your emails"),
        ("@Vorrelair has left me in Leeds", "we have left you in Leeds"),
        ("@Vorrelair you lost my bag", "we lost your bag"),
        ("@Vorrelair, my order is late", "your order is late"),
        ("@Vorrelair booked a seat with you", "you booked a seat with us"),
        ("my bag is with @Vorrelair", "your bag is with us"),
        ("my cake from @Vorrelair arrived upside down", "your cake arrived upside down"),
        ("my parcel never came @Vorrelair!!", "your parcel never came"),
        ("my case went back to @Vorrelair", "your case went back to us"),
        ("I'm moving to @Vorrelair", "you're moving to @Vorrelair"),
        (
            "my seat on @Vorrelair's partner was broken",
            "your seat on @Vorrelair's partner was broken",
        ),
    ],
)
def test_who_did_it_is_said_back(post, said):
    assert shift(addressed(post, post), clause=True) == said


@pytest.mark.parametrize(
    "post",
    [
        "@Vorrelair lost my jacket on the train",
        "@Vorrelair broke my phone",
        "@Vorrelair is my flight late",
        "@Vorrelair has anyone seen my bag",
        "@Vorrelair is the worst",
        "@Vorrelair and @Tunnobank lost my bag",
        "stuck at @Vorrelair",
        "@Vorrelair's staff were rude",
    ],
)
def test_what_is_not_certain_is_not_said_back(post):
    assert shift(addressed(post, post), clause=True) is None


@pytest.mark.parametrize(
    "post",
    [
        "I bought it from @Tunnobank before and it never broke, you sold me junk",
        "I've reported your shop to @Tunnobank today",
        "I'd rather fly with @Tunnobank",
        "I am on hold with @Tunnobank is there a problem",
        "my bag is with @Tunnobank's driver",
        "I paid @Tunnobank twice",
    ],
)
def test_a_handle_that_may_be_somebody_elses_is_not_said(post):
    for channel in ("chat", "public"):
        found = assessment(post, angry=2, escalation=1, problem=[post])
        reply = recommend(found, Context(channel=channel)).reply
        assert "@" not in reply and "with us" not in reply and "from us" not in reply


def test_an_address_is_no_handle():
    assert addressed("write to a@example.org now", "write to a@example.org now") == (
        "write to a@example.org now"
    )


def test_a_public_reply_says_back_what_the_company_did():
    post = "@Vorrelair cancelled our flight at the gate. Disgusting."
    found = assessment(
        post,
        angry=2,
        escalation=2,
        signals=["goes_public"],
        problem=["cancelled our flight at the gate"],
        feeling=["Disgusting"],
    )
    reply = recommend(found, Context(channel="public")).reply
    assert "we cancelled your flight at the gate" in reply
    assert "Vorrelair" not in reply


def test_in_public_what_may_be_said_is_said_and_no_accusation():
    post = "@Vorrelair 9 hours on hold, account 77-20916, and then your agent HUNG UP on me."
    found = assessment(post, angry=3, escalation=2, problem=["9 hours", "your agent HUNG UP on me"])
    reply = recommend(found, Context(channel="public")).reply
    assert "our agent hung up on you" in reply
    post = "The inspector told the whole carriage I was a fare dodger."
    found = assessment(post, humiliated=3, escalation=2, problem=[post[:-1]])
    assert "dodger" not in recommend(found, Context(channel="public")).reply
