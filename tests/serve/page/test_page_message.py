"""The tab for one message: what it says, the reply, and a draft that is checked."""

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

TEXT = (
    "😡 Third call this week and still no refund. I want your manager now, "
    "this is humiliating. Order AX-5512."
)
HTML = "<img src=x onerror=alert(1)><script>alert(2)</script> <b>where</b> is my order?"


def read(page, text=TEXT):
    page.get_by_label("Customer's message").fill(text)
    page.get_by_role("button", name="Read message").click()
    expect(page.locator("#message-results")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#message-recommendation blockquote")).to_be_visible()


def assessment_of(server, text):
    with server.client() as client:
        return client.post("/v1/assess", json={"text": text}).json()["results"][0]


def change(page, path, changed):
    """Let the service answer, and change its result on the way to the page."""

    def handle(route):
        answer = route.fetch()
        results = answer.json()["results"]
        changed(results[0])
        route.fulfill(response=answer, json={"results": results})

    page.route(f"**{path}", handle)


def percent(value):
    whole = round(value * 100)
    return {0: "<1%", 100: ">99%"}.get(whole, f"{whole}%")


def test_emotions_have_their_strength_and_probability(page, server):
    read(page)
    found = assessment_of(server, TEXT)
    for name, emotion in found["emotions"].items():
        row = page.locator("#message-assessment .emotions tbody tr", has_text=name.capitalize())
        expect(row).to_contain_text(emotion["strength"])
        expect(row).to_contain_text(percent(emotion["probability"]))
        expect(row.get_by_text("main")).to_have_count(int(name == found["primary"]))


def test_escalation_has_a_name_a_meter_and_reasons_in_words(page, server):
    read(page)
    escalation = assessment_of(server, TEXT)["escalation"]
    place = page.locator("#message-assessment")
    expect(place).to_contain_text(escalation["name"].capitalize())
    meter = place.get_by_role("meter", name="Risk of escalation")
    expect(meter).to_have_attribute("aria-valuenow", str(round(escalation["risk"] * 100)))
    expect(place.get_by_role("listitem").first).to_contain_text("Asks for somebody in charge")
    expect(page.locator("#message-status")).to_contain_text(f"risk {percent(escalation['risk'])}")


def test_what_is_not_certain_or_not_read_is_said(page):
    def doubtful(found):
        found |= {"uncertain": ["surprised"], "truncated": True, "language": "other"}

    change(page, "/v1/assess", doubtful)
    read(page)
    place = page.locator("#message-assessment")
    expect(place.get_by_role("row", name="Surprised")).to_contain_text("not certain")
    expect(place).to_contain_text("only its first 20,000 characters were read")
    expect(place).to_contain_text("does not read as English")


def test_words_are_marked_where_the_service_found_them_beside_emoji(page, server):
    read(page)
    spans = assessment_of(server, TEXT)["spans"]
    assert spans["problem"] and spans["need"] and spans["feeling"]
    for kind, found in spans.items():
        places = sorted({i for span in found for i in range(span["start"], span["end"])})
        marks = page.locator(f"#message-assessment .quoted .mark-{kind}").all_text_contents()
        assert "".join(marks) == "".join(TEXT[i] for i in places)


def test_overlapping_words_bear_both_marks(page):
    text = "👩🏽‍🔧 came late 😡 again"
    spans = {"problem": (5, 14), "need": (10, 16), "feeling": (15, 22)}

    def placed(found):
        found["spans"] = {
            kind: [{"start": start, "end": end, "text": text[start:end], "score": 1}]
            for kind, (start, end) in spans.items()
        }

    change(page, "/v1/assess", placed)
    read(page, text)
    quoted = page.locator("#message-assessment .quoted")
    assert quoted.text_content() == text
    for kind, (start, end) in spans.items():
        marks = quoted.locator(f".mark-{kind}").all_text_contents()
        assert "".join(marks) == text[start:end]
    expect(quoted.locator(".mark-problem .mark-need")).to_have_text(text[10:14])


def test_kinds_of_words_are_told_apart_without_colour(page):
    read(page)
    styles = {
        page.locator(f".legend .mark-{kind}").evaluate(
            "(mark) => getComputedStyle(mark).textDecorationStyle"
        )
        for kind in ("problem", "need", "feeling")
    }
    assert styles == {"solid", "dashed", "wavy"}


def test_html_is_shown_as_text(page):
    read(page, HTML)
    assert page.locator("#message-assessment .quoted").text_content() == HTML
    page.get_by_label("Your reply").fill("Please calm down. " + HTML)
    expect(page.locator("#message-findings .draft-copy")).to_contain_text("<script>")
    assert page.locator("#panel-message :is(img, b, script)").count() == 0


def test_control_and_enter_read_the_message(page):
    page.get_by_label("Customer's message").fill(TEXT)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="What it says")).to_be_visible()


def test_nothing_is_read_where_nothing_is_written(page):
    page.get_by_role("button", name="Read message").click()
    expect(page.get_by_role("alert")).to_have_text("Write or paste a message first.")
    expect(page.get_by_label("Customer's message")).to_be_focused()


def test_the_reply_follows_what_is_known_of_the_contact(page):
    read(page)
    context = {
        "channel": "email",
        "stage": "opening",
        "customer_name": "Ann Lee",
        "remedies": ["refund"],
    }

    def is_told(request):
        return "/v1/reply" in request.url and request.post_data_json["context"] == context

    form = page.locator("#message-form")
    with page.expect_request(is_told):
        form.get_by_label("Refund").check()
        form.get_by_label("Channel").select_option("Email")
        form.get_by_label("Customer's name").fill("Ann Lee")
    expect(page.locator("#message-recommendation .summary")).to_contain_text("from Ann Lee: email")


def test_advice_has_its_moves_what_to_avoid_the_pause_and_the_summary(page):
    read(page)
    place = page.locator("#message-recommendation")
    for words in ("Its moves", "Reflect", "What to avoid", "Hand over to a supervisor.", "read it"):
        expect(place).to_contain_text(words)
    expect(place.locator(".summary")).to_contain_text("Expressed:")


def test_the_reply_is_copied(visit, server):
    page = visit(server.url, permissions=["clipboard-read", "clipboard-write"])
    read(page)
    page.get_by_role("button", name="Copy reply").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    reply = page.locator("#message-recommendation blockquote").text_content()
    assert page.evaluate("navigator.clipboard.readText()") == reply


def test_the_reply_is_copied_without_a_clipboard_to_write_to(visit, server):
    gone = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
    page = visit(server.url, prepare=lambda page: page.add_init_script(gone))
    read(page)
    page.get_by_role("button", name="Copy reply").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    page.get_by_label("Your reply").focus()
    page.keyboard.press("Control+V")
    reply = page.locator("#message-recommendation blockquote").text_content()
    expect(page.get_by_label("Your reply")).to_have_value(reply)


def test_a_change_after_reading_is_noticed(page):
    read(page)
    note = page.get_by_text("The message was changed after it was read.")
    expect(note).to_be_hidden()
    page.get_by_label("Customer's message").fill(TEXT + "!")
    expect(note).to_be_visible()
    page.get_by_label("Customer's message").fill(TEXT)
    expect(note).to_be_hidden()


def test_findings_of_a_draft_stand_by_severity_and_select_their_words(page):
    draft = "😀😀 We apologise for any inconvenience. Please calm down. What is your order number?"
    read(page)
    area = page.get_by_label("Your reply")
    area.fill(draft)
    expect(page.locator("#message-findings")).to_contain_text("Found:")
    severities = page.locator("#message-findings .severity").all_text_contents()
    assert severities == sorted(severities, key=["Error", "Warning", "Hint"].index)
    finding = page.locator(".finding", has_text="Tells them to calm down")
    expect(finding).to_contain_text("Nobody ever calmed down because they were told to.")
    expect(finding).to_contain_text("Better:")
    finding.get_by_role("button").click()
    expect(area).to_be_focused()
    chosen = area.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen == "calm down"
    assert page.locator("#message-findings .quoted").text_content() == draft


def test_a_draft_is_checked_once_the_typing_rests(page):
    asked = []
    page.on("request", lambda request: "/v1/check" in request.url and asked.append(request))
    read(page)
    page.get_by_label("Your reply").press_sequentially("Please calm down", delay=20)
    expect(page.locator(".finding", has_text="Tells them to calm down")).to_be_visible()
    assert len(asked) == 1


def test_an_answer_to_an_older_draft_is_dropped(page):
    held = []
    read(page)
    page.route("**/v1/check", lambda route: route.continue_() if held else held.append(route))
    area = page.get_by_label("Your reply")
    with page.expect_request("**/v1/check"):
        area.fill("Please calm down.")
    area.fill("Please calm down, will you. It's our policy.")
    expect(page.locator(".finding", has_text="Hides behind a policy")).to_be_visible()
    held[0].fulfill(json={"results": [[]]})
    page.wait_for_timeout(200)
    expect(page.locator(".finding", has_text="Hides behind a policy")).to_be_visible()


def test_the_recommended_reply_can_be_the_draft(page):
    read(page)
    page.get_by_role("button", name="Use as draft").click()
    reply = page.locator("#message-recommendation blockquote").text_content()
    expect(page.get_by_label("Your reply")).to_have_value(reply)
    expect(page.locator("#message-findings .check-status")).not_to_be_empty()


def test_an_error_of_the_service_is_shown_and_the_text_stays(page, complaints):
    text = "a" * 100_001
    page.get_by_label("Customer's message").fill(text)
    page.get_by_role("button", name="Read message").click()
    expect(page.get_by_role("alert")).to_contain_text("100001 characters")
    expect(page.get_by_label("Customer's message")).to_have_value(text)
    expect(page.get_by_role("button", name="Read message")).to_be_enabled()
    complaints.forgive_failed_requests()


def test_an_error_of_the_check_is_shown(page, complaints):
    read(page)
    error = {"error": {"reason": "failed", "message": "The check failed."}, "request_id": "1"}
    page.route("**/v1/check", lambda route: route.fulfill(status=500, json=error))
    page.get_by_label("Your reply").fill("Please calm down.")
    expect(page.get_by_role("alert")).to_have_text("The check failed.")
    complaints.forgive_failed_requests()
