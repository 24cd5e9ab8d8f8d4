"""A partner sees its last requests over HTTP: its own and its customers', without secrets; the operator sees all of them."""

import json
import time
from typing import Any

import pytest

from tests.support.sandbox_client import PATIENCE_SECONDS, SandboxClient, add_partner, bearer


def read_log(sandbox_client: SandboxClient, who: str = "parent", **parameters: Any) -> list[Any]:
    key = sandbox_client.credentials["operator_key"] if who == "operator" else sandbox_client.token(who)
    root = "operator" if who == "operator" else "partner"
    answer = sandbox_client.client.get(f"/{root}/requests", headers=bearer(key), params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["elements"]


def read_when(sandbox_client: SandboxClient, who: str, path: str, count: int = 1) -> list[Any]:
    """Returns the requests of a path, oldest first, once there are ``count``: they are recorded after they are answered."""
    for _ in range(PATIENCE_SECONDS * 20):
        found = [one for one in read_log(sandbox_client, who, after=0, count=200) if one["path"] == path]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} requests of {path}, expected {count}")


def test_a_partner_sees_its_customers_requests_without_secrets(sandbox_client: SandboxClient) -> None:
    sandbox_client.post_job("recorded-1")
    (posted,) = read_when(sandbox_client, "parent", "/rest/simpleJobPostings")
    assert (posted["method"], posted["status"]) == ("POST", 200)
    assert posted["application"] == sandbox_client.credentials["child"]["urn"]
    assert json.loads(posted["requestBody"])["elements"][0]["externalJobPostingId"] == "recorded-1"
    assert json.loads(posted["responseBody"])["elements"][0]["status"] == 202
    assert posted["requestHeaders"]["linkedin-version"] == "202504"

    issued = read_when(sandbox_client, "child", "/oauth/v2/accessToken")
    marks = {json.loads(one["responseBody"])["access_token"] for one in issued}
    assert f"***{posted['tokenMark']}" in marks
    everything = json.dumps(read_log(sandbox_client, "operator", count=200))
    for who in ("parent", "child"):
        assert sandbox_client.credentials[who]["client_secret"] not in everything


def test_a_customer_sees_its_own_requests_only(sandbox_client: SandboxClient, database_url: str) -> None:
    sandbox_client.budget("parent")
    sandbox_client.budget("child")
    read_when(sandbox_client, "parent", "/rest/partnerBudgetReports", 2)
    child = sandbox_client.credentials["child"]["urn"]
    assert {one["application"] for one in read_log(sandbox_client, "child", count=200)} <= {child}
    assert {one["application"] for one in read_log(sandbox_client, "parent", count=200)} > {child}
    stranger = add_partner(sandbox_client, database_url)
    stranger.budget("parent")
    (own,) = read_when(stranger, "parent", "/rest/partnerBudgetReports")
    assert own["application"] == stranger.credentials["parent"]["urn"]


def test_refused_credentials_are_recorded_with_whom_they_name(sandbox_client: SandboxClient) -> None:
    old = sandbox_client.headers()
    sandbox_client.advance("31m")
    for headers in (old, {"Authorization": "Bearer unknown", "LinkedIn-Version": "202504"}):
        assert sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers).status_code == 401
    expired, unknown = read_when(sandbox_client, "operator", "/rest/partnerBudgetReports", 2)
    assert expired["error"].startswith("65602 ")
    assert expired["application"] == sandbox_client.credentials["child"]["urn"]
    assert (unknown["application"], unknown["clientId"]) == (None, None)
    assert len(read_when(sandbox_client, "child", "/rest/partnerBudgetReports")) == 1


def test_the_log_is_read_in_pages_and_does_not_record_its_readers(sandbox_client: SandboxClient) -> None:
    headers = sandbox_client.headers("parent")
    for _ in range(5):
        sandbox_client.client.get("/partner/webhooks", headers=headers)
    read_when(sandbox_client, "parent", "/partner/webhooks", 5)
    assert not [one for one in read_log(sandbox_client, count=200) if one["path"] == "/partner/requests"]

    def page(**parameters: Any) -> Any:
        return sandbox_client.client.get("/partner/requests", headers=headers, params=parameters).json()

    newest = page(count=2)
    older = page(count=2, before=newest["nextBefore"])
    numbers = [one["number"] for one in newest["elements"] + older["elements"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4
    onward = page(after=numbers[-1], count=200)
    assert [one["number"] for one in onward["elements"]][:3] == numbers[-2::-1]
    assert onward["nextAfter"] is None


@pytest.mark.parametrize("sandbox_client", [{"request_log": "lines"}], indirect=True)
def test_without_bodies_a_refusal_still_has_its_reason(sandbox_client: SandboxClient) -> None:
    sandbox_client.budget("child")
    (refused,) = read_when(sandbox_client, "child", "/rest/partnerBudgetReports")
    assert (refused["requestBody"], refused["responseBody"]) == ("", "")
    assert refused["error"].startswith("6001 ")


@pytest.mark.parametrize("sandbox_client", [{"request_log": "off"}], indirect=True)
def test_a_log_that_is_off_records_nothing(sandbox_client: SandboxClient) -> None:
    sandbox_client.budget("child")
    assert read_log(sandbox_client, "operator") == []
