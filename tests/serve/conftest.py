"""A real server process for each test that asks for one, and one for those that can share."""

import shutil

import pytest
from process import running


@pytest.fixture
def serve():
    """Start servers that end with the test."""
    with_all = []

    def start(*options, **how):
        context = running(*options, **how)
        server = context.__enter__()
        with_all.append(context)
        return server

    yield start
    for context in reversed(with_all):
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def server():
    """One server that tests share; it keeps nothing and asks for no key."""
    with running("--timeout", "30") as one:
        yield one


@pytest.fixture
def client(server):
    with server.client() as one:
        yield one


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Debian's chromium is not installed")
    return path
