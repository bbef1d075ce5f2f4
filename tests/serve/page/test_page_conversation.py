"""The tab for a conversation: its turns, its course, and what to say next."""

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

CALM = "Hello, my parcel AX-5512 was due on Monday. Where is it?"
PROMISE = "I'll check with the courier and call you today."
HOT = "😡 Nobody called. This is the third time I ask. I want your manager, now."
MILD = "Thank you, it has just arrived and it works perfectly."


@pytest.fixture
def talk(page):
    page.get_by_role("tab", name="Conversation").click()
    return page


def add(page, who, text):
    place = page.locator("#turns > li")
    before = place.count()
    page.get_by_label(who, exact=True).check()
    page.get_by_label("Next message").fill(text)
    page.get_by_role("button", name="Add message").click()
    expect(place).to_have_count(before + 1)
    expect(page.get_by_label("Next message")).to_have_value("")


def fact(page, name):
    return page.locator(f"#course-body dt:text-is('{name}') + dd")


def test_turns_are_listed_with_the_risk_of_the_customers(talk):
    add(talk, "Customer", CALM)
    add(talk, "Agent", PROMISE)
    add(talk, "Customer", HOT)
    turns = talk.locator("#turns > li")
    expect(turns.nth(0)).to_contain_text("Routine")
    expect(turns.nth(1).get_by_role("meter")).to_have_count(0)
    expect(turns.nth(2).get_by_role("meter")).to_be_visible()
    expect(turns.nth(2)).to_contain_text("alarm")
    expect(turns.nth(2)).to_contain_text(HOT)


def test_the_course_is_told_in_words(talk):
    add(talk, "Customer", CALM)
    expect(fact(talk, "First alarm")).to_have_text("None so far.")
    add(talk, "Agent", PROMISE)
    add(talk, "Customer", HOT)
    expect(fact(talk, "Trend")).to_have_text("The risk is rising.")
    expect(fact(talk, "First alarm")).to_contain_text("Turn 3")
    expect(fact(talk, "Recovered")).to_contain_text("Not yet")
    expect(fact(talk, "Known")).to_contain_text("AX-5512")
    expect(fact(talk, "Promised")).to_contain_text(PROMISE)
    add(talk, "Customer", MILD)
    expect(fact(talk, "Trend")).to_have_text("The risk is falling.")
    expect(fact(talk, "Recovered")).to_contain_text("Yes")


def test_the_chart_shows_each_risk_and_the_alarm(talk):
    add(talk, "Customer", CALM)
    add(talk, "Agent", PROMISE)
    add(talk, "Customer", HOT)
    chart = talk.get_by_role("img", name="Risk by turn: turn 1")
    expect(chart.locator(".spot")).to_have_count(2)
    expect(chart.locator(".spot.alarmed")).to_have_count(1)
    expect(chart.locator(".alarm-line")).to_have_count(1)
    talk.get_by_label("Alarm from a risk of").select_option("90%")
    expect(talk.get_by_role("img", name="Alarm at 90%")).to_be_visible()


def test_what_was_read_is_sent_back_and_not_read_again(talk):
    add(talk, "Customer", CALM)
    with talk.expect_request("**/v1/conversation") as asked:
        add(talk, "Customer", HOT)
    turns = asked.value.post_data_json["turns"]
    assert [turn["text"] for turn in turns] == [CALM, HOT]
    assert turns[0]["assessment"]["escalation"]["name"] == "routine"
    assert turns[1].get("assessment") is None


def test_the_next_reply_is_recommended_and_can_be_added(talk):
    add(talk, "Customer", HOT)
    talk.get_by_role("button", name="Use as draft").click()
    reply = talk.locator("#conversation-recommendation blockquote").text_content()
    talk.get_by_role("button", name="Add as agent's message").click()
    expect(talk.locator("#turns > li").nth(1)).to_contain_text(reply)
    expect(talk.get_by_label("Your next reply")).to_have_value("")


def test_a_draft_is_checked_against_all_that_was_said(talk):
    add(talk, "Customer", CALM)
    add(talk, "Agent", PROMISE)
    add(talk, "Customer", HOT)
    talk.get_by_label("Your next reply").fill(f"😀 Hello. {PROMISE}")
    finding = talk.locator("#conversation-findings .finding", has_text="Repeats")
    finding.get_by_role("button").click()
    chosen = talk.get_by_label("Your next reply").evaluate(
        "(area) => area.value.slice(area.selectionStart, area.selectionEnd)"
    )
    assert PROMISE in chosen


def test_the_last_turn_can_be_removed(talk):
    add(talk, "Customer", CALM)
    add(talk, "Customer", HOT)
    talk.get_by_role("button", name="Remove last").click()
    expect(talk.locator("#turns > li")).to_have_count(1)
    expect(fact(talk, "First alarm")).to_have_text("None so far.")
    talk.get_by_role("button", name="Remove last").click()
    expect(talk.get_by_text("No messages yet.")).to_be_visible()


def test_starting_anew_can_be_undone(talk):
    add(talk, "Customer", CALM)
    add(talk, "Customer", HOT)
    talk.get_by_role("button", name="Start anew").click()
    expect(talk.locator("#turns > li")).to_have_count(0)
    expect(talk.get_by_text("Nothing to show yet")).to_be_visible()
    talk.get_by_role("button", name="Undo").click()
    expect(talk.locator("#turns > li")).to_have_count(2)


def test_an_agent_may_write_first(talk):
    add(talk, "Agent", "Good morning, how can I help?")
    expect(talk.get_by_text("Nothing to show yet")).to_be_visible()
    add(talk, "Customer", CALM)
    expect(talk.get_by_role("img", name="Risk by turn: turn 2")).to_be_visible()


def test_a_turn_that_fails_stays_in_its_box(talk, complaints):
    error = {"error": {"reason": "failed", "message": "It failed."}, "request_id": "1"}
    talk.route("**/v1/conversation", lambda route: route.fulfill(status=500, json=error))
    talk.get_by_label("Next message").fill(CALM)
    talk.keyboard.press("Control+Enter")
    expect(talk.get_by_role("alert")).to_have_text("It failed.")
    expect(talk.get_by_label("Next message")).to_have_value(CALM)
    expect(talk.locator("#turns > li")).to_have_count(0)
    complaints.forgive_failed_requests()
