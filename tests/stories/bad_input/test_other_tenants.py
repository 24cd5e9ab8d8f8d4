"""Another tenant's jobs, tasks and contracts appear not to exist."""

import json

from tests.support.databases.table_snapshots import nothing_written
from tests.support.sandbox_client import make_event


def test_another_tenant_s_task_appears_not_to_exist(sandbox_client, neighbour, database_url):
    (row,) = neighbour.batch_create([neighbour.job_element("there-1")])
    neighbour.task(row["id"])
    nowhere = "urn:li:simpleJobPostingTask:00000000-0000-4000-8000-000000000000"
    headers = sandbox_client.headers()

    with nothing_written(database_url):
        answers = [
            sandbox_client.client.get(
                f"/rest/simpleJobPostingTasks?ids=List({urn.replace(':', '%3A')})", headers=headers
            )
            for urn in (row["id"], nowhere)
        ]

    theirs, none = (answer.text.replace(row["id"], "X").replace(nowhere, "X") for answer in answers)
    assert theirs == none
    assert answers[0].json()["errors"][row["id"]]["status"] == 404


def test_another_tenant_s_job_cannot_be_closed(sandbox_client, neighbour, job_id, database_url):
    neighbour.post_job("there-2")
    elements = [
        sandbox_client.job_element(name, jobPostingOperationType="CLOSE") for name in ("there-2", "nowhere")
    ]
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})
    with nothing_written(database_url):
        answer = sandbox_client.client.post(
            "/rest/simpleJobPostings", headers=headers, json={"elements": elements}
        )
    theirs, none = answer.json()["elements"]
    assert json.dumps(theirs).replace("there-2", "nowhere") == json.dumps(none)
    assert theirs["status"] == 409


def test_another_tenant_s_job_is_in_no_report(sandbox_client, neighbour, database_url):
    neighbour.send_clicks(neighbour.post_job("there-3"), 2)
    day = sandbox_client.now.date()
    sandbox_client.advance_to_midnight()

    by_ids = sandbox_client.report_by_ids("there-3", "nowhere", days=(day, day))
    by_range = sandbox_client.report_by_range((day, day))

    errors = by_ids.json()["errors"]
    assert by_ids.json()["results"] == {}
    assert {row["status"] for row in errors.values()} == {404}
    assert errors["there-3"]["message"].replace("there-3", "nowhere") == errors["nowhere"]["message"]
    listed = [row["jobPostingInfo"]["externalJobPostingId"] for row in by_range.json()["elements"]]
    assert "there-3" not in listed
    assert neighbour.report_by_ids("there-3", days=(day, day)).json()["results"]


def test_another_tenant_s_contract_cannot_be_used_for_a_job(sandbox_client, neighbour, job_id, database_url):
    theirs = neighbour.credentials["customer_contract_id"]
    elements = [
        sandbox_client.job_element(f"here-{contract}", contract=f"urn:li:contract:{contract}")
        for contract in (theirs, neighbour.credentials["partner_contract_id"], 999)
    ]
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})
    with nothing_written(database_url):
        answer = sandbox_client.client.post(
            "/rest/simpleJobPostings", headers=headers, json={"elements": elements}
        )
    assert [row["status"] for row in answer.json()["elements"]] == [403] * 3


def test_an_external_id_only_identifies_jobs_of_the_same_application(
    sandbox_client, neighbour, job_id, database_url
):
    neighbour.post_job("there-4")
    mine = sandbox_client.credentials["child"]["urn"]
    at = sandbox_client.now_ms
    by_name = {"childApplication": mine, "externalJobPostingId": "there-4"}
    with nothing_written(database_url):
        answer = sandbox_client.send([make_event(None, "e", at, **by_name)])
    assert answer.json()["rejections"][0]["reason"] == "JOB_UNKNOWN"
    assert answer.json()["accepted"] == 0
    right = {"childApplication": neighbour.credentials["child"]["urn"], "externalJobPostingId": "there-4"}
    assert sandbox_client.send([make_event(None, "e", at, **right)]).json()["accepted"] == 1
