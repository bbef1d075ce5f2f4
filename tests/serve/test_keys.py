"""Who is let in."""

import subprocess
import sys
import time

import pytest

FIRST, SECOND, ADMIN = "first-key-0123456789", "second-key-0123456789", "admin-key-0123456789"

EVERYWHERE = "0.0.0.0"  # noqa: S104


def status(server, path="/v1/model", key=None, **headers):
    with server.client(key) as client:
        return client.get(path, headers=headers).status_code


def refused(*options, **env):
    done = subprocess.run(
        [sys.executable, "-m", "heard", "serve", "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_keys_open_and_their_file_is_read_again_when_it_changes(serve, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"{FIRST}  # the old one\n\n# {SECOND}\n")
    server = serve("--keys", keys)
    assert status(server) == status(server, key=SECOND) == status(server, key="") == 401
    assert status(server, key=FIRST) == 200
    assert status(server, Authorization=f"Basic {FIRST}") == 401
    keys.write_text(f"{SECOND}\n")
    time.sleep(1.2)
    assert (status(server, key=FIRST), status(server, key=SECOND)) == (401, 200)
    keys.write_text("short\n")  # a slip: who was let in before still is
    time.sleep(1.2)
    assert (status(server, key=FIRST), status(server, key=SECOND)) == (401, 200)
    assert "keys_not_read" in server.log
    assert SECOND not in server.log


def test_keys_come_from_the_environment_too(serve):
    server = serve(env={"HEARD_API_KEYS": f"{FIRST}, {SECOND}"})
    assert status(server) == 401
    assert status(server, key=FIRST) == status(server, key=SECOND) == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/metrics", "/health/live"])
def test_what_holds_no_data_asks_for_no_key(serve, path):
    assert status(serve(env={"HEARD_API_KEYS": FIRST}), path) == 200


def test_a_wrong_key_is_told_before_the_body_is_read(serve):
    server = serve("--max-body", "2000", env={"HEARD_API_KEYS": FIRST})
    with server.client() as client:
        answer = client.post("/v1/assess", content=b" " * 5000)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Bearer KEY" in answer.json()["error"]["message"]


def test_the_model_is_changed_with_a_key_of_its_own(serve):
    server = serve(env={"HEARD_API_KEYS": FIRST, "HEARD_ADMIN_KEYS": ADMIN})
    for key, expected in ((FIRST, 401), (None, 401), (ADMIN, 200)):
        with server.client(key) as client:
            assert client.post("/v1/admin/reload", json={}).status_code == expected
    assert status(server, key=ADMIN) == 401


def test_without_admin_keys_nobody_changes_the_model(client):
    answer = client.post("/v1/admin/reload", json={})
    assert answer.status_code == 403
    assert "--admin-keys" in answer.json()["error"]["message"]


def test_other_machines_are_let_in_only_with_keys_or_on_purpose(serve):
    assert "--keys" in refused("--host", EVERYWHERE)
    assert status(serve("--host", EVERYWHERE, "--no-auth")) == 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--keys", "nowhere/keys"], "nowhere/keys"),
        (["--model", "nowhere"], "nowhere"),
        (["--playbook", "nowhere"], "nowhere"),
        (["--workers", "0"], "workers is 0"),
        (["--max-items", "2000"], "max_waiting"),
        (["--store-texts"], "feedback"),
        (["--feedback", "nowhere/f.db"], "nowhere/f.db"),
        (["--feedback", "nowhere/f.db", "--workers", "2"], "nowhere/f.db"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
    ],
)
def test_a_wrong_start_is_told_in_one_sentence(options, words):
    assert words in refused(*options)


def test_a_port_in_use_is_told(server):
    assert "in use" in refused("--port", server.url.rpartition(":")[2])
