"""The job posting status over HTTP: every documented field, what has run out, who may see it."""

import json
from pathlib import Path
from typing import Any

from tests.stories.restli.test_operations import DAY_MS, carry_out, money, operate, status_of
from tests.support.sandbox_client import Board


def test_every_field_is_there(board: Board) -> None:
    job_id = board.post_job("s-1", location="Sunnyvale, California", availability="INTERNAL")
    shown = status_of(board, "s-1")
    listed_at = shown["jobPostingInfo"].pop("listedAt")
    assert board.now_ms - DAY_MS < listed_at < board.now_ms
    assert 29 * DAY_MS < shown["jobPostingInfo"].pop("expireAt") - board.now_ms <= 30 * DAY_MS
    assert shown.pop("jobPostingUrl").endswith(f"/jobs/view/{job_id}")
    assert shown == {
        "externalJobPostingId": "s-1",
        "jobPostingInfo": {
            "location": "Sunnyvale, California, United States",
            "alternateLocations": None,
            "companyDetails": {"name": "Harbour Logistics", "pageUrl": None},
            "visibilityTag": "COMPANY",
        },
        "linkedInApplyStatus": "NOT_ENABLED",
        "linkedInApplyStatusDetail": {
            "errorCode": None,
            "errorType": "PARTNER_ERROR",
            "statusMessage": "No attempt to enable LinkedInApply was found for this job.",
        },
        "listingStatus": "LISTED",
        "listingStatusDetail": None,
        "promotionStatus": "PROMOTED",
        "promotionStatusDetail": None,
        "jobCampaign": None,
        "partnerJobCampaign": None,
        "rawLocation": "Sunnyvale, California",
    }


def test_the_fields_are_those_of_the_official_fixture(board: Board, shared: Path) -> None:
    text = (shared / "fixtures/lts_java_sdk/JobPostingStatusSuccessResponse.json").read_text()
    (theirs,) = json.loads(text)["results"].values()
    board.post_job("s-2")
    assert list_paths(status_of(board, "s-2")) >= list_paths(theirs) - {"linkedInApplyStatusDetail"}


def list_paths(value: Any, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return {inner for name, item in value.items() for inner in list_paths(item, f"{path}/{name}")}


def test_both_roots_and_both_protocols_answer_and_foreign_ids_are_unknown(board: Board) -> None:
    board.post_job("s-3")
    token = {"Authorization": board.headers()["Authorization"]}
    answer = board.client.get("/v2/jobPostingStatus?ids=s-3&ids=no-such", headers=token).json()
    assert list(answer["results"]) == ["s-3"]
    assert answer["errors"]["no-such"]["status"] == 404
    assert answer["statuses"] == {}
    other = board.client.get("/v2/jobPostingStatus?ids=s-3", headers=board.headers("parent"))
    assert other.status_code == 403
    many = "&".join(f"ids=job-{n}" for n in range(101))
    assert board.client.get(f"/v2/jobPostingStatus?{many}", headers=token).status_code == 400


def test_what_has_run_out_is_told_in_the_documented_words(board: Board) -> None:
    # given a job whose budget carries two clicks, and one whose budget was taken back
    job_id = board.post_job("o-1", budget=money("3.00"))
    (row,) = board.batch_create([board.job_element("o-2")])
    created = row["id"]
    assert board.task(created)["status"] == "SUCCEEDED"
    carry_out(board, "DOWNGRADE", "o-2")
    board.send_clicks(job_id, 2)

    # then they are listed without promotion, and their tasks say why
    for external_id, text in (
        ("o-1", "This job's budget has ran out."),
        ("o-2", "There is no job budget available for this job."),
    ):
        shown = status_of(board, external_id)
        assert (shown["listingStatus"], shown["promotionStatus"]) == ("LISTED", "NOT_PROMOTED")
        assert shown["promotionStatusDetail"]["statusMessage"] == text
        assert shown["promotionStatusDetail"]["errorType"] in {"CUSTOMER_ERROR", "PARTNER_ERROR"}
    processed = board.task(created)
    assert (processed["status"], processed["errorMessage"]) == (
        "PROCESSED",
        "There is no job budget available for this job.",
    )
    assert "jobPosting" in processed

    # and nothing more is charged: the next clicks are counted and free, until the budget is raised
    day = board.now.date()
    board.send_clicks(job_id, 3, prefix="free")
    assert carry_out(board, "UPDATE", "o-1", budget=money("6.00"))["status"] == "SUCCEEDED"
    assert status_of(board, "o-1")["promotionStatus"] == "PROMOTED"
    board.send_clicks(job_id, 1, prefix="paid")
    board.close_job("o-1")
    closed = status_of(board, "o-1")["promotionStatusDetail"]["statusMessage"]
    assert closed == "This job was closed by original poster."
    board.advance_to_midnight()
    (row,) = board.report_by_ids("o-1", days=(day, day)).json()["results"]["o-1"]["jobPerformanceMetrics"]
    assert (row["applyClickCount"], row["charge"]["amount"]) == (6, "4.50")


def test_a_job_whose_contract_has_nothing_left_tells_of_the_account(board: Board) -> None:
    job_id = board.post_job("acc-1", budget=money("3.00"))
    board.post_job("acc-2", budget=money("999997.00"))
    board.send_clicks(job_id, 2)
    shown = status_of(board, "acc-1")
    assert shown["promotionStatusDetail"]["statusMessage"] == "The account level budget has ran out."


def test_a_job_is_not_listed_once_its_duration_is_over(board: Board) -> None:
    board.post_job("exp-1")
    board.advance("31d")
    shown = status_of(board, "exp-1")
    assert shown["listingStatus"] == "NOT_LISTED"
    assert shown["listingStatusDetail"]["statusMessage"] == "This job's duration limit has been reach."


def test_tasks_are_kept_thirty_days(board: Board) -> None:
    row = operate(board, "CREATE", "kept-1")
    board.advance("29d")
    assert board.task(row["id"])["status"] == "SUCCEEDED"
    board.advance("2d")
    urn = row["id"].replace(":", "%3A")
    answer = board.client.get(f"/rest/simpleJobPostingTasks?ids=List({urn})", headers=board.headers()).json()
    assert answer["results"] == {}
    assert answer["errors"][row["id"]]["status"] == 404
