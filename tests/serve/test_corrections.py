"""Corrections: kept once acknowledged, with no more of the customer than was asked for."""

import hashlib
import json
import sqlite3
import threading
import time

import httpx2

import heard
from heard.serve.feedback import FeedbackStore

TEXT = "Order 4471 is late AGAIN and I am fuming."


def rows(path):
    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM feedback ORDER BY given_at")]


def give(client, **what):
    answer = client.post("/v1/feedback", json={"text": TEXT, **what})
    assert answer.status_code == 201, answer.text
    return answer.json()["results"][0]["id"]


def test_corrections_are_kept_with_the_models_version_and_without_the_text(serve, tmp_path):
    path = tmp_path / "feedback.db"
    with serve("--feedback", path).client() as client:
        key = give(client, labels={"levels": {"angry": 3}, "signals": {"abusive": False}})
    (row,) = rows(path)
    model = heard.load().model
    assert (row["id"], row["text"], row["agree"]) == (key, None, 0)
    assert row["text_sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (row["model_version"], row["model_sha256"]) == (model.version, model.sha256)
    assert row["labels"] == '{"levels": {"angry": 3}, "signals": {"abusive": false}}'
    assert TEXT.encode() not in path.read_bytes()


def test_texts_are_kept_on_demand_and_are_gone_once_deleted(serve, tmp_path):
    path = tmp_path / "feedback.db"
    with serve("--feedback", path, "--store-texts").client() as client:
        key = give(client, agree=True)
        assert rows(path)[0]["text"] == TEXT
        assert client.delete(f"/v1/feedback/{key}").status_code == 204
        assert client.delete(f"/v1/feedback/{key}").status_code == 404
        kept = [file for file in tmp_path.iterdir() if file.name.startswith(path.name)]
        assert len(kept) > 1  # its log lies beside it
        assert not any(TEXT.encode() in file.read_bytes() for file in kept)
        assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
        assert rows(path) == []


def test_agreement_keeps_what_the_model_decided(serve, tmp_path):
    path = tmp_path / "feedback.db"
    with serve("--feedback", path).client() as client:
        give(client, agree=True, conversation_id="c-1")
    (row,) = rows(path)
    labels, assessment = json.loads(row["labels"]), heard.load().assess(TEXT)
    assert row["conversation_id"] == "c-1"
    assert labels["levels"]["angry"] == assessment.emotions["angry"].level
    assert {name for name, there in labels["signals"].items() if there} == {
        signal.name for signal in assessment.signals
    }


def test_wrong_feedback_is_named(serve, tmp_path):
    with serve("--feedback", tmp_path / "feedback.db").client() as client:
        for what, word in (
            ({}, "agree"),
            ({"agree": True, "labels": {"levels": {"angry": 1}}}, "agree"),
            ({"labels": {"levels": {"sad": 1}}}, "'sad'"),
            ({"labels": {"levels": {"angry": 4}}}, "angry"),
            ({"labels": {"signals": {"abusive": 1}}}, "abusive"),
        ):
            answer = client.post("/v1/feedback", json={"text": TEXT, **what})
            assert answer.status_code == 422
            assert word in answer.json()["error"]["message"]
            assert TEXT not in answer.text
        assert rows(tmp_path / "feedback.db") == []


def test_without_a_file_there_is_no_feedback(client):
    answer = client.post("/v1/feedback", json={"text": TEXT, "agree": True})
    assert answer.status_code == 404
    assert "--feedback" in answer.json()["error"]["message"]


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(serve, tmp_path):
    path = tmp_path / "feedback.db"
    server = serve("--feedback", path, "--workers", 2)
    acknowledged = []

    def load():
        with server.client() as client:
            while True:
                try:
                    answer = client.post("/v1/feedback", json={"text": TEXT, "agree": True})
                except (httpx2.TransportError, ValueError):  # the server was killed
                    return
                if answer.status_code == 503:  # a worker that outlived the others for a moment
                    return
                assert answer.status_code == 201, answer.text
                acknowledged.append(answer.json()["results"][0]["id"])

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    server.kill_all()
    for thread in threads:
        thread.join(30)
    assert len(acknowledged) > 10
    assert set(acknowledged) <= {row["id"] for row in rows(path)}
    with serve("--feedback", path).client() as client:
        assert give(client, agree=True) not in acknowledged


def test_old_feedback_is_forgotten(tmp_path):
    store = FeedbackStore(tmp_path / "f.db", store_texts=True, keep_days=30)
    keys = [store.add(TEXT, agree=True, labels={}, model=("m", "1", "a")) for _ in range(3)]
    with sqlite3.connect(tmp_path / "f.db") as database:
        database.execute(
            "UPDATE feedback SET given_at = ? WHERE id = ?", (time.time() - 31 * 86_400, keys[0])
        )
    assert store.forget_old() == 1
    store.close()
    assert {row["id"] for row in rows(tmp_path / "f.db")} == set(keys[1:])
