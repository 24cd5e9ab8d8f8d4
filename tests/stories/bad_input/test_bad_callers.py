"""Wrong keys, tokens and credentials are refused in each protocol's form, and nothing is written."""

import pytest

from tests.support.databases.table_snapshots import nothing_written
from tests.support.sandbox_client import make_event


@pytest.mark.parametrize("key", ["", "wrong", "Bearer", "é", "\x00"])
def test_events_need_the_events_key(sandbox_client, job_id, database_url, key):
    headers = {"Authorization": f"Bearer {key}".encode("latin-1")}
    with nothing_written(database_url):
        answer = sandbox_client.send([make_event(job_id, "e", sandbox_client.now_ms)], headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_KEY")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_expires_after_thirty_minutes(sandbox_client, job_id, database_url):
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})
    element = sandbox_client.job_element("here-2")
    sandbox_client.advance("31m")
    with nothing_written(database_url):
        answer = sandbox_client.client.post(
            "/rest/simpleJobPostings", headers=headers, json={"elements": [element]}
        )
    assert answer.status_code == 401
    assert answer.json() == {
        "status": 401,
        "serviceErrorCode": 65602,
        "code": "EXPIRED_ACCESS_TOKEN",
        "message": "The token used in the request has expired",
    }


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"client_secret": "a\0b"}, 400, "invalid_request"),
        ({"client_id": "nobody"}, 400, "invalid_client_id"),
        ({"client_id": "a\0b"}, 400, "invalid_request"),
        ({"client_id": "x" * 60_000}, 400, "invalid_client_id"),
        ({"client_id": "x" * 70_000}, 413, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "a\0b"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_token_request_is_an_oauth_error(
    sandbox_client, job_id, database_url, changed, status, error
):
    keys = sandbox_client.credentials["child"]
    form = {
        "grant_type": "client_credentials",
        "client_id": keys["client_id"],
        "client_secret": keys["client_secret"],
    }
    with nothing_written(database_url):
        answer = sandbox_client.client.post("/oauth/v2/accessToken", data=form | changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b"\xff=1", ""),
        (b"grant_type=%FF", ""),
        (b"&".join(b"a=1" for _ in range(60)), ""),
        (b"grant_type=client_credentials", "Basic !!!"),
        (b"grant_type=client_credentials", "Basic é"),
        (b"grant_type=client_credentials", "Basic /w=="),
        (b"grant_type=client_credentials", "Basic YQA6Yg=="),  # a U+0000 : b
        (b"grant_type=client_credentials", "Basic YSUwMDpi"),  # the same, form-encoded
    ],
)
def test_a_token_request_that_is_not_a_form_is_an_oauth_error(
    sandbox_client, job_id, database_url, body, header
):
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": header.encode("latin-1"),
    }
    with nothing_written(database_url):
        answer = sandbox_client.client.post("/oauth/v2/accessToken", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
