"""The pipeline of all protocols: what is checked before the body, which refusal comes first, and how each protocol reports
that a caller is unknown, has used up its calls, or that the server failed.
"""

import asyncio
import http.client
import json
import logging
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
import pytest
from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import JOBS_BODY_BYTES_MAX, QUERY_BYTES_MAX
from jobmeter.http.bodies import read_body
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import bearer, open_sandbox_client
from tests.support.server_process import start_sandbox_server

JOBS = "/rest/simpleJobPostings"
TUNNEL = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
# A write of each protocol and of each audience that authenticates.
WRITES = [JOBS, "/v1/jobs", "/partner/webhooks", "/operator/partners", "/events", "/sandbox/clock"]


@pytest.fixture(scope="module")
def sandbox_client(cluster_url):
    """Shared: nothing here writes anything that another test would see."""
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url) as opened:
            yield opened


def send_raw(sandbox_client, path, headers, receive, *, method="POST", query=""):
    """Calls the application directly, because the test client would normalize the headers and send the whole body."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    sandbox_client.client.portal.call(sandbox_client.client.app, scope, receive, send)
    return sent


def status_of(sent):
    return sent[0]["status"]


# -- before the body


@pytest.mark.parametrize("path", WRITES)
def test_a_body_is_not_read_without_valid_credentials(sandbox_client, path):
    asked = []

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": b"{}", "more_body": False}

    headers = {"Content-Length": "2", "Expect": "100-continue"}
    assert status_of(send_raw(sandbox_client, path, headers, receive)) == 401
    assert asked == []


def test_the_body_of_a_refused_request_is_discarded_so_that_the_response_arrives(sandbox_client):
    """A client that is still sending when the connection closes does not read the response."""
    chunks = [b"x" * 100_000] * 30

    async def receive():
        return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

    sent = send_raw(sandbox_client, JOBS, {"Content-Length": "3000000"} | bearer("wrong"), receive)
    assert (status_of(sent), chunks) == (401, [])


def test_discarding_a_body_has_a_limit(sandbox_client):
    read = []

    async def receive():
        read.append(1_000_000)
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    headers = {"Transfer-Encoding": "chunked"}
    assert status_of(send_raw(sandbox_client, JOBS, headers | bearer("wrong"), receive)) == 401
    assert sum(read) == JOBS_BODY_BYTES_MAX + 1_000_000
    assert status_of(send_raw(sandbox_client, JOBS, headers | sandbox_client.headers(), receive)) == 413


async def test_a_body_that_does_not_arrive_is_not_waited_for():
    """A client that drips its body would hold a connection, and the memory of what it has sent, forever."""
    sent = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive():
        return next(sent, None) or await asyncio.Event().wait()

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"9")]}
    with pytest.raises(Refused) as refused:
        await read_body(Request(scope, receive), bytes_max=9, seconds_max=0)
    assert refused.value.fault is Fault.BODY_TIMEOUT


def test_a_client_that_disconnects_in_its_body_is_logged_in_one_line(sandbox_client, caplog):
    async def receive():
        return {"type": "http.disconnect"}

    with caplog.at_level(logging.INFO, logger="jobmeter.clients"):
        send_raw(sandbox_client, JOBS, sandbox_client.headers() | {"Content-Length": "9"}, receive)
    (record,) = [one for one in caplog.records if one.name == "jobmeter.clients"]
    assert (record.levelname, record.exc_info) == ("INFO", None)
    assert "disconnected" in record.getMessage()


@pytest.fixture(scope="module")
def server_process(cluster_url, tmp_path_factory):
    for database_url in make_database(cluster_url, TEMPLATE):
        with start_sandbox_server(database_url, tmp_path_factory.mktemp("sandbox")) as credentials:
            yield credentials


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_refused_client_with_a_large_body_reads_the_response_over_a_socket(server_process, size):
    connection = http.client.HTTPConnection(urlsplit(server_process["base_url"]).netloc, timeout=30)
    for _ in range(2):  # the connection can be used for another request
        connection.request("POST", JOBS, body=b"x" * size, headers=bearer("expired"))
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (401, "INVALID_ACCESS_TOKEN")
    connection.close()


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_a_token_is_looked_up_once(sandbox_client, headers):
    state = sandbox_client.client.app.state
    opened, asked = state.jobmeter, []

    class CountedTokens:
        async def submit(self, token):
            asked.append(token)
            return await opened.tokens.submit(token)

    sent = sandbox_client.headers() | headers | {"X-RestLi-Method": "batch_create"}
    state.jobmeter = replace(opened, tokens=CountedTokens())
    try:
        for path in (JOBS, "/v1/jobs", "/partner/webhooks"):
            assert sandbox_client.client.post(path, headers=sent, content=b"{").status_code in {400, 415}
    finally:
        state.jobmeter = opened
    assert len(asked) == 3


# -- which refusal comes first


@pytest.mark.parametrize(
    ("path", "method", "headers", "unknown", "known"),
    [
        (f"{JOBS}?a={'x' * QUERY_BYTES_MAX}", "POST", {"Content-Length": "99999999"}, 414, 414),
        (JOBS, "POST", {"Content-Length": "99999999"}, 413, 413),
        ("/rest/nothing", "POST", {"Content-Length": "1"}, 404, 404),
        (JOBS, "PUT", {"Content-Length": "1"}, 405, 405),
        (JOBS, "POST", {}, 411, 411),
        (JOBS, "POST", {"Content-Length": "1", "LinkedIn-Version": ""}, 401, 400),
        # The body is only checked once the caller is authenticated.
        (JOBS, "POST", TUNNEL | {"Content-Length": "1", "X-HTTP-Method-Override": "DELETE"}, 401, 405),
        (JOBS, "POST", TUNNEL | {"Content-Length": "1", "X-HTTP-Method-Override": "FOO"}, 401, 400),
        (JOBS, "POST", {"Content-Length": "1", "Content-Encoding": "br"}, 401, 415),
        ("/v1/nothing", "POST", {"Content-Length": "1"}, 404, 404),
        ("/v1/jobs", "PUT", {"Content-Length": "1"}, 405, 405),
        ("/v1/jobs", "POST", {"Content-Length": "9999999"}, 413, 413),
        ("/partner/webhooks", "PATCH", {"Content-Length": "1"}, 405, 405),
        ("/partner/webhooks", "POST", {"Content-Length": "9999999"}, 413, 413),
        ("/partner/webhooks", "POST", {"Content-Length": "1"}, 401, 400),
        ("/partner/charges?after=x", "GET", {}, 401, 400),
    ],
)
def test_errors_in_the_head_are_refused_alike_with_and_without_credentials(
    sandbox_client, path, method, headers, unknown, known
):
    async def receive():
        return {
            "type": "http.request",
            "body": b"x" if "Content-Length" in headers else b"",
            "more_body": False,
        }

    path, _, query = path.partition("?")
    for who, expected in ((bearer("wrong"), unknown), (sandbox_client.headers(), known)):
        sent = send_raw(sandbox_client, path, who | headers, receive, method=method, query=query)
        assert status_of(sent) == expected, sent


@pytest.mark.parametrize(
    "path", ["/operator/partners", "/health", "/jobs/view/1", "/oauth/v2/revoke", "/docs"]
)
def test_every_url_has_a_length_limit(sandbox_client, path):
    assert sandbox_client.client.get(f"{path}?a={'x' * QUERY_BYTES_MAX}").status_code == 414


# -- each refusal in the form of its protocol


@pytest.mark.parametrize("path", ["/operator/feeds", "/operator/contracts/1/prices"])
def test_the_refusal_of_a_verb_lists_the_verbs_of_the_path(sandbox_client, path):
    answer = sandbox_client.client.patch(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_a_verb_that_oauth_does_not_allow_is_refused_in_oauth_s_form(sandbox_client):
    answer = sandbox_client.client.get("/oauth/v2/accessToken")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize(
    ("path", "challenge"),
    [
        ("/rest/partnerBudgetReports", "Bearer"),
        ("/partner/webhooks", "Bearer"),
        ("/partner/charges", "Bearer"),
        ("/partner/feeds/1/report", "Bearer"),
        ("/operator/feeds", "Bearer"),
        ("/delivery/changes", "Bearer"),
        ("/v1/jobs/1", 'OAuth realm="http://board.example"'),
    ],
)
@pytest.mark.parametrize("headers", [{}, bearer("wrong")])
def test_an_unknown_caller_gets_a_challenge(sandbox_client, path, challenge, headers):
    answer = sandbox_client.client.get(path, headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, challenge)


@pytest.mark.parametrize(
    ("resource", "path"), [("jobs", "/v1/jobs/1"), ("jobPostingStatus", "/v2/jobPostingStatus")]
)
def test_a_throttled_caller_learns_when_to_retry(database_url, resource, path):
    with open_sandbox_client(database_url, rate_limits=f"{resource}=1") as sandbox_client:
        headers = sandbox_client.headers()
        answers = [sandbox_client.client.get(path, headers=headers) for _ in range(2)]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["0", "0"]
    assert "Retry-After" not in answers[0].headers
    assert answers[1].headers["Retry-After"] == answers[1].headers["X-RateLimit-Reset"]


def test_a_server_error_has_the_protocol_s_form_and_reveals_nothing(database_url, caplog):
    with open_sandbox_client(database_url, chores=False) as sandbox_client:
        child, operator = sandbox_client.headers(), bearer(sandbox_client.credentials["operator_key"])
        with psycopg.connect(database_url, autocommit=True) as connection:
            for table in ("job_postings", "job_feeds"):
                connection.execute(f"ALTER TABLE {table} RENAME TO secret_{table}")
        answers = {
            "rest": sandbox_client.client.get("/rest/jobPostingStatus?ids=List(a)", headers=child),
            "rest 1.0": sandbox_client.client.get(
                "/v2/jobPostingStatus?ids=a", headers=child | {"X-RestLi-Protocol-Version": "1.0.0"}
            ),
            "xml": sandbox_client.client.get("/v1/jobs/1", headers=child),
            "plain": sandbox_client.client.get("/operator/feeds", headers=operator),
        }
        with psycopg.connect(database_url, autocommit=True) as connection:
            for table in ("job_postings", "job_feeds"):
                connection.execute(f"ALTER TABLE secret_{table} RENAME TO {table}")
    assert {answer.status_code for answer in answers.values()} == {500}
    assert all("relation" not in answer.text for answer in answers.values())
    assert answers["rest"].headers["X-RestLi-Error-Response"] == "true"
    assert answers["rest 1.0"].headers["X-LinkedIn-Error-Response"] == "true"
    assert all(answers[name].headers["x-li-uuid"] for name in ("rest", "rest 1.0"))
    assert all(answers[name].headers["X-RateLimit-Remaining"] for name in ("rest", "rest 1.0", "xml"))
    assert "<status>500</status>" in answers["xml"].text
    assert answers["plain"].json()["code"] == "INTERNAL"
    failed = [
        record for record in caplog.records if record.getMessage().endswith(" failed") and record.exc_info
    ]
    assert len([record for record in failed if record.name == "jobmeter.api"]) == 4
