"""The Open Inference Protocol, spoken by a public client and by hand."""

import json

import numpy as np
import pytest

import heard
from heard.labels import EMOTION_NAMES, SIGNAL_NAMES

TEXTS = ["Third time I ask: where is my refund?", "Thanks!", "Ça ne va pas 😡", ""]


@pytest.fixture
def triton(server):
    http = pytest.importorskip("tritonclient.http")
    client = http.InferenceServerClient(server.url.removeprefix("http://"))
    yield http, client
    client.close()


def expected():
    return heard.load().assess_many(TEXTS)


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_a_public_client_gets_the_librarys_answers(triton, binary_in, binary_out):
    http, client = triton
    given = http.InferInput("text", [len(TEXTS)], "BYTES")
    given.set_data_from_numpy(np.array(TEXTS, dtype=object), binary_data=binary_in)
    names = ["assessment", "primary", "emotion_levels", "escalation_risk", "signal_probabilities"]
    outputs = [http.InferRequestedOutput(name, binary_data=binary_out) for name in names]
    got = client.infer("heard", [given], outputs=outputs, request_id="r-1")
    answers = expected()
    told = [json.loads(one) for one in got.as_numpy("assessment")]
    assert told == [one.to_dict() for one in answers]
    primary = [one if isinstance(one, str) else one.decode() for one in got.as_numpy("primary")]
    assert primary == [one.primary for one in answers]
    levels = [[e.level for e in one.emotions.values()] for one in answers]
    assert got.as_numpy("emotion_levels").tolist() == levels
    risks = [one.escalation.risk for one in answers]
    assert got.as_numpy("escalation_risk") == pytest.approx(risks, abs=1e-6)
    assert got.as_numpy("signal_probabilities").shape == (len(TEXTS), len(SIGNAL_NAMES))
    assert got.get_response()["id"] == "r-1"


def test_a_public_client_finds_the_model(triton):
    _, client = triton
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("heard")
    assert client.get_server_metadata()["name"] == "heard"
    described = client.get_model_metadata("heard")
    assert described["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    shapes = {output["name"]: output["shape"] for output in described["outputs"]}
    assert shapes["emotion_probabilities"] == [-1, len(EMOTION_NAMES)]


def test_without_named_outputs_all_come_as_json(client):
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["Thanks!"]}
    answer = client.post("/v2/models/heard/infer", json={"inputs": [tensor]})
    assert answer.status_code == 200
    outputs = {one["name"]: one for one in answer.json()["outputs"]}
    assert len(outputs) == 7
    assert outputs["primary"]["data"] == ["none"]


TENSOR = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["my secret"]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [{**TENSOR, "name": "sound"}]}, "named text"),
        ({"inputs": [{**TENSOR, "datatype": "FP32"}]}, "BYTES"),
        ({"inputs": [{**TENSOR, "shape": [2]}]}, "shape"),
        ({"inputs": [{**TENSOR, "data": [7]}]}, "texts"),
        ({"inputs": [{**TENSOR, "parameters": 3}]}, "parameters"),
        ({"inputs": [TENSOR], "outputs": [{"name": "mood"}]}, "primary"),
        ({"inputs": [TENSOR], "outputs": 3}, "outputs"),
        ({"inputs": [TENSOR], "id": 3}, "id"),
        ([], "object"),
    ],
)
def test_wrong_requests_are_named(client, body, words):
    answer = client.post("/v2/models/heard/infer", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("size", "rest", "status"),
    [
        (8, b"\x04\0\0\0abcd", 200),
        (8, b"\x05\0\0\0abcd", 422),
        (9, b"\x04\0\0\0abcd", 422),
        (6, b"\x04\0\0\0ab", 422),
        (3, b"\x04\0\0", 422),
        (-1, b"", 422),
        ("8", b"\x04\0\0\0abcd", 422),
        (6, b"\x02\0\0\0\xff\xfe", 422),
        (4, b"\xff\xff\xff\xff", 422),
    ],
)
def test_binary_texts_are_read_with_care(client, size, rest, status):
    tensor = {**TENSOR, "parameters": {"binary_data_size": size}}
    del tensor["data"]
    head = json.dumps({"inputs": [tensor], "outputs": [{"name": "primary"}]}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    answer = client.post("/v2/models/heard/infer", content=head + rest, headers=headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("length", ["-1", "many", "999999", "9" * 5000, "²"])
def test_a_wrong_length_of_the_head_is_named(client, length):
    answer = client.post(
        "/v2/models/heard/infer",
        json={"inputs": [TENSOR]},
        headers={"Inference-Header-Content-Length": length.encode()},
    )
    assert answer.status_code == 422
    assert "Inference-Header-Content-Length" in answer.json()["error"]["message"]
