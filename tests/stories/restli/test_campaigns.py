"""Campaigns over HTTP: made, joined, begun, paused, resumed, rescheduled, closed, completed; who may join."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.stories.restli.test_operations import DAY_MS, carry_out, money, operate, status_of
from tests.support.sandbox_client import Board

INVALID = "This job has an invalid job campaign."


def call(board: Board, path: str, body: Any = None, who: str = "child", **headers: str) -> Any:
    if body is None:
        return board.client.get(f"/rest/jobCampaigns{path}", headers=board.headers(who, **headers))
    return board.client.post(f"/rest/jobCampaigns{path}", headers=board.headers(who, **headers), json=body)


def make_campaign(board: Board, partner_id: str = "spring", **changed: Any) -> str:
    """The path of a new campaign that begins at once."""
    body = {
        "partnerJobCampaignId": partner_id,
        "name": "Spring",
        "contract": f"urn:li:contract:{board.credentials['customer_contract_id']}",
        "startTime": board.now_ms,
    } | changed
    answer = call(board, "", body)
    assert answer.status_code == 202, answer.text
    urn = answer.headers["x-restli-id"]
    assert answer.headers["location"] == f"/rest/jobCampaigns/{quote(urn, safe='')}"
    return f"/{quote(urn, safe='')}"


def patch(board: Board, path: str, assigned: dict[str, Any], removed: tuple[str, ...] = ()) -> Any:
    return call(board, path, {"patch": {"$set": assigned, "$delete": list(removed)}})


def settle(board: Board) -> None:
    """Runs what is due."""
    board.advance("1m")


def read_status(board: Board, path: str) -> str:
    answer = call(board, path)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


def test_a_campaign_begins_pauses_and_ends_its_jobs(board: Board) -> None:
    # given a campaign with a job
    path = make_campaign(board)
    settle(board)
    assert read_status(board, path) == "ACTIVE"
    job_id = board.post_job("k-1", partnerJobCampaignId="spring")
    shown = status_of(board, "k-1")
    assert (shown["jobCampaign"], shown["partnerJobCampaign"]) == (
        call(board, path).json()["id"],
        "spring",
    )
    assert board.send_clicks(job_id, 2)["accepted"] == 2

    # when it is paused, then its job's clicks do not count
    assert patch(board, path, {"status": "PAUSED"}).status_code == 204
    settle(board)
    assert board.send_clicks(job_id, 2, prefix="paused")["rejected"] == 2
    shown = status_of(board, "k-1")
    assert (shown["listingStatus"], shown["promotionStatus"]) == ("LISTED", "NOT_PROMOTED")
    says = shown["promotionStatusDetail"]["statusMessage"]
    assert says == "This job's campaign is paused or has not begun."

    # when it is resumed, then those from then on count
    answer = call(board, f"{path}?action=resume", {})
    assert answer.json()["value"]["status"] == "ACTIVE"
    settle(board)
    assert board.send_clicks(job_id, 1, prefix="resumed")["accepted"] == 1
    assert status_of(board, "k-1")["promotionStatus"] == "PROMOTED"

    # when it is closed, then its jobs are closed with it, and nobody joins any more
    assert call(board, f"{path}?action=close", {}).status_code == 200
    settle(board)
    shown = status_of(board, "k-1")
    assert shown["listingStatusDetail"]["statusMessage"] == "This job was closed by original poster."
    failed = carry_out(board, "CREATE", "k-2", partnerJobCampaignId="spring", budget=money("999990.00"))
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", INVALID)
    assert board.post_job("k-3", budget=money("999990.00"))
    assert patch(board, path, {"name": "Late"}).status_code == 409
    assert patch(board, path, {"status": "CLOSED"}).status_code == 204


def test_a_campaign_of_the_future_begins_and_completes_by_itself(board: Board) -> None:
    start = board.now_ms + 2 * DAY_MS
    path = make_campaign(board, startTime=start, endTime=start + 2 * DAY_MS)
    job_id = board.post_job("f-1", partnerJobCampaignId="spring", contract=None)
    assert read_status(board, path) == "DRAFT"
    assert board.send_clicks(job_id, 1)["rejected"] == 1

    board.advance("49h")
    assert read_status(board, path) == "ACTIVE"
    assert board.send_clicks(job_id, 1, prefix="begun")["accepted"] == 1

    board.advance("48h")
    ended = call(board, path).json()
    assert (ended["status"], ended["endedAt"]) == ("COMPLETED", start + 2 * DAY_MS)
    shown = status_of(board, "f-1")
    assert shown["listingStatusDetail"]["statusMessage"] == "This job's duration limit has been reach."
    failed = carry_out(board, "CREATE", "f-2", partnerJobCampaignId="spring")
    assert failed["errorMessage"] == INVALID


def test_a_job_moves_between_campaigns_and_may_have_no_budget_of_its_own(board: Board) -> None:
    make_campaign(board, "one")
    paused = make_campaign(board, "two")
    settle(board)
    call(board, f"{paused}?action=pause", {})
    job_id = board.post_job("j-1", partnerJobCampaignId="one")
    assert carry_out(board, "UPDATE", "j-1", partnerJobCampaignId="two")["status"] == "SUCCEEDED"
    assert status_of(board, "j-1")["partnerJobCampaign"] == "two"
    assert board.send_clicks(job_id, 1)["rejected"] == 1
    assert carry_out(board, "UPDATE", "j-1", partnerJobCampaignId="one")["status"] == "SUCCEEDED"
    board.advance("1s")
    assert board.send_clicks(job_id, 1, prefix="back")["accepted"] == 1
    failed = carry_out(board, "UPDATE", "j-1", partnerJobCampaignId="three")
    assert failed["errorMessage"] == "This job has a missing job campaign. [MISSING_JOB_CAMPAIGN]"

    poor = carry_out(board, "CREATE", "j-2", partnerJobCampaignId="one", budget=None)
    assert (poor["status"], poor["errorMessage"]) == (
        "PROCESSED",
        "There is no job budget available for this job.",
    )
    assert operate(board, "CREATE", "j-3", budget=None)["status"] == 400


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
def test_a_campaign_that_is_wrong_is_refused(board: Board, changed: dict[str, Any], path: str) -> None:
    body = {
        "partnerJobCampaignId": "c",
        "name": "C",
        "contract": f"urn:li:contract:{board.credentials['customer_contract_id']}",
        "startTime": board.now_ms,
    } | changed
    answer = call(board, "", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"ERROR :: {path} :: ")


def test_a_campaign_is_its_childs_own_and_changes_by_the_rules(board: Board) -> None:
    path = make_campaign(board)
    settle(board)
    assert call(board, path, who="parent").status_code == 403
    assert call(board, "/urn%3Ali%3AjobCampaign%3A1").status_code == 404
    assert call(board, "/spring").status_code == 404
    assert call(board, "/1", {"patch": {"$set": {"name": "x"}}}).status_code == 404
    number = call(board, path).json()["id"].rsplit(":", 1)[-1]
    assert call(board, f"/{number}").status_code == 200
    body = {"partnerJobCampaignId": "spring", "name": "S", "startTime": 0}
    contract = f"urn:li:contract:{board.credentials['customer_contract_id']}"
    assert call(board, "", body | {"contract": contract}).status_code == 409
    assert call(board, "", body | {"contract": "urn:li:contract:1"}).status_code == 403

    end = board.now_ms + DAY_MS
    assert patch(board, path, {"name": "Summer", "endTime": end}).status_code == 204
    changed = call(board, path).json()
    assert (changed["name"], changed["endTime"]) == ("Summer", end)
    assert patch(board, path, {}, ("endTime",)).status_code == 204
    assert "endTime" not in call(board, path).json()
    for wrong in ({"status": "DRAFT"}, {"startTime": end}, {"contract": contract}, {"endTime": 1}):
        assert patch(board, path, wrong).status_code == 422, wrong
    assert patch(board, path, {}, ("name",)).status_code == 422
    assert call(board, path, {"patch": 1}).status_code == 422
