"""Each request of ``requests.http`` can be read as editors read it and, sent to a sandbox, gets a status that is documented."""

import re

import pytest

from tests.client.languages.http_file import COLLECTION, HttpFile, parse_requests
from tests.support.sandbox_client import SandboxClient

TEXT = COLLECTION.read_text(encoding="utf-8")


@pytest.fixture
def operations(sandbox_client: SandboxClient):
    document = sandbox_client.client.get("/openapi.json").json()
    return {
        operation["operationId"]: (verb.upper(), path, operation)
        for path, found in document["paths"].items()
        for verb, operation in found.items()
    }


def test_each_operation_has_a_request_that_can_be_read(operations) -> None:
    requests = parse_requests(TEXT)
    assert {request.name for request in requests} == set(operations)
    for request in requests:
        verb, path, operation = operations[request.name]
        assert (request.verb, request.summary) == (verb, operation["summary"])
        assert re.fullmatch(
            re.sub(r"\{\w+\}", r"\\{\\{\\w+\\}\\}", r"\{\{BASE\}\}" + path) + r"(\?\S+)?", request.url
        )
        assert bool(request.headers.get("Authorization")) is bool(operation["security"])
        assert ("Content-Type" in request.headers) is bool(request.body)


def test_each_request_gets_a_documented_status(sandbox_client: SandboxClient, operations) -> None:
    file = HttpFile(
        {
            "BASE": "",
            "CLIENT_ID": sandbox_client.credentials["child"]["client_id"],
            "CLIENT_SECRET": sandbox_client.credentials["child"]["client_secret"],
            "CHILD": sandbox_client.token(),
            "PARENT": sandbox_client.token("parent"),
            "OPERATOR_KEY": sandbox_client.credentials["operator_key"],
            "EVENTS_KEY": sandbox_client.credentials["events_key"],
        }
    )
    succeeded = []
    # The revocation of the token comes last.
    for name, request in sorted(file.requests.items(), key=lambda one: one[0] == "revokeOauth"):
        answer = sandbox_client.client.request(
            request.verb,
            file.fill(request.url),
            headers={header: file.fill(value) for header, value in request.headers.items()},
            content=file.fill(request.body),
            follow_redirects=False,
        )
        documented = operations[name][2]["responses"]
        assert str(answer.status_code) in documented, (name, answer.status_code, answer.text)
        # What does not exist is 404; a credential, a method or a media type is never missing.
        assert answer.status_code not in {401, 405, 411, 415, 426, *range(500, 600)}, (name, answer.text)
        if answer.is_success:
            succeeded.append(name)
    wanted = {
        "createSimpleJobPostings",
        "getPartnerBudgetReports",
        "listPartnerWebhooks",
        "listOperatorPartners",
    }
    assert wanted <= set(succeeded)
