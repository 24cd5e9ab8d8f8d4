"""Campaigns over HTTP: created, joined, started, paused, resumed, rescheduled, closed, completed; who may join."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.stories.restli.test_operations import DAY_MS, carry_out, money, operate, status_of
from tests.support.sandbox_client import SandboxClient

INVALID = "This job has an invalid job campaign."


def call(
    sandbox_client: SandboxClient, path: str, body: Any = None, who: str = "child", **headers: str
) -> Any:
    if body is None:
        return sandbox_client.client.get(
            f"/rest/jobCampaigns{path}", headers=sandbox_client.headers(who, **headers)
        )
    return sandbox_client.client.post(
        f"/rest/jobCampaigns{path}", headers=sandbox_client.headers(who, **headers), json=body
    )


def make_campaign(sandbox_client: SandboxClient, partner_id: str = "spring", **changed: Any) -> str:
    """Creates a campaign that starts at once and returns its path."""
    body = {
        "partnerJobCampaignId": partner_id,
        "name": "Spring",
        "contract": f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}",
        "startTime": sandbox_client.now_ms,
    } | changed
    answer = call(sandbox_client, "", body)
    assert answer.status_code == 202, answer.text
    urn = answer.headers["x-restli-id"]
    assert answer.headers["location"] == f"/rest/jobCampaigns/{quote(urn, safe='')}"
    return f"/{quote(urn, safe='')}"


def patch(
    sandbox_client: SandboxClient, path: str, assigned: dict[str, Any], removed: tuple[str, ...] = ()
) -> Any:
    return call(sandbox_client, path, {"patch": {"$set": assigned, "$delete": list(removed)}})


def settle(sandbox_client: SandboxClient) -> None:
    """Runs the chores that are due."""
    sandbox_client.advance("1m")


def read_status(sandbox_client: SandboxClient, path: str) -> str:
    answer = call(sandbox_client, path)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


def test_a_campaign_starts_pauses_and_ends_its_jobs(sandbox_client: SandboxClient) -> None:
    # given a campaign with a job
    path = make_campaign(sandbox_client)
    settle(sandbox_client)
    assert read_status(sandbox_client, path) == "ACTIVE"
    job_id = sandbox_client.post_job("k-1", partnerJobCampaignId="spring")
    shown = status_of(sandbox_client, "k-1")
    assert (shown["jobCampaign"], shown["partnerJobCampaign"]) == (
        call(sandbox_client, path).json()["id"],
        "spring",
    )
    assert sandbox_client.send_clicks(job_id, 2)["accepted"] == 2

    # when it is paused, then its job's clicks do not count
    assert patch(sandbox_client, path, {"status": "PAUSED"}).status_code == 204
    settle(sandbox_client)
    assert sandbox_client.send_clicks(job_id, 2, prefix="paused")["rejected"] == 2
    shown = status_of(sandbox_client, "k-1")
    assert (shown["listingStatus"], shown["promotionStatus"]) == ("LISTED", "NOT_PROMOTED")
    message = shown["promotionStatusDetail"]["statusMessage"]
    assert message == "This job's campaign is paused or has not begun."

    # when it is resumed, then later clicks count
    answer = call(sandbox_client, f"{path}?action=resume", {})
    assert answer.json()["value"]["status"] == "ACTIVE"
    settle(sandbox_client)
    assert sandbox_client.send_clicks(job_id, 1, prefix="resumed")["accepted"] == 1
    assert status_of(sandbox_client, "k-1")["promotionStatus"] == "PROMOTED"

    # when it is closed, then its jobs are closed with it, and no job can join
    assert call(sandbox_client, f"{path}?action=close", {}).status_code == 200
    settle(sandbox_client)
    shown = status_of(sandbox_client, "k-1")
    assert shown["listingStatusDetail"]["statusMessage"] == "This job was closed by original poster."
    failed = carry_out(
        sandbox_client, "CREATE", "k-2", partnerJobCampaignId="spring", budget=money("999990.00")
    )
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", INVALID)
    assert sandbox_client.post_job("k-3", budget=money("999990.00"))
    assert patch(sandbox_client, path, {"name": "Late"}).status_code == 409
    assert patch(sandbox_client, path, {"status": "CLOSED"}).status_code == 204


def test_a_future_campaign_starts_and_completes_by_itself(sandbox_client: SandboxClient) -> None:
    start = sandbox_client.now_ms + 2 * DAY_MS
    path = make_campaign(sandbox_client, startTime=start, endTime=start + 2 * DAY_MS)
    job_id = sandbox_client.post_job("f-1", partnerJobCampaignId="spring", contract=None)
    assert read_status(sandbox_client, path) == "DRAFT"
    assert sandbox_client.send_clicks(job_id, 1)["rejected"] == 1

    sandbox_client.advance("49h")
    assert read_status(sandbox_client, path) == "ACTIVE"
    assert sandbox_client.send_clicks(job_id, 1, prefix="begun")["accepted"] == 1

    sandbox_client.advance("48h")
    ended = call(sandbox_client, path).json()
    assert (ended["status"], ended["endedAt"]) == ("COMPLETED", start + 2 * DAY_MS)
    shown = status_of(sandbox_client, "f-1")
    assert shown["listingStatusDetail"]["statusMessage"] == "This job's duration limit has been reach."
    failed = carry_out(sandbox_client, "CREATE", "f-2", partnerJobCampaignId="spring")
    assert failed["errorMessage"] == INVALID


def test_a_job_moves_between_campaigns_and_needs_no_budget(
    sandbox_client: SandboxClient,
) -> None:
    make_campaign(sandbox_client, "one")
    paused = make_campaign(sandbox_client, "two")
    settle(sandbox_client)
    call(sandbox_client, f"{paused}?action=pause", {})
    job_id = sandbox_client.post_job("j-1", partnerJobCampaignId="one")
    assert carry_out(sandbox_client, "UPDATE", "j-1", partnerJobCampaignId="two")["status"] == "SUCCEEDED"
    assert status_of(sandbox_client, "j-1")["partnerJobCampaign"] == "two"
    assert sandbox_client.send_clicks(job_id, 1)["rejected"] == 1
    assert carry_out(sandbox_client, "UPDATE", "j-1", partnerJobCampaignId="one")["status"] == "SUCCEEDED"
    sandbox_client.advance("1s")
    assert sandbox_client.send_clicks(job_id, 1, prefix="back")["accepted"] == 1
    failed = carry_out(sandbox_client, "UPDATE", "j-1", partnerJobCampaignId="three")
    assert failed["errorMessage"] == "This job has a missing job campaign. [MISSING_JOB_CAMPAIGN]"

    poor = carry_out(sandbox_client, "CREATE", "j-2", partnerJobCampaignId="one", budget=None)
    assert (poor["status"], poor["errorMessage"]) == (
        "PROCESSED",
        "There is no job budget available for this job.",
    )
    assert operate(sandbox_client, "CREATE", "j-3", budget=None)["status"] == 400


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"startTime": "now"}, "/startTime"),
        ({"endTime": 5}, "/endTime"),
        ({"partnerJobCampaignId": "x" * 201}, "/partnerJobCampaignId"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_an_invalid_campaign_is_refused(
    sandbox_client: SandboxClient, changed: dict[str, Any], path: str
) -> None:
    body = {
        "partnerJobCampaignId": "c",
        "name": "C",
        "contract": f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}",
        "startTime": sandbox_client.now_ms,
    } | changed
    answer = call(sandbox_client, "", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"ERROR :: {path} :: ")


def test_a_campaign_belongs_to_its_child_application_and_changes_by_the_rules(
    sandbox_client: SandboxClient,
) -> None:
    path = make_campaign(sandbox_client)
    settle(sandbox_client)
    assert call(sandbox_client, path, who="parent").status_code == 403
    assert call(sandbox_client, "/urn%3Ali%3AjobCampaign%3A1").status_code == 404
    assert call(sandbox_client, "/spring").status_code == 404
    assert call(sandbox_client, "/1", {"patch": {"$set": {"name": "x"}}}).status_code == 404
    number = call(sandbox_client, path).json()["id"].rsplit(":", 1)[-1]
    assert call(sandbox_client, f"/{number}").status_code == 200
    body = {"partnerJobCampaignId": "spring", "name": "S", "startTime": 0}
    contract = f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}"
    assert call(sandbox_client, "", body | {"contract": contract}).status_code == 409
    assert call(sandbox_client, "", body | {"contract": "urn:li:contract:1"}).status_code == 403

    end = sandbox_client.now_ms + DAY_MS
    assert patch(sandbox_client, path, {"name": "Summer", "endTime": end}).status_code == 204
    changed = call(sandbox_client, path).json()
    assert (changed["name"], changed["endTime"]) == ("Summer", end)
    assert patch(sandbox_client, path, {}, ("endTime",)).status_code == 204
    assert "endTime" not in call(sandbox_client, path).json()
    for wrong in ({"status": "DRAFT"}, {"startTime": end}, {"contract": contract}, {"endTime": 1}):
        assert patch(sandbox_client, path, wrong).status_code == 422, wrong
    assert patch(sandbox_client, path, {}, ("name",)).status_code == 422
    assert call(sandbox_client, path, {"patch": 1}).status_code == 422


def test_a_campaign_is_read_back_with_the_contract_that_was_sent(sandbox_client: SandboxClient) -> None:
    for name in ("customer_contract_id", "partner_contract_id"):
        contract = f"urn:li:contract:{sandbox_client.credentials[name]}"
        path = make_campaign(sandbox_client, name, contract=contract)
        assert call(sandbox_client, path).json()["contract"] == contract
        assert patch(sandbox_client, path, {"name": "Other"}).status_code == 204
        assert call(sandbox_client, path).json()["contract"] == contract
