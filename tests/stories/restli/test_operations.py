"""Operations on jobs over HTTP: change, renew, upgrade, downgrade, duplicates, alternate locations, their tasks."""

from typing import Any
from urllib.parse import quote

import pytest

from jobmeter.jobs.messages import DUPLICATE_CONTENT
from tests.support.sandbox_client import SandboxClient

DAY_MS = 86_400_000


def money(amount: str) -> dict[str, Any]:
    return {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": amount}}


def operate(
    sandbox_client: SandboxClient, operation: str, external_id: str, **changed: Any
) -> dict[str, Any]:
    """Submits one element and returns its row."""
    element = sandbox_client.job_element(external_id, jobPostingOperationType=operation, **changed)
    (row,) = sandbox_client.batch_create([element])
    return row


def carry_out(
    sandbox_client: SandboxClient, operation: str, external_id: str, **changed: Any
) -> dict[str, Any]:
    """Submits one element and returns its task once that is done."""
    row = operate(sandbox_client, operation, external_id, **changed)
    assert row["status"] == 202, row
    return sandbox_client.task(row["id"])


def status_of(sandbox_client: SandboxClient, external_id: str) -> dict[str, Any]:
    answer = sandbox_client.client.get(
        f"/rest/jobPostingStatus?ids=List({quote(external_id, safe='')})", headers=sandbox_client.headers()
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][external_id]


def check_available(sandbox_client: SandboxClient, mark: str, dollars: int) -> None:
    """The contract has exactly so many unreserved dollars: a budget of one more is refused."""
    for amount, status in ((dollars + 1, 402), (dollars, 202)):
        element = sandbox_client.job_element(f"{mark}-{amount}", budget=money(str(amount)))
        (row,) = sandbox_client.batch_create([element])
        assert row["status"] == status, (mark, amount, row)
        assert status == 202 or row["error"]["code"] == "PAYMENTS_INSUFFICIENT_FUNDS"
    assert sandbox_client.close_job(f"{mark}-{dollars}")["status"] == 202


def test_an_update_changes_the_content_and_the_budget(sandbox_client: SandboxClient) -> None:
    # given a job with three clicks at 1.50
    job_id = sandbox_client.post_job("u-1", budget=money("600000.00"))
    day = sandbox_client.now.date()
    sandbox_client.send_clicks(job_id, 3)

    # when its title, place and budget change
    done = carry_out(
        sandbox_client, "UPDATE", "u-1", title="Senior fitter", location="York, UK", budget=money("10.00")
    )
    assert (done["status"], done["jobPosting"]) == ("SUCCEEDED", f"urn:li:jobPosting:{job_id}")

    # then the spend is unchanged, the rest is back in the contract, and the budget can be raised again
    shown = status_of(sandbox_client, "u-1")
    assert (shown["rawLocation"], shown["jobPostingInfo"]["location"]) == (
        "York, UK",
        "York, England, United Kingdom",
    )
    assert sandbox_client.post_job("u-2", budget=money("999990.00"))
    row = operate(sandbox_client, "UPDATE", "u-1", budget=money("10.01"))
    assert (row["status"], row["error"]["code"]) == (402, "PAYMENTS_INSUFFICIENT_FUNDS")
    row = operate(sandbox_client, "UPDATE", "u-1", budget=money("4.49"))
    assert (row["status"], row["error"]["message"]) == (
        400,
        "The total budget 4.49 is below what the job has spent, 4.50",
    )
    row = operate(
        sandbox_client,
        "UPDATE",
        "u-1",
        budget={"payForPerformanceTotalBudget": {"currencyCode": "EUR", "amount": "50.00"}},
    )
    assert row["status"] == 400
    sandbox_client.close_job("u-2")
    assert carry_out(sandbox_client, "UPDATE", "u-1", budget=money("12.00"))["status"] == "SUCCEEDED"
    sandbox_client.send_clicks(job_id, 9, prefix="more")
    sandbox_client.advance_to_midnight()
    report = sandbox_client.report_by_ids("u-1", days=(day, day)).json()["results"]["u-1"]
    assert report["lifetimeJobBudgetInfo"]["lifetimeBudgetSpent"]["amount"] == "12.00"


def test_money_returns_to_the_contract_to_the_cent(sandbox_client: SandboxClient) -> None:
    sandbox_client.post_job("m-1", budget=money("500.00"))
    carry_out(sandbox_client, "UPDATE", "m-1", budget=money("800.00"))
    carry_out(sandbox_client, "UPDATE", "m-1", budget=money("200.00"))
    check_available(sandbox_client, "probe-1", 999_800)
    carry_out(sandbox_client, "DOWNGRADE", "m-1")
    check_available(sandbox_client, "probe-2", 1_000_000)
    carry_out(sandbox_client, "UPGRADE", "m-1", budget=money("300.00"))
    check_available(sandbox_client, "probe-3", 999_700)
    sandbox_client.close_job("m-1")
    check_available(sandbox_client, "probe-4", 1_000_000)


def test_unknown_and_ended_jobs_cannot_be_changed(sandbox_client: SandboxClient) -> None:
    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    start = (
        "Job processing failed due to a client-side error. Please check payload and integration setup. "
        "Error details: Operation type "
    )
    missing = "is not allowed for a non-existing job"
    assert carry_out(sandbox_client, "RENEW", "none")["errorMessage"] == f"{start}`RENEW` {missing}"
    update = carry_out(sandbox_client, "UPDATE", "none")
    assert (update["status"], update["errorMessage"]) == (
        "FAILED",
        f"{start}`UPDATE` {missing} of partner urn urn:li:jobPostingPartner:{partner_id}, partner job code ( `none`)",
    )
    assert "jobPosting" not in update

    sandbox_client.post_job("over")
    sandbox_client.close_job("over")
    for operation in ("UPDATE", "RENEW", "UPGRADE", "DOWNGRADE"):
        failed = carry_out(sandbox_client, operation, "over")
        assert failed["errorMessage"] == f"{start}`{operation}` is not allowed for a closed job"
    assert operate(sandbox_client, "CLOSE", "over")["status"] == 409


@pytest.mark.long
def test_a_renewal_extends_a_run_that_has_not_ended(sandbox_client: SandboxClient) -> None:
    posted = sandbox_client.now
    job_id = sandbox_client.post_job("r-1")
    before = status_of(sandbox_client, "r-1")["jobPostingInfo"]["expireAt"]
    assert carry_out(sandbox_client, "RENEW", "r-1")["status"] == "SUCCEEDED"
    assert status_of(sandbox_client, "r-1")["jobPostingInfo"]["expireAt"] == before + 30 * DAY_MS

    sandbox_client.advance("40d")
    assert sandbox_client.send_clicks(job_id, 2)["accepted"] == 2
    sandbox_client.advance("21d")
    assert (sandbox_client.now - posted).days >= 60
    assert status_of(sandbox_client, "r-1")["listingStatus"] == "NOT_LISTED"
    failed = carry_out(sandbox_client, "RENEW", "r-1")
    assert failed["errorMessage"].endswith("`RENEW` is not allowed for an expired job")


def test_the_later_of_two_jobs_with_the_same_content_fails(sandbox_client: SandboxClient) -> None:
    # given two elements of one batch that differ only in their id, in case and in spacing
    same = {"title": "Crane driver", "description": "Moves what is heavy, with care. " * 5}
    first = sandbox_client.job_element("d-1", **same, budget=money("500000.00"))
    second = sandbox_client.job_element("d-2", budget=money("400000.00"), **same)
    second["title"], second["description"] = "crane  DRIVER", second["description"].upper()

    rows = sandbox_client.batch_create([first, second])

    # then the later one fails, and its budget is free again
    assert sandbox_client.task(rows[0]["id"])["status"] == "SUCCEEDED"
    failed = sandbox_client.task(rows[1]["id"])
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", DUPLICATE_CONTENT)
    shown = status_of(sandbox_client, "d-2")
    assert shown["listingStatus"] == "NOT_LISTED"
    assert shown["listingStatusDetail"] == {
        "errorCode": None,
        "errorType": "PARTNER_ERROR",
        "statusMessage": DUPLICATE_CONTENT,
    }
    assert sandbox_client.post_job("d-3", budget=money("500000.00"))
    day = sandbox_client.now.date()
    sandbox_client.advance_to_midnight()
    errors = sandbox_client.report_by_ids("d-2", days=(day, day)).json()["errors"]
    assert errors["d-2"]["code"] == "6013"

    # and an update to the content of another job fails too, and changes nothing
    failed = carry_out(sandbox_client, "UPDATE", "d-3", budget=money("3.00"), **same)
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", DUPLICATE_CONTENT)
    assert operate(sandbox_client, "UPDATE", "d-1", budget=money("600000.00"), **same)["status"] == 402

    # and once the first is closed, the content and the failed id are free
    sandbox_client.close_job("d-1")
    second["jobPostingOperationType"] = "CREATE"
    (row,) = sandbox_client.batch_create([second])
    assert sandbox_client.task(row["id"])["status"] == "SUCCEEDED"


def test_a_used_id_cannot_be_reused(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("again")
    sandbox_client.close_job("again")
    failed = carry_out(sandbox_client, "CREATE", "again", title="Another title")
    assert failed["status"] == "FAILED"
    assert failed["errorMessage"].endswith(
        f"LinkedIn job id: {job_id}, externalJobPostingId: again ErrorCode:2009"
    )


def test_each_alternate_location_has_a_task(sandbox_client: SandboxClient) -> None:
    element = sandbox_client.job_element("a-1", alternateLocations=["York, UK", "Bath, UK"])
    (row,) = sandbox_client.batch_create([element])
    others = row["entity"]["alternateLocationTasks"]
    tasks = [sandbox_client.task(urn) for urn in (row["id"], *others)]
    assert [task["location"] for task in tasks] == [element["location"], "York, UK", "Bath, UK"]
    assert {task["status"] for task in tasks} == {"SUCCEEDED"}
    assert len({task["jobPosting"] for task in tasks}) == 1
    assert status_of(sandbox_client, "a-1")["jobPostingInfo"]["alternateLocations"] == [
        "York, England, United Kingdom",
        "Bath, England, United Kingdom",
    ]
    too_many = operate(sandbox_client, "CREATE", "a-2", alternateLocations=["York, UK"] * 8)
    assert (too_many["status"], too_many["error"]["errorDetails"]) == (
        422,
        {"externalJobPostingId": "a-2"},
    )


def test_a_country_alone_is_a_location_for_remote_work_only(sandbox_client: SandboxClient) -> None:
    failed = carry_out(sandbox_client, "CREATE", "c-1", location="Germany")
    assert failed["status"] == "FAILED"
    assert failed["errorMessage"].endswith(
        "was dropped: true\n\nInvalid Field: /city; \nInvalid Field: /postalCode; \nInvalid Field: /state; \n"
        "Invalid Field: /geoLocation; \n"
    )
    assert sandbox_client.post_job("c-1", location="Germany", workplaceTypes=["Remote"])


@pytest.mark.parametrize("operation", ["UPGRADE", "DOWNGRADE"])
def test_a_basic_job_has_nothing_to_downgrade_and_needs_a_contract_to_upgrade(
    sandbox_client: SandboxClient, operation: str
) -> None:
    sandbox_client.post_job("b-1", contract=None, budget=None)
    row = operate(sandbox_client, operation, "b-1", contract=None, budget=None)
    if operation == "UPGRADE":
        assert (row["status"], row["error"]["message"]) == (
            400,
            "A premium job needs the contract whose slot it takes",
        )
    else:
        assert sandbox_client.task(row["id"])["errorMessage"].endswith("is not allowed for a basic job")
    # its contract cannot be changed to one that pays by the click
    failed = carry_out(sandbox_client, "UPDATE", "b-1")
    assert "cannot be changed" in failed["errorMessage"]


def test_the_older_collections_body_creates_jobs_under_v2(sandbox_client: SandboxClient) -> None:
    element = sandbox_client.job_element(
        "old-1",
        jobPostingOperationType=None,
        contract=None,
        budget=None,
        companyName=None,
        integrationContext="urn:li:organization:2414183",
        state="LISTED",
    )
    headers = {"X-RestLi-Method": "batch_create", "Authorization": sandbox_client.headers()["Authorization"]}
    answer = sandbox_client.client.post(
        "/v2/simpleJobPostings", headers=headers, json={"elements": [element]}
    )
    (row,) = answer.json()["elements"]
    assert row["status"] == 202, row
    assert sandbox_client.task(row["id"])["status"] == "SUCCEEDED"
    (row,) = sandbox_client.batch_create([element])
    assert row["status"] == 422
    assert row["error"]["errorDetailType"] == "com.linkedin.restli.common.ErrorDetails"


def test_a_batch_has_at_most_a_hundred_elements_and_no_id_twice(sandbox_client: SandboxClient) -> None:
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})
    for elements in ([sandbox_client.job_element("x")] * 2, [{}] * 101):
        answer = sandbox_client.client.post(
            "/rest/simpleJobPostings", headers=headers, json={"elements": elements}
        )
        assert answer.status_code == 400
