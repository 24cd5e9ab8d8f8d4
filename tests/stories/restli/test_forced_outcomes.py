"""In a sandbox a header decides how the tasks of a batch end; what has no counterpart in a list of values is kept as text."""

from typing import Any

import pytest

from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.jobs.model import FIELD_PROCESSORS
from tests.support.sandbox_client import SandboxClient


def post(sandbox_client: SandboxClient, external_id: str, outcome: str, **changed: Any) -> dict[str, Any]:
    (row,) = sandbox_client.batch_create(
        [sandbox_client.job_element(external_id, **changed)], **{"X-Jobmeter-Task": outcome}
    )
    assert row["status"] == 202, row
    return sandbox_client.task(row["id"])


def test_a_task_fails_with_the_reference_code_of_a_field(sandbox_client: SandboxClient) -> None:
    for code, field in FIELD_PROCESSORS.items():
        task = post(sandbox_client, "forced-1", code)
        assert task["status"] == "FAILED"
        assert f"Invalid Field: /{field}; " in task["errorMessage"]
        assert task["errorMessage"].endswith(code)
        assert "urn:li:jobPostingPartner:" in task["errorMessage"]
        assert not {"externalJobPostingId", "jobPosting"} & set(task)
    assert sandbox_client.post_job("forced-1") > 0  # nothing was applied: the id is free


async def test_a_task_is_processed_without_a_live_job(
    sandbox_client: SandboxClient, database_url: str
) -> None:
    task = post(sandbox_client, "forced-2", "PROCESSED")
    assert (task["status"], task["externalJobPostingId"]) == ("PROCESSED", "forced-2")
    assert "feed" in task["errorMessage"]
    assert "jobPosting" not in task
    post(sandbox_client, "forced-3", "JOB_FIELD_PROCESSOR_TITLE")
    sandbox_client.advance("1m")
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.connection() as connection,
    ):
        assert [one for one in await check_laws(connection) if one.breaches] == []


def test_a_failed_update_leaves_the_job_live(sandbox_client: SandboxClient) -> None:
    sandbox_client.post_job("forced-4")
    task = post(
        sandbox_client,
        "forced-4",
        "JOB_FIELD_PROCESSOR_TITLE",
        jobPostingOperationType="UPDATE",
        title="Other",
    )
    assert task["status"] == "FAILED"
    shown = sandbox_client.client.get(
        "/v2/jobPostingStatus?ids=forced-4",
        headers=sandbox_client.headers(**{"X-RestLi-Protocol-Version": "1.0.0"}),
    ).json()["results"]["forced-4"]
    assert shown["listingStatus"] == "LISTED"


def test_an_unknown_outcome_is_refused(sandbox_client: SandboxClient) -> None:
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create", "X-Jobmeter-Task": "SUCCEEDED"})
    body = {"elements": [sandbox_client.job_element("forced-5")]}
    answer = sandbox_client.client.post("/rest/simpleJobPostings", headers=headers, json=body)
    assert answer.status_code == 400
    assert "X-Jobmeter-Task" in answer.json()["message"]


@pytest.mark.parametrize("sandbox_client", [{"sandbox": False}], indirect=True)
def test_a_production_server_forces_nothing(sandbox_client: SandboxClient) -> None:
    answer = sandbox_client.client.get(
        "/rest/jobPostingGeoLocations?q=search&location=Leeds",
        headers=sandbox_client.headers(**{"X-Jobmeter-Task": "PROCESSED"}),
    )
    assert answer.status_code == 403
    assert "X-Jobmeter-Task" in answer.json()["message"]


def test_raw_texts_are_kept_shown_and_remarked(sandbox_client: SandboxClient) -> None:
    raw = {"employmentStatus": "Zero hours", "experienceLevel": "Guru", "industries": ["Beekeeping"]}
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("raw-1", **raw)])
    assert row["entity"]["warnings"] == [
        '/employmentStatus :: "Zero hours" is not a known value and is kept as text',
        '/experienceLevel :: "Guru" is not a known value and is kept as text',
        '/industries/0 :: "Beekeeping" is not a known value and is kept as text',
    ]
    job_id = int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1])
    page = sandbox_client.client.get(f"/jobs/view/{job_id}").text
    assert "Zero hours, Guru" in page
    assert '"employmentType":"OTHER"' in page
