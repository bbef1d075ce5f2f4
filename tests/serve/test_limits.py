"""What is refused, with which status, and that the sentence names the limit and not the message."""

import json
import socket
import threading

import pytest
from process import running

PRIVATE = "my-sister-Ottilie-lives-at-14-Quill-Street"


def refused(answer, status, *words):
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert set(told) == {"error", "request_id"}
    assert told["request_id"] == answer.headers["x-request-id"]
    assert PRIVATE not in answer.text
    for word in words:
        assert word in told["error"]["message"], told
    return told["error"]["reason"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["text"]),
        ({"text": PRIVATE, "texts": [PRIVATE]}, ["either text or texts"]),
        ({"texts": []}, ["texts"]),
        ({"text": None}, ["text"]),
        ({"text": 7}, ["text"]),
        ({"texts": PRIVATE}, ["texts"]),
        ({"texts": [PRIVATE, 7]}, ["texts.1"]),
        ({"text": PRIVATE, "shout": PRIVATE}, ["shout"]),
        ({"text": "a\0" + PRIVATE}, ["NUL", "offset 1"]),
        ({"texts": ["ok", PRIVATE + "\0"]}, ["texts[1]", "NUL"]),
        ([PRIVATE], []),
        (PRIVATE, []),
    ],
)
def test_wrong_bodies_are_named(client, body, words):
    assert refused(client.post("/v1/assess", json=body), 422, *words) == "invalid"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"null",
        b'{"text": "' + b"\xff\xfe" + b'"}',
        b'{"text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"text": "\\ud800"}',
        b'{"text": NaN}',
        b"\x00\x01\x02",
    ],
)
def test_what_is_no_json_is_refused(client, raw):
    answer = client.post("/v1/assess", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"error", "request_id"}


def test_another_content_type_is_refused(client):
    for headers in ({"Content-Type": "text/plain"}, {}):
        answer = client.post("/v1/assess", content=b'{"text": "hello"}', headers=headers)
        assert refused(answer, 415, "application/json") == "wrong_type"
    assert refused(client.post("/v1/assess"), 415) == "wrong_type"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/reply", {"text": PRIVATE, "context": {"channel": "fax"}}, ["fax", "chat, email"]),
        ("/v1/reply", {"text": PRIVATE, "context": {"mood": "bad"}}, ["mood"]),
        ("/v1/reply", {"text": PRIVATE, "context": {"remedies": ["gold"]}}, ["gold"]),
        ("/v1/check", {"text": PRIVATE}, ["draft"]),
        ("/v1/check", {"texts": [PRIVATE, PRIVATE], "drafts": ["a"]}, ["as many drafts"]),
        ("/v1/conversation", {"turns": []}, ["turns"]),
        ("/v1/conversation", {"turns": [{"who": "bot", "text": PRIVATE}]}, ["turns.0.who"]),
        (
            "/v1/conversation",
            {"turns": [{"who": "customer", "text": PRIVATE, "assessment": {"angry": 3}}]},
            ["assessment"],
        ),
        ("/v1/conversation", {"turns": [{"who": "agent", "text": "Hi"}], "draft": "a"}, ["yet"]),
        ("/v1/conversation", {"turns": [{"who": "agent", "text": "Hi"}], "alarm": 2}, ["alarm"]),
    ],
)
def test_wrong_values_elsewhere_are_named(client, path, body, words):
    refused(client.post(path, json=body), 422, *words)


@pytest.mark.parametrize(
    "value", ["0", "-5", "soon", "1e3", "999999999", "0000000100009", "9" * 5000, "²"]
)
def test_a_wrong_timeout_header_is_named(client, value):
    headers = {"X-Request-Timeout-Ms": value.encode()}
    answer = client.post("/v1/assess", json={"text": PRIVATE}, headers=headers)
    refused(answer, 422, "X-Request-Timeout-Ms", "60000")


def test_unknown_addresses_and_methods(client):
    assert refused(client.get("/v1/nothing"), 404) == "not_found"
    assert refused(client.get("/v1/assess"), 405) == "method_not_allowed"
    assert refused(client.get("/page/../settings.py"), 404) == "not_found"
    assert refused(client.get("/page/%2e%2e%2fsettings.py"), 404) == "not_found"


@pytest.fixture(scope="module")
def small():
    with running("--max-body", 2000, "--max-items", 3, "--max-characters", 50) as one:
        yield one


def test_limits_are_named(small):
    with small.client() as client:
        refused(client.post("/v1/assess", json={"texts": ["a"] * 4}), 422, "4", "3")
        refused(client.post("/v1/assess", json={"text": "a" * 51}), 422, "51", "50")
        check = {"text": "a", "draft": "b" * 51}
        refused(client.post("/v1/check", json=check), 422, "drafts", "51", "50")
        assert client.post("/v1/assess", json={"texts": ["a" * 50] * 3}).status_code == 200


def test_a_body_is_counted_as_it_comes(small):
    def endless():
        for _ in range(100_000):
            yield b" " * 1000

    with small.client() as client:
        announced = client.post("/v1/assess", content=b" " * 3000)
        assert refused(announced, 413, "2000 bytes") == "too_large"
    host, port = small.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        raw.sendall(b"POST /v1/assess HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.sendall(b"bb8\r\n" + b" " * 3000 + b"\r\n")  # and the end never comes
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


def test_what_is_refused_is_not_logged(client, server):
    client.post("/v1/assess", json={"text": PRIVATE, "shout": PRIVATE})
    client.post("/v1/assess", json={"text": PRIVATE})
    client.get(f"/v1/{PRIVATE}")
    assert PRIVATE not in server.log
    last = [json.loads(line) for line in server.lines if line.startswith("{")]
    assert {"request_id", "route", "status", "ms"} <= set(last[-1])
    assert {line["event"] for line in last} <= {"request"}


def test_many_threads_get_their_own_answers(client, server):
    import heard

    texts = [f"Parcel {n} is late again, and I have asked {n} times." for n in range(12)]
    expected = {text: heard.load().assess(text).to_dict() for text in texts}
    wrong = []

    def ask(mine):
        with server.client() as own:
            for text in mine:
                (got,) = own.post("/v1/assess", json={"text": text}).json()["results"]
                if got != expected[text]:
                    wrong.append(text)

    threads = [threading.Thread(target=ask, args=(texts[n:] + texts[:n],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_slash_too_many_is_not_found_rather_than_sent_elsewhere(client):
    answer = client.post("/v1/assess/", json={"text": "hello"})
    assert answer.status_code == 404
    assert "location" not in answer.headers
