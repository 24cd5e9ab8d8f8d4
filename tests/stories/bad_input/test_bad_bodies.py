"""Malformed and too large bodies are refused as a whole, in each protocol's form, and nothing is written."""

import pytest

from jobmeter.base.limits import EVENTS_BATCH_ROWS_MAX, EVENTS_BODY_BYTES_MAX
from tests.support.databases.table_snapshots import nothing_written
from tests.support.sandbox_client import make_event

SIXTY_MEGABYTES = 60_000_000


@pytest.mark.parametrize(
    "body", [b"{", b"nul", b'{"elements": [', b"\xff", b"[" * 5_000, b"[" * 99 + b"]" * 99]
)
@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/rest/simpleJobPostings", "child"),
        ("/v2/provisionedApplications", "parent"),
        ("/rest/provisionedHiringContracts?action=setup", "child"),
    ],
)
def test_malformed_json_is_a_restli_error(sandbox_client, job_id, database_url, path, who, body):
    method = {"X-RestLi-Method": "batch_create"} if "Postings" in path else {}
    headers = sandbox_client.headers(who, **method, **{"Content-Type": "application/json"})
    with nothing_written(database_url):
        answer = sandbox_client.client.post(path, headers=headers, content=body)
    assert answer.status_code == 400
    assert answer.headers["X-RestLi-Error-Response"] == "true"
    assert answer.json()["status"] == 400
    assert answer.json()["message"].startswith("Cannot parse request entity")


@pytest.mark.parametrize(
    "media", ["application/json", "application/cloudevents-batch+json", "application/json; charset=utf-8"]
)
@pytest.mark.parametrize("body", [b"[", b"", b"{}", b"5", b'[{"id": ]', b"\xff\xfe", b"[" * 5_000])
def test_a_malformed_batch_of_events_is_refused_whole(sandbox_client, job_id, database_url, media, body):
    with nothing_written(database_url):
        answer = sandbox_client.send(body, headers={"Content-Type": media})
    assert answer.status_code == 400
    assert answer.json()["code"] == "MALFORMED_BATCH"


def test_an_unsupported_content_type_is_named(sandbox_client, job_id, database_url):
    with nothing_written(database_url):
        answer = sandbox_client.send(b"<events/>", headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA")
    assert "text/xml" in answer.json()["message"]


def test_a_body_of_sixty_megabytes_is_refused_by_its_length(sandbox_client, job_id, database_url):
    with nothing_written(database_url):
        answer = sandbox_client.send(b"[" + b" " * SIXTY_MEGABYTES + b"]")
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert str(EVENTS_BODY_BYTES_MAX) in answer.json()["message"]


@pytest.mark.parametrize("declared", [None, b"5", b"not a number", b"9" * 5_000])
def test_a_body_with_a_false_length_is_read_only_up_to_the_limit(
    sandbox_client, job_id, database_url, declared
):
    # given a client that sends sixty megabytes in chunks
    chunk = b" " * 1_000_000
    taken = []
    sent = []

    async def receive():
        taken.append(len(chunk))
        return {"type": "http.request", "body": chunk, "more_body": sum(taken) < SIXTY_MEGABYTES}

    async def send(message):
        sent.append(message)

    key = sandbox_client.credentials["events_key"].encode()
    headers = [(b"authorization", b"Bearer " + key), (b"content-type", b"application/json")]
    if declared is not None:
        headers.append((b"content-length", declared))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/events",
        "raw_path": b"/events",
        "query_string": b"",
        "headers": headers,
    }

    # when it sends them
    with nothing_written(database_url):
        sandbox_client.client.portal.call(sandbox_client.client.app, scope, receive, send)

    # then the response is sent before the rest is read
    assert sent[0]["status"] == 413
    assert sum(taken) <= EVENTS_BODY_BYTES_MAX + len(chunk)


def test_one_event_above_the_limit_refuses_the_batch(sandbox_client, job_id, database_url):
    at = sandbox_client.now_ms
    events = [make_event(job_id, f"e{n}", at) for n in range(EVENTS_BATCH_ROWS_MAX + 1)]
    with nothing_written(database_url):
        answer = sandbox_client.send(events)
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_MANY_EVENTS")
    assert "50000" in answer.json()["message"]
    assert sandbox_client.send(events[:-1]).json()["accepted"] == EVENTS_BATCH_ROWS_MAX
