"""Whatever is sent, the service answers as its own description says: tried by schemathesis."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from process import running
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from heard.serve.app import create_app
from heard.serve.settings import Settings

KEY = "a-key-of-0123456789"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    path = tmp_path_factory.mktemp("feedback") / "feedback.db"
    with running("--feedback", path, env={"HEARD_API_KEYS": KEY}) as server:
        yield server


DESCRIPTION = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
OPERATIONS = {one.ok().label: one.ok() for one in DESCRIPTION.get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_breaks_the_service(keyed, label):
    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(case=OPERATIONS[label].as_strategy())
    def sent(case):
        answer = case.call(base_url=keyed.url, headers={"Authorization": f"Bearer {KEY}"})
        case.validate_response(
            answer,
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
        )

    sent()


def test_every_route_of_the_api_is_described():
    assert {label.split()[1] for label in OPERATIONS} >= {
        "/v1/assess",
        "/v1/reply",
        "/v1/check",
        "/v1/conversation",
        "/v1/feedback",
        "/v1/feedback/{key}",
        "/v1/model",
        "/v1/admin/reload",
        "/v2/models/heard/infer",
        "/health/ready",
        "/metrics",
    }
