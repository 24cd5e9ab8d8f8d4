"""The commands that ``/docs`` prints call the endpoints that they are printed for."""

import re
import shlex

import pytest

from jobmeter.api.openapi.page import list_groups
from tests.support.sandbox_client import bearer


@pytest.fixture
def rows(sandbox_client):
    document = sandbox_client.client.get("/openapi.json").json()
    groups = list_groups(document)
    operations = sum(len(operations) for operations in document["paths"].values())
    assert sum(len(group.rows) for group in groups) == operations
    assert max(len(group.rows) for group in groups) <= 30
    return [row for group in groups for row in group.rows]


def read_command(command, keys):
    """Returns the request that the command sends, with 1 or an unknown key for each id of its path."""
    words = iter(shlex.split(command.replace("\\\n", " ")))
    verb, url, headers, body = "GET", "", {}, None
    for word in words:
        if word == "-X":
            verb = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word in {"-d", "--data-urlencode"}:
            text = next(words)
            body = text if body is None else f"{body}&{text}"
            verb = "POST" if verb == "GET" else verb
        elif word.startswith("$BASE"):
            url = word.removeprefix("$BASE")
    secret = headers.get("Authorization", "").removeprefix("Bearer $")
    if secret:
        headers |= bearer(keys[secret])
    unknown = {
        "$REFERENCE": "00000000-0000-4000-8000-000000000001",
        "$EVENT_KEY": "00000000-0000-4000-8000-000000000001",
    }
    url = re.sub(r"\$[A-Z_]+", lambda slot: unknown.get(slot[0], "1"), url)
    return verb, url, headers, body


def test_every_command_reaches_its_endpoint_with_what_it_requires(sandbox_client, rows):
    keys = {
        "CHILD": sandbox_client.token(),
        "PARENT": sandbox_client.token("parent"),
        "OPERATOR_KEY": sandbox_client.credentials["operator_key"],
        "EVENTS_KEY": sandbox_client.credentials["events_key"],
    }
    refused = []
    for verb, _, _, command in rows:
        sent, url, headers, body = read_command(command, keys)
        assert sent.lower() == verb, command
        answer = sandbox_client.client.request(
            sent, url, headers=headers, content=body, follow_redirects=False
        )
        # What does not exist is 404 and what is not allowed is 403; a route, a method or a credential is never missing.
        if (
            answer.status_code in {401, 405, 411, 415, 426}
            or answer.status_code >= 500
            or "virtual resource" in answer.text
        ):
            refused.append((command, answer.status_code, answer.text[:200]))
    assert refused == []


def test_every_endpoint_has_a_description(sandbox_client):
    for path, operations in sandbox_client.client.get("/openapi.json").json()["paths"].items():
        for verb, operation in operations.items():
            assert len(operation["summary"].split()) >= 2, (verb, path)
