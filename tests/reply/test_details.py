"""What a message says exactly, and what it asks for."""

import pytest

from heard.reply.details import echoed, find_details
from heard.reply.wishes import find_topic, question, wish


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "order number AX-5512 for £1,150.40",
            [("reference", "order number AX-5512"), ("amount", "£1,150.40")],
        ),
        ("since 2 March at 10:15", [("date", "2 March"), ("time", "10:15")]),
        ("ring me on 07700 900143", [("phone", "07700 900143")]),
        ("ann@example.org on Monday", [("email", "ann@example.org"), ("weekday", "Monday")]),
        ("flight QX773 costs 40 quid", [("reference", "flight QX773"), ("amount", "40 quid")]),
        ("thanks @acme2024 and #flight3705", []),
        ("two of them, for 3 days", []),
        ("order 4471902215", [("reference", "order 4471902215")]),
    ],
)
def test_find_details(text, found):
    details = find_details(text)
    assert [(detail.kind, detail.text) for detail in details] == found
    assert all(text[d.start : d.end].strip() == d.text for d in details)


def test_echoed_names_a_reference_first():
    assert echoed(find_details("£40 on 2 March for Order 88120")) == "order 88120 and the £40"
    assert echoed(find_details("nothing here")) is None


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ("I'd like to move my appointment", "to move your appointment"),
        ("Please send somebody", "me to send somebody"),
        ("could you refund the fee?", "me to refund the fee"),
        ("my money back", "your money back"),
        ("I just want to know when it comes", "to know when it comes"),
        ("refund for my flight", "a refund for your flight"),
        ("Refund my flight please", "me to refund your flight"),
        ("a refund please", "a refund"),
        ("my girlfriend for bringing a bottle", None),
        ("I want you to fix my boiler", "me to fix your boiler"),
        ("call me a taxi or else", None),
        ("what", None),
        ("where is it", None),
    ],
)
def test_wish(need, said):
    assert wish(need) == said


def test_question_is_the_one_question():
    assert question("Hi, do you deliver on Sundays? Thanks") == '"Do you deliver on Sundays?"'
    assert question("Where? And when do you come?? Or not?") is None
    assert question("Are you kidding me?") is None
    assert question("no question here") is None


def test_topic():
    assert find_topic("Where is my new laptop", []) == "your laptop"
    assert find_topic("it broke", ["the boiler is cold"]) == "the boiler"
    assert find_topic("ok then", []) is None
