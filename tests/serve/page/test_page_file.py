"""The tab for a file: read in batches, counted, sorted, downloaded."""

import csv
import io
from pathlib import Path

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

ANGRY = 'You idiots charged me "twice",\nI am calling my lawyer.'
CALM = "Where is my order?"
THANKS = "=Thanks, that worked! 😀"
ASSESSED = {
    "emotions": {
        name: {"level": 0, "strength": "none", "probability": 0, "at_least": [0, 0, 0]}
        for name in ("angry", "frustrated", "surprised", "humiliated")
    },
    "primary": "none",
    "escalation": {"level": 0, "name": "routine", "risk": 0, "at_least": [0, 0, 0]},
    "signals": [],
    "language": "en",
    "truncated": False,
}


@pytest.fixture
def tab(page):
    page.get_by_role("tab", name="File").click()
    return page


def table(rows, *, header=("id", "Message", "country")):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows] if header else rows)
    return out.getvalue()


def choose(page, content, name="messages.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    page.set_input_files("#file-input", {"name": name, "mimeType": "text/csv", "buffer": data})


def read(page):
    page.get_by_role("button", name="Read messages").click()
    expect(page.get_by_role("heading", name="The messages")).to_be_visible(timeout=60_000)


def answer_at_once(page, calls):
    """Stand in for the model, so that a test of the page does not wait for it."""

    def handle(route):
        calls.append(route.request)
        texts = route.request.post_data_json["texts"]
        route.fulfill(json={"results": [ASSESSED] * len(texts)})

    page.route("**/v1/assess", handle)


def test_a_file_of_300_messages_is_read_counted_and_shown_in_parts(tab):
    rows = [(i, (ANGRY, CALM, THANKS)[i % 3], "UK") for i in range(300)]
    choose(tab, table(rows))
    expect(tab.get_by_role("status").filter(has_text="300 messages")).to_be_visible()
    expect(tab.get_by_label("Column with the message")).to_have_value("1")
    read(tab)
    lines = tab.locator(".results-table tbody tr")
    expect(lines).to_have_count(200)
    expect(tab.get_by_text("200 of 300 messages, sorted by risk, falling")).to_be_visible()
    expect(lines.first).to_contain_text("I am calling my lawyer.")
    expect(lines.first).to_contain_text("Critical")
    tab.get_by_role("button", name="Show more").click()
    expect(lines).to_have_count(300)
    expect(tab.get_by_role("button", name="Show more")).to_be_hidden()
    for caption, row in (
        ("Primary emotion", "Angry"),
        ("Escalation", "Critical"),
        ("Signals", "Legal or regulator"),
    ):
        counted = tab.get_by_role("table", name=caption).get_by_role("row", name=row)
        expect(counted).to_contain_text("100")


def test_the_download_holds_the_columns_and_the_results(tab):
    rows = [(1, ANGRY, "UK"), (2, THANKS, "-IE"), (3, "", "FR")]
    choose(tab, table(rows), "march.csv")
    read(tab)
    with tab.expect_download() as downloading:
        tab.get_by_role("button", name="Download results").click()
    download = downloading.value
    assert download.suggested_filename == "march-heard.csv"
    with Path(download.path()).open(encoding="utf-8-sig", newline="") as file:
        got = list(csv.DictReader(file))
    assert [row["Message"] for row in got] == [ANGRY, f"'{THANKS}", ""]
    assert [row["country"] for row in got] == ["UK", "'-IE", "FR"]
    assert [row["primary"] for row in got] == ["angry", got[1]["primary"], "none"]
    first = got[0]
    assert first["escalation"] == "critical" and first["escalation_level"] == "3"
    assert float(first["risk"]) > 0.5 and float(first["angry_probability"]) > 0.5
    assert int(first["angry_level"]) > 0 and "legal_or_regulator" in first["signals"].split()


def test_the_table_is_sorted_by_any_column(tab):
    answer_at_once(tab, [])
    choose(tab, table([(i, f"message {i}", "UK") for i in range(1, 13)]))
    read(tab)
    head = tab.get_by_role("columnheader", name="Message")
    first = tab.locator(".results-table tbody tr").first
    expect(tab.locator("th[aria-sort]")).to_have_text("Risk")
    head.get_by_role("button").focus()
    tab.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(first).to_contain_text("message 1")
    tab.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(first).to_contain_text("message 12")
    expect(tab.locator("th[aria-sort]")).to_have_count(1)


def test_a_message_of_the_table_opens_by_itself(tab):
    choose(tab, table([(1, CALM, "UK")]))
    read(tab)
    tab.get_by_role("button", name="Open message 1").click()
    expect(tab.get_by_label("Customer's message")).to_have_value(CALM)
    expect(tab.get_by_role("heading", name="What it says")).to_be_visible()


def test_batches_are_small_and_have_time(tab):
    calls = []
    answer_at_once(tab, calls)
    choose(tab, table([(i, f"message {i}", "UK") for i in range(150)]))
    read(tab)
    assert [len(call.post_data_json["texts"]) for call in calls] == [64, 64, 22]
    assert {call.headers["x-request-timeout-ms"] for call in calls} == {"60000"}


def test_long_messages_are_sent_in_smaller_batches(tab):
    calls = []
    answer_at_once(tab, calls)
    choose(tab, table([(i, "é" * 90_000, "UK") for i in range(24)]))
    read(tab)
    assert sum(len(call.post_data_json["texts"]) for call in calls) == 24
    assert all(len(call.post_data) < 4 * 1024 * 1024 for call in calls)


def test_a_busy_service_is_waited_for(tab, complaints):
    calls = []
    answer_at_once(tab, calls)
    error = {"error": {"reason": "queue_full", "message": "Too many."}, "request_id": "1"}
    tab.route(
        "**/v1/assess",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "1"}, json=error),
        times=1,
    )
    choose(tab, table([(i, f"message {i}", "UK") for i in range(70)]))
    tab.get_by_role("button", name="Read messages").click()
    expect(tab.get_by_text("The service is busy; trying again in 1 s")).to_be_visible()
    expect(tab.get_by_text("70 messages read.")).to_be_visible()
    assert len(calls) == 2
    complaints.forgive_failed_requests()


def test_reading_can_be_cancelled_and_what_was_read_stays(tab):
    calls = []
    answer_at_once(tab, calls)
    choose(tab, table([(i, f"message {i}", "UK") for i in range(200)]))
    held = []
    tab.route("**/v1/assess", lambda route: held.append(route) if calls else route.fallback())
    tab.get_by_role("button", name="Read messages").click()
    expect(tab.get_by_text("64 of 200 messages")).to_be_visible()
    expect(tab.get_by_role("progressbar")).to_have_attribute("value", "64")
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_text("Stopped after 64 of 200 messages.")).to_be_visible()
    expect(tab.locator(".results-table tbody tr")).to_have_count(64)


def test_a_failing_batch_is_told(tab, complaints):
    error = {"error": {"reason": "failed", "message": "It failed."}, "request_id": "1"}
    tab.route("**/v1/assess", lambda route: route.fulfill(status=500, json=error))
    choose(tab, table([(1, CALM, "UK")]))
    tab.get_by_role("button", name="Read messages").click()
    expect(tab.get_by_role("alert")).to_have_text("It failed.")
    complaints.forgive_failed_requests()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "The file is empty."),
        ("\n \n", "The file is empty."),
        ("text\n", "The file has names of columns but no messages."),
        ("1,2\n3,4\n", "No column of the file holds text."),
        ("text\n" + "hello\n\n" * 10_001, "The file has more than 10,000 messages"),
        ('text\n"never closed\n', "A quotation mark in row 2 is not closed"),
        (b"PK\x03\x04\0\0\0\0", "This is not a CSV file"),
    ],
    ids=["empty", "blank", "header", "numbers", "too many", "quote", "workbook"],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tab, content, words):
    choose(tab, content)
    expect(tab.get_by_role("alert")).to_contain_text(words)


def test_a_file_of_exactly_10000_messages_is_taken(tab):
    choose(tab, "text\n" + "hello there\n" * 10_000)
    expect(tab.get_by_text("messages.csv: 10,000 messages")).to_be_visible()


def test_a_message_that_is_too_long_is_named_before_anything_is_sent(tab):
    calls = []
    answer_at_once(tab, calls)
    choose(tab, table([(1, CALM, "UK"), (2, "😀" * 100_001, "UK")]))
    tab.get_by_role("button", name="Read messages").click()
    expect(tab.get_by_role("alert")).to_have_text(
        "Row 3 has 100,001 characters and may have 100,000: shorten it."
    )
    assert calls == []


def test_a_file_without_names_of_columns_is_noticed(tab):
    choose(tab, table([(1, CALM, "UK"), (2, THANKS, "UK")], header=None))
    expect(tab.get_by_label("The first row holds column names")).not_to_be_checked()
    expect(tab.get_by_label("Column with the message").locator(":checked")).to_have_text("Column 2")
    expect(tab.get_by_text("2 messages, 3 columns")).to_be_visible()
    tab.get_by_label("The first row holds column names").check()
    expect(tab.get_by_text("1 message, 3 columns")).to_be_visible()


def test_the_column_with_the_longest_cells_is_guessed_and_can_be_changed(tab):
    choose(tab, table([("AB", CALM, "Leeds")], header=("code", "said", "town")))
    expect(tab.get_by_label("Column with the message").locator(":checked")).to_have_text("said")
    tab.get_by_label("Column with the message").select_option("town")
    expect(tab.locator("#file-preview")).to_have_text("Leeds")


def test_commas_outside_quotation_marks_cut_no_message(tab):
    choose(tab, "text\nHello, my order, please\nThanks\n")
    expect(tab.locator("#file-preview li").first).to_have_text("Hello, my order, please")
    choose(tab, "id,text\n1,Hello there\n2,Thanks, that worked\n")
    expect(tab.locator("#file-longer")).to_contain_text("1 row has more cells than the first")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_files_of_spreadsheets_are_decoded(tab, encoding):
    choose(tab, "text\nThe café\u2019s bill was wrong\n".encode(encoding))
    expect(tab.locator("#file-preview")).to_have_text("The café\u2019s bill was wrong")


def test_a_file_can_be_dropped(tab):
    dropped = tab.evaluate_handle(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["text\\nhello there\\n"], "dropped.csv"));
            return transfer;
        }"""
    )
    tab.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    expect(tab.get_by_text("dropped.csv: 1 message")).to_be_visible()
