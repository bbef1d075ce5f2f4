"""The page as a whole: tabs, keys, errors, safety, and whom it works for."""

import re
from importlib.resources import files

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

TABS = ("message", "conversation", "file", "about")
PAGE = files("heard.serve") / "page"
OWN = [one for one in PAGE.iterdir() if one.name.endswith((".js", ".html", ".css"))]
OWN = [one for one in OWN if not one.name.startswith(("papaparse", "docs"))]


def selected(page):
    return page.get_by_role("tab", selected=True).inner_text()


def test_tabs_work_with_the_keyboard_alone(page):
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Message")).to_be_focused()
    for key, name in (
        ("ArrowRight", "Conversation"),
        ("End", "About"),
        ("ArrowRight", "Message"),
        ("ArrowLeft", "About"),
        ("Home", "Message"),
        ("ArrowRight", "Conversation"),
    ):
        page.keyboard.press(key)
        assert selected(page) == name
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
        expect(page.get_by_role("tabpanel")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()


def test_a_reload_comes_back_to_the_same_tab(page):
    page.get_by_role("tab", name="File").click()
    page.reload()
    assert selected(page) == "File"


def test_about_tells_of_the_model_and_of_privacy(page, server):
    with server.client() as client:
        model = client.get("/v1/model").json()["model"]
    page.get_by_role("tab", name="About").click()
    panel = page.get_by_role("tabpanel", name="About")
    for words in (*model.values(), "does not log", "Humiliated", "Asks for somebody in charge"):
        expect(panel).to_contain_text(words)
    page.get_by_role("link", name="Documentation").click()
    expect(page).to_have_url(f"{server.url}/docs")


def test_a_service_that_is_gone_is_one_sentence(page, complaints):
    page.route("**/v1/**", lambda route: route.abort())
    page.get_by_label("Customer's message").fill("Where is my order?")
    page.get_by_role("button", name="Read message").click()
    expect(page.get_by_role("alert")).to_have_text(
        "The service cannot be reached. Check that it is running and try again."
    )
    complaints.forgive_failed_requests()


def test_a_service_that_is_not_ready_is_asked_again(visit, server, complaints):
    ready = []

    def not_ready(page):
        error = {"reason": "not_ready", "message": "The service is not ready: try again soon."}
        page.route(
            "**/v1/model",
            lambda route: (
                route.continue_()
                if ready
                else route.fulfill(status=503, json={"error": error, "request_id": "1"})
            ),
        )

    page = visit(server.url, prepare=not_ready)
    expect(page.get_by_role("alert")).to_have_text("The service is not ready: try again soon.")
    ready.append(True)
    page.get_by_role("tab", name="About").click()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("heard-en")
    expect(page.get_by_role("alert")).to_have_count(0)
    complaints.forgive_failed_requests()


def test_a_key_is_asked_for_and_kept_for_the_tab(visit, serve, tmp_path, complaints):
    keys = tmp_path / "keys"
    keys.write_text("a-key-that-is-long-enough-to-be-one-0123456789\n")
    keys.chmod(0o600)
    page = visit(serve("--keys", keys).url)
    form = page.get_by_role("dialog")
    form.get_by_label("Key", exact=True).fill("not-the-key-but-as-long-as-one-0123456789")
    page.keyboard.press("Enter")
    expect(form).to_contain_text("The key was not accepted")
    form.get_by_label("Key", exact=True).fill(keys.read_text().strip())
    form.get_by_role("button", name="Use this key").click()
    expect(form).to_be_hidden()
    expect(page.locator("#about")).to_contain_text("heard-en")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1]
    complaints.forgive_failed_requests()
    page.reload()
    expect(page.locator("#about")).to_contain_text("heard-en")
    expect(form).to_be_hidden()


def test_without_a_key_the_page_says_so(visit, serve, tmp_path, complaints):
    keys = tmp_path / "keys"
    keys.write_text("a-key-that-is-long-enough-to-be-one-0123456789\n")
    keys.chmod(0o600)
    page = visit(serve("--keys", keys).url)
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("asks for a key")
    complaints.forgive_failed_requests()


def test_the_page_is_served_with_a_strict_policy(page, server):
    answer = page.request.get(f"{server.url}/")
    assert "script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_files_keep_to_the_policy(file):
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert not re.search(
        r"""\sstyle=|setAttribute\(["']style|<script(?![^>]*\ssrc=)|<style""", text
    )
    assert set(re.findall(r"https?://[\w./]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert len(text.splitlines()) < 420


def test_the_licence_of_what_is_not_ours_lies_beside_it():
    assert "Permission is hereby granted" in (PAGE / "papaparse.LICENSE").read_text()


def test_every_control_has_a_name(page):
    for name in TABS:
        page.locator(f"#tab-{name}").click()
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, textarea")]
                .filter((one) => one.checkVisibility())
                .filter((one) => !one.labels?.length && !one.textContent.trim() && !one.ariaLabel)
                .map((one) => one.outerHTML)"""
        )
        assert nameless == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "dark")])
def test_it_fits_any_screen_in_light_and_dark(visit, server, width, scheme):
    page = visit(server.url, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator("#message-recommendation blockquote")).to_be_visible()
    page.get_by_label("Your reply").fill("Please calm down. " + "We value you. " * 20)
    expect(page.locator(".finding").first).to_be_visible()
    page.get_by_role("tab", name="Conversation").click()
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator("#conversation-recommendation blockquote")).to_be_visible()
    for name in TABS:
        page.locator(f"#tab-{name}").click()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        assert page.screenshot(full_page=True).startswith(b"\x89PNG")
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(shade) > 128) == (scheme == "light")
