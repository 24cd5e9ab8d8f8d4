"""A partner lists its jobs over HTTP: filters, search, facets, orders and pages; a customer sees its own only."""

from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, add_partner, bearer

BERTHS = ["berth-1", "berth-2", "berth-3", "berth-4"]
FOUND: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({"search": "WELDER"}, ["berth-4", "berth-3"]),
    ({"search": "lotse"}, ["berth-1"]),
    ({"search": "auß"}, ["berth-1"]),
    ({"search": "reunion"}, ["berth-2"]),
    ({"search": "code-7"}, ["berth-1"]),
    ({"search": "berth-3"}, ["berth-3"]),
    ({"search": "%"}, []),
    ({"state": "closed,ran_out"}, ["berth-4", "berth-2"]),
    ({"state": "PROMOTED", "order": "clicks"}, ["berth-1", "berth-3"]),
    ({"kind": "slot"}, []),
    ({"campaign": "none"}, []),
    ({"application": 1}, []),
    ({"order": "title"}, BERTHS),
    ({"order": "title", "direction": "descending"}, BERTHS[::-1]),
    ({"order": "posted", "direction": "ascending"}, BERTHS),
)
# `W10` is an empty list, the others are positions in another order.
WRONG = (
    *("state=open", "kind=P4P,x", "order=views", "direction=up", "count=0", f"search={'x' * 301}"),
    *("after=x", "after=W10", "before=WzEsICJhIl0", "order=title&after=WzEsIDJd"),
)


def read_list(sandbox_client: SandboxClient, who: str = "parent", **parameters: Any) -> dict[str, Any]:
    answer = sandbox_client.client.get(
        "/partner/jobs", headers=bearer(sandbox_client.token(who)), params=parameters
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def read_ids(sandbox_client: SandboxClient, **parameters: Any) -> list[str]:
    return [job["externalJobPostingId"] for job in read_list(sandbox_client, **parameters)["elements"]]


@pytest.fixture
def posted(sandbox_client: SandboxClient) -> SandboxClient:
    """Four jobs: two with clicks, one of them without budget left, one closed."""
    first = sandbox_client.post_job("berth-1", title="Äußerst guter Lotse", companyJobCode="CODE-7")
    second = sandbox_client.post_job("berth-2", title="Crane driver", companyName="Réunion Docks")
    sandbox_client.post_job("berth-3", title="Welder")
    sandbox_client.post_job("berth-4", title="welder, nights")
    sandbox_client.close_job("berth-4")
    sandbox_client.send_clicks(first, 2)
    sandbox_client.send_clicks(second, 20)
    sandbox_client.advance("2m")
    return sandbox_client


def test_a_job_is_listed_with_its_state_and_figures(posted: SandboxClient) -> None:
    page = read_list(posted, order="spent")
    ran_out, promoted, *others = page["elements"]
    assert (ran_out["externalJobPostingId"], ran_out["state"]) == ("berth-2", "RAN_OUT")
    assert (ran_out["applyClicks"], ran_out["spent"], ran_out["totalBudget"]) == (20, "30.00", "30.00")
    assert (ran_out["notPromotedReason"], ran_out["message"]) == (
        "JOB_BUDGET",
        "This job's budget has ran out.",
    )
    assert (promoted["state"], promoted["applyClicks"], promoted["kind"]) == ("PROMOTED", 2, "P4P")
    assert (promoted["title"], promoted["companyJobCode"]) == ("Äußerst guter Lotse", "CODE-7")
    assert promoted["jobPosting"] == f"urn:li:jobPosting:{promoted['id']}"
    assert promoted["developerApplication"] == posted.credentials["child"]["urn"]
    assert {job["state"] for job in others} == {"PROMOTED", "CLOSED"}
    assert page["states"] == {"PROMOTED": 2, "RAN_OUT": 1, "CLOSED": 1}
    assert (page["firstNumber"], page["total"]) == (1, 4)
    assert page["figuresAt"] is not None


def test_filters_search_order_and_facets(posted: SandboxClient) -> None:
    for wanted, found in FOUND:
        assert read_ids(posted, **wanted) == found, wanted
    page = read_list(posted, state="CLOSED", search="welder")
    assert page["states"] == {"PROMOTED": 1, "CLOSED": 1}
    assert page["total"] == 1


def test_pages_lead_forth_and_back(posted: SandboxClient) -> None:
    first = read_list(posted, order="spent", count=3)
    assert (first["previous"], first["firstNumber"], first["total"]) == (None, 1, 4)
    last = read_list(posted, order="spent", count=3, after=first["next"])
    assert (last["next"], last["firstNumber"], len(last["elements"])) == (None, 4, 1)
    assert read_list(posted, order="spent", count=3, before=last["previous"]) == first
    end = read_list(posted, order="spent", count=1, before="end")
    assert end["elements"] == last["elements"]


def test_a_customer_sees_its_own_jobs_only(posted: SandboxClient, database_url: str) -> None:
    stranger = add_partner(posted, database_url)
    assert read_list(stranger)["total"] == 0
    assert read_list(posted, "child")["total"] == 4
    assert read_list(posted, application=posted.credentials["child"]["urn"].rsplit(":", 1)[-1])["total"] == 4
    # A child cannot widen its list, nor another partner name the application.
    assert read_list(posted, "child", application=1)["total"] == 4
    number = posted.credentials["child"]["urn"].rsplit(":", 1)[-1]
    assert read_list(stranger, application=number)["total"] == 0


def test_a_changed_job_is_listed_as_it_is_now(posted: SandboxClient) -> None:
    element = posted.job_element("berth-3", title="Pipe welder", jobPostingOperationType="UPDATE")
    (row,) = posted.batch_create([element])
    assert posted.task(row["id"])["status"] == "SUCCEEDED"
    posted.advance("1s")
    assert read_ids(posted, search="pipe") == ["berth-3"]


def test_a_wrong_parameter_is_refused(sandbox_client: SandboxClient) -> None:
    headers = bearer(sandbox_client.token("parent"))
    for wrong in WRONG:
        answer = sandbox_client.client.get(f"/partner/jobs?{wrong}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "PARAMETER_INVALID"), wrong
