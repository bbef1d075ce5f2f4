"""Figures and logs: what an operator sees, and what nobody may see."""

import json
import re

import pytest

TEXT = "My cousin Ottilie was laughed at by your clerk, 14 Quill Street. I want your manager."


@pytest.fixture
def used(serve):
    server = serve()
    with server.client() as client:
        client.post("/v1/assess", json={"texts": [TEXT, "Thanks!"]})
        client.post("/v1/reply", json={"text": TEXT})
        client.post("/v1/assess", json={"wrong": TEXT})
        client.get(f"/v1/{TEXT}")
    return server


def figures(server):
    with server.client() as client:
        text = client.get("/metrics").text
    assert "Ottilie" not in text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_figures_tell_of_requests_decisions_and_the_model(used):
    found = figures(used)
    asked = 'heard_requests_total{method="POST",route="%s",status="%s"}'
    assert found[asked % ("/v1/assess", 200)] == 1
    assert found[asked % ("/v1/assess", 422)] == 1
    assert found[asked % ("/v1/reply", 200)] == 1
    assert found['heard_requests_total{method="GET",route="unmatched",status="404"}'] == 1
    assert found['heard_request_failures_total{reason="invalid"}'] == 1
    assert found["heard_message_tokens_count"] == 3
    assert sum(v for k, v in found.items() if k.startswith("heard_primary_total")) == 3
    assert found['heard_signal_total{signal="asks_for_manager"}'] == 2
    assert found["heard_top_probability_count"] == 3
    assert found["heard_ready"] == 1
    assert found["heard_queue_messages"] == 0
    for name in ("tokenise", "queue", "run"):
        assert found[f"heard_{name}_seconds_count"] == 2
        assert found[f"heard_{name}_seconds_sum"] > 0
    assert 'heard_run_seconds_bucket{le="0.0001"}' in found
    build = next(name for name in found if name.startswith("heard_build_info"))
    assert re.search(r'model_sha256="[0-9a-f]{64}"', build)


def test_every_request_is_one_line_of_json_without_its_text(used):
    assert "Ottilie" not in used.log
    lines = [json.loads(line) for line in used.lines if line.startswith("{")]
    asked = [line for line in lines if line["route"] not in ("/health/ready", "/metrics")]
    assert [(line["route"], line["status"]) for line in asked] == [
        ("/v1/assess", 200),
        ("/v1/reply", 200),
        ("/v1/assess", 422),
        ("unmatched", 404),
    ]
    first = asked[0]
    assert first["messages"] == 2
    assert {"tokenise_ms", "queue_ms", "run_ms", "ms", "bytes", "model", "request_id"} <= set(first)
    assert asked[2]["reason"] == "invalid"
