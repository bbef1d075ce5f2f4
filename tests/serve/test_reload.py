"""Another model takes the place of the one that serves, in every process or in none."""

import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from heard.bundle import default_path, sha256_of

ADMIN = "admin-key-0123456789"
ENV = {"HEARD_ADMIN_KEYS": ADMIN}


@pytest.fixture
def other(tmp_path):
    """A sound bundle of another version."""
    return make_version(tmp_path / "other", "9.9.9")


def make_version(folder, version):
    shutil.copytree(default_path(), folder)
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**manifest, "version": version}))
    return folder


def reload(server, path=None):
    with server.client(ADMIN) as client:
        return client.post("/v1/admin/reload", json={"path": path and str(path)})


def versions(server, asked=24):
    """Ask on new connections, which land in any of the processes."""
    found = set()
    for _ in range(asked):
        with server.client() as client:
            found.add(client.get("/v1/model").json()["model"]["version"])
    return found


def test_a_reload_switches_while_requests_run(serve, other):
    server = serve(env=ENV)
    before = versions(server, 1)
    seen, over = [], threading.Event()

    def load():
        with server.client() as client:
            while not over.is_set():
                answer = client.post("/v1/assess", json={"texts": ["hello", "where is it?"]})
                seen.append((answer.status_code, answer.json()["results"][0]["model"]["version"]))

    thread = threading.Thread(target=load)
    thread.start()
    time.sleep(0.3)
    answer = reload(server, other)
    time.sleep(0.3)
    over.set()
    thread.join(20)
    assert answer.json() == {
        "model": {
            "name": "heard-en",
            "version": "9.9.9",
            "sha256": sha256_of(other / "bundle.json"),
        },
        "processes": 1,
    }
    assert {status for status, _ in seen} == {200}
    order = [version for _, version in seen]
    assert order == sorted(order, key=lambda version: version == "9.9.9")
    assert set(order) == before | {"9.9.9"}
    with server.client() as client:
        assert 'model_version="9.9.9"' in client.get("/metrics").text


def damage(folder, how):
    if how == "model":
        graph = folder / "model.onnx"
        graph.write_bytes(graph.read_bytes()[:-1] + b"\0")
    elif how == "manifest":
        (folder / "bundle.json").write_text("{")
    elif how == "labels":
        manifest = json.loads((folder / "bundle.json").read_text())
        manifest["labels"]["signals"][0] = "is_sad"
        (folder / "bundle.json").write_text(json.dumps(manifest))
    else:
        shutil.rmtree(folder)


@pytest.mark.parametrize("how", ["model", "manifest", "labels", "absence"])
def test_a_bad_bundle_is_refused_with_the_reason_and_the_old_one_serves(serve, other, how):
    server = serve(env=ENV)
    before = versions(server, 1)
    damage(other, how)
    answer = reload(server, other)
    assert answer.status_code == 409, answer.text
    assert answer.json()["error"]["reason"] == "conflict"
    assert str(other) in answer.json()["error"]["message"]
    assert versions(server, 1) == before
    with server.client() as client:
        assert client.get("/health/ready").status_code == 200
        assert 'heard_reloads_total{result="refused"} 1.0' in client.get("/metrics").text


def test_every_process_switches_and_a_new_one_joins_them(serve, other):
    server = serve("--workers", 2, env=ENV)
    time.sleep(1)  # the second process warms up, too
    answer = reload(server, other)
    assert (answer.status_code, answer.json().get("processes")) == (200, 2), answer.text
    assert versions(server) == {"9.9.9"}
    damage(other, "model")  # refused by whoever is asked, and by nobody carried out
    assert reload(server, other).status_code == 409
    assert versions(server) == {"9.9.9"}


def test_a_process_that_is_started_anew_serves_what_the_others_serve(serve, other):
    server = serve("--workers", 2, env=ENV)
    time.sleep(1)
    assert reload(server, other).status_code == 200
    with server.client() as client:
        client.post("/v1/assess", json={"text": "hello"})
    children = [int(path.name) for path in Path("/proc").glob("[0-9]*") if _serves(path, server)]
    os.kill(children[0], signal.SIGKILL)
    time.sleep(4)
    assert versions(server) == {"9.9.9"}
    until = time.monotonic() + 20
    with server.client() as client:
        while "heard_ready 2.0" not in client.get("/metrics").text:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert server.stop() == 0


def _serves(path, server):
    """Whether a process is one of the server's workers."""
    try:
        parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        return parent == server.process.pid and "spawn_main" in (path / "cmdline").read_text()
    except OSError:  # it ended meanwhile
        return False


def test_figures_are_those_of_all_processes(serve):
    server = serve("--workers", 2)
    time.sleep(1)
    for _ in range(30):
        with server.client() as client:
            assert client.post("/v1/assess", json={"text": "hello"}).status_code == 200
    with server.client() as client:
        text = client.get("/metrics").text
    line = 'heard_requests_total{method="POST",route="/v1/assess",status="200"} 30.0'
    assert line in text
    assert "heard_message_tokens_count 30.0" in text
    assert "heard_ready 2.0" in text
    assert text.count("heard_build_info{") == 1
