"""The job posting status over HTTP: every documented field, exhausted budgets, who may see it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stories.restli.test_operations import DAY_MS, carry_out, money, operate, status_of
from tests.support.sandbox_client import SandboxClient


def test_every_field_is_present(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("s-1", location="Sunnyvale, California", availability="PUBLIC")
    shown = status_of(sandbox_client, "s-1")
    listed_at = shown["jobPostingInfo"].pop("listedAt")
    assert sandbox_client.now_ms - DAY_MS < listed_at < sandbox_client.now_ms
    assert 29 * DAY_MS < shown["jobPostingInfo"].pop("expireAt") - sandbox_client.now_ms <= 30 * DAY_MS
    assert shown.pop("jobPostingUrl").endswith(f"/jobs/view/{job_id}")
    assert shown == {
        "externalJobPostingId": "s-1",
        "jobPostingInfo": {
            "location": "Sunnyvale, California, United States",
            "alternateLocations": None,
            "companyDetails": {"name": "Harbour Logistics", "pageUrl": None},
            "visibilityTag": "PUBLIC",
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


def test_the_fields_are_those_of_the_official_fixture(sandbox_client: SandboxClient, shared: Path) -> None:
    text = (shared / "fixtures/lts_java_sdk/JobPostingStatusSuccessResponse.json").read_text()
    (theirs,) = json.loads(text)["results"].values()
    sandbox_client.post_job("s-2")
    assert list_paths(status_of(sandbox_client, "s-2")) >= list_paths(theirs) - {"linkedInApplyStatusDetail"}


def list_paths(value: Any, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return {inner for name, item in value.items() for inner in list_paths(item, f"{path}/{name}")}


def test_both_roots_and_protocols_respond_and_foreign_ids_are_unknown(
    sandbox_client: SandboxClient,
) -> None:
    sandbox_client.post_job("s-3")
    token = {"Authorization": sandbox_client.headers()["Authorization"]}
    answer = sandbox_client.client.get("/v2/jobPostingStatus?ids=s-3&ids=no-such", headers=token).json()
    assert list(answer["results"]) == ["s-3"]
    assert answer["errors"]["no-such"]["status"] == 404
    assert answer["statuses"] == {}
    other = sandbox_client.client.get(
        "/v2/jobPostingStatus?ids=s-3", headers=sandbox_client.headers("parent")
    )
    assert other.status_code == 403
    many = "&".join(f"ids=job-{n}" for n in range(101))
    assert sandbox_client.client.get(f"/v2/jobPostingStatus?{many}", headers=token).status_code == 400


def test_an_exhausted_budget_has_the_documented_message(sandbox_client: SandboxClient) -> None:
    # given a job whose budget pays for two clicks, and one whose budget was removed
    job_id = sandbox_client.post_job("o-1", budget=money("3.00"))
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("o-2")])
    created = row["id"]
    assert sandbox_client.task(created)["status"] == "SUCCEEDED"
    carry_out(sandbox_client, "DOWNGRADE", "o-2")
    sandbox_client.send_clicks(job_id, 2)

    # then they are listed without promotion, and their tasks give the reason
    for external_id, text in (
        ("o-1", "This job's budget has ran out."),
        ("o-2", "There is no job budget available for this job."),
    ):
        shown = status_of(sandbox_client, external_id)
        assert (shown["listingStatus"], shown["promotionStatus"]) == ("LISTED", "NOT_PROMOTED")
        assert shown["promotionStatusDetail"]["statusMessage"] == text
        assert shown["promotionStatusDetail"]["errorType"] in {"CUSTOMER_ERROR", "PARTNER_ERROR"}
    processed = sandbox_client.task(created)
    assert (processed["status"], processed["errorMessage"]) == (
        "PROCESSED",
        "There is no job budget available for this job.",
    )
    assert "jobPosting" in processed

    # and nothing more is charged: further clicks are counted and free until the budget is raised
    day = sandbox_client.now.date()
    sandbox_client.send_clicks(job_id, 3, prefix="free")
    assert carry_out(sandbox_client, "UPDATE", "o-1", budget=money("6.00"))["status"] == "SUCCEEDED"
    assert status_of(sandbox_client, "o-1")["promotionStatus"] == "PROMOTED"
    sandbox_client.send_clicks(job_id, 1, prefix="paid")
    sandbox_client.close_job("o-1")
    closed = status_of(sandbox_client, "o-1")["promotionStatusDetail"]["statusMessage"]
    assert closed == "This job was closed by original poster."
    sandbox_client.advance_to_midnight()
    (row,) = sandbox_client.report_by_ids("o-1", days=(day, day)).json()["results"]["o-1"][
        "jobPerformanceMetrics"
    ]
    assert (row["applyClickCount"], row["charge"]["amount"]) == (6, "4.50")


def test_a_job_of_an_exhausted_contract_reports_the_account(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("acc-1", budget=money("3.00"))
    sandbox_client.post_job("acc-2", budget=money("999997.00"))
    sandbox_client.send_clicks(job_id, 2)
    shown = status_of(sandbox_client, "acc-1")
    assert shown["promotionStatusDetail"]["statusMessage"] == "The account level budget has ran out."


@pytest.mark.long
def test_a_job_is_not_listed_after_its_duration(sandbox_client: SandboxClient) -> None:
    sandbox_client.post_job("exp-1")
    sandbox_client.advance("31d")
    shown = status_of(sandbox_client, "exp-1")
    assert shown["listingStatus"] == "NOT_LISTED"
    assert shown["listingStatusDetail"]["statusMessage"] == "This job's duration limit has been reach."


@pytest.mark.long
def test_tasks_are_kept_thirty_days(sandbox_client: SandboxClient) -> None:
    row = operate(sandbox_client, "CREATE", "kept-1")
    sandbox_client.advance("29d")
    assert sandbox_client.task(row["id"])["status"] == "SUCCEEDED"
    sandbox_client.advance("2d")
    urn = row["id"].replace(":", "%3A")
    answer = sandbox_client.client.get(
        f"/rest/simpleJobPostingTasks?ids=List({urn})", headers=sandbox_client.headers()
    ).json()
    assert answer["results"] == {}
    assert answer["errors"][row["id"]]["status"] == 404
