"""What the API answers: the library's own results, whatever the request's form."""

import json
import re

import pytest

import heard
from heard.serve.schemas import (
    AssessResults,
    CheckResults,
    ConversationResults,
    ModelAnswer,
    ReplyResults,
)

LATE = "Order 4471 was due on Monday and is still not here. This is the third time I ask."
TEXTS = [LATE, "Thanks, that worked!", "", "They laughed at me in front of the whole queue. 😡"]
STOCK = "We apologise for any inconvenience. What is your order number?"


@pytest.fixture(scope="module")
def analyzer():
    return heard.load()


def post(client, path, body, **headers):
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_one_text_and_many_get_the_librarys_answers(client, analyzer):
    expected = [analyzer.assess(text).to_dict() for text in TEXTS]
    assert post(client, "/v1/assess", {"texts": TEXTS}) == expected
    for text, one in zip(TEXTS, expected, strict=True):
        assert post(client, "/v1/assess", {"text": text}) == [one]


def test_replies_are_the_librarys(client, analyzer):
    given = {"channel": "public", "stage": "follow_up", "remedies": ["refund"]}
    context = heard.Context("public", "follow_up", remedies=("refund",))
    expected = [heard.recommend(analyzer.assess(text), context).to_dict() for text in TEXTS]
    assert post(client, "/v1/reply", {"texts": TEXTS, "context": given}) == expected


def test_a_companys_own_remedies_are_taken(client):
    given = {"remedies": {"loan": "lend you a spare one until yours is back"}}
    (found,) = post(client, "/v1/reply", {"text": LATE, "context": given})
    assert "lend you a spare one" in json.dumps(found)


def test_drafts_are_checked_as_the_library_checks_them(client, analyzer):
    expected = [one.to_dict() for one in heard.check_reply(STOCK, analyzer.assess(LATE))]
    assert expected
    assert post(client, "/v1/check", {"text": LATE, "draft": STOCK}) == [expected]
    both = {"texts": [LATE, LATE], "drafts": [STOCK, STOCK]}
    assert post(client, "/v1/check", both) == [expected, expected]


def test_a_conversation_goes_on_from_the_state_that_was_answered(client):
    (state,) = post(client, "/v1/conversation", {"turns": [{"who": "customer", "text": LATE}]})
    state["turns"] += [
        {"who": "agent", "text": state["recommendation"]["reply"]},
        {"who": "customer", "text": "Nobody rang. I want your manager, NOW. This is a disgrace."},
    ]
    (after,) = post(client, "/v1/conversation", {**state, "draft": STOCK})
    talk = heard.Conversation()
    talk.customer(LATE)
    talk.agent(state["recommendation"]["reply"])
    talk.customer("Nobody rang. I want your manager, NOW. This is a disgrace.")
    assert after["recommendation"] == talk.recommend().to_dict()
    assert after["findings"] == [one.to_dict() for one in talk.check(STOCK)]
    assert (after["trend"], after["first_alarm"]) == (talk.trend, talk.first_alarm)


def test_the_answers_are_as_documented(client):
    def answer(path, body):
        return client.post(path, json=body).text

    AssessResults.model_validate_json(answer("/v1/assess", {"texts": TEXTS}))
    ReplyResults.model_validate_json(answer("/v1/reply", {"texts": TEXTS}))
    CheckResults.model_validate_json(answer("/v1/check", {"text": LATE, "draft": STOCK}))
    turns = [{"who": "customer", "text": LATE}, {"who": "agent", "text": "I'll look."}]
    talk = answer("/v1/conversation", {"turns": turns, "draft": STOCK})
    ConversationResults.model_validate_json(talk)
    ModelAnswer.model_validate_json(client.get("/v1/model").text)


def test_the_documented_examples_work(client):
    described = client.get("/openapi.json").json()
    tried = 0
    for path, methods in described["paths"].items():
        reference = json.dumps(methods.get("post", {}).get("requestBody", {}))
        name = re.search(r"#/components/schemas/(\w+)", reference)
        if name is None or path == "/v1/feedback":  # which is off here
            continue
        for example in described["components"]["schemas"][name[1]].get("examples", []):
            assert client.post(path, json=example).status_code == 200, path
            tried += 1
    assert tried >= 5


def test_the_model_tells_its_labels_thresholds_and_limits(client, analyzer):
    told = client.get("/v1/model").json()
    assert told["model"] == analyzer.model.to_dict()
    assert told["thresholds"] == analyzer.thresholds.to_dict()
    assert told["manifest"]["files"] == analyzer.bundle.manifest["files"]
    assert told["limits"]["max_items"] == 256


def test_docs_come_from_this_server_alone(client):
    page = client.get("/docs").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(source.startswith(("/", "data:")) for source in sources)
    for source in sources:
        assert source == "data:," or client.get(source).status_code == 200


@pytest.mark.parametrize("path", ["/", "/v1/assess", "/metrics", "/nowhere", "/page/app.js"])
def test_every_answer_has_an_id_and_the_usual_headers(client, path):
    answer = client.get(path)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs", "/health/live", "/health/ready"])
def test_whoever_only_looks_gets_the_head(client, path):
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_good_request_id_is_kept_and_a_strange_one_replaced(client):
    kept = client.get("/health/live", headers={"X-Request-ID": "ticket-8.14_b"})
    assert kept.headers["x-request-id"] == "ticket-8.14_b"
    strange = client.get("/health/live", headers={"X-Request-ID": "a b\tc" + "x" * 100})
    assert re.fullmatch(r"[0-9a-f]{32}", strange.headers["x-request-id"])
