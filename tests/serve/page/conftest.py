"""A browser on the page, which must cause no error and speak to no other host."""

import pytest


@pytest.fixture(scope="session")
def browser(chromium):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield one
        one.close()


class Complaints(list):
    """What a page did that it must not do: errors, dialogs, requests to other hosts."""

    def watch(self, page, url):
        page.on("console", lambda said: said.type == "error" and self.append(said.text))
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._request(request.url, url))

    def forgive_failed_requests(self):
        """A browser reports each answer of 400 or more, even one that the page deals with."""
        self[:] = [one for one in self if not one.startswith("Failed to load resource")]

    def _dialog(self, dialog):
        self.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, asked, url):
        if not asked.startswith((f"{url}/", "data:", f"blob:{url}/")):
            self.append(f"asked {asked}")


@pytest.fixture
def complaints():
    found = Complaints()
    yield found
    assert found == []


@pytest.fixture
def visit(browser, complaints):
    """Open the page of a server in a browser without a past."""
    contexts = []

    def open_page(url, *, prepare=None, **options):
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page, url)
        if prepare:
            prepare(page)
        page.goto(f"{url}/")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit, server):
    return visit(server.url)
