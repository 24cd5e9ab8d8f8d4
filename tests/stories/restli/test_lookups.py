"""The look-ups of locations and single tasks, ids that are missing, and the update of child applications over HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.sandbox_client import SandboxClient


def find(sandbox_client: SandboxClient, query: str) -> Any:
    return sandbox_client.client.get(
        f"/rest/jobPostingGeoLocations?{query}", headers=sandbox_client.headers()
    )


def test_a_location_is_looked_up(sandbox_client: SandboxClient) -> None:
    answer = find(sandbox_client, "q=search&location=Sunnyvale%2C%20California").json()
    (found,) = answer["elements"]
    assert (found["location"], found["countryCode"]) == ("Sunnyvale, California, United States", "US")
    assert found["geo"].startswith("urn:li:geo:")
    german = find(sandbox_client, "q=search&location=Cologne&locale=de_DE").json()["elements"][0]
    assert german["location"] == "Cologne, North Rhine-Westphalia, Deutschland"
    page = find(sandbox_client, "q=search&location=s&start=2&count=3").json()
    assert (len(page["elements"]), page["paging"]["start"]) == (3, 2)
    assert find(sandbox_client, "q=search&location=xyzzy").json()["elements"] == []
    for wrong in ("q=search", "q=search&location=%20", "q=search&location=a&locale=List(a,b)"):
        assert find(sandbox_client, wrong).status_code == 400, wrong


def update(sandbox_client: SandboxClient, key: str, patch: Any, who: str = "parent") -> Any:
    return sandbox_client.client.post(
        f"/v2/provisionedApplications/{key}",
        headers=sandbox_client.headers(who, **{"Content-Type": "text/plain"}),
        json={"patch": patch},
    )


def show(sandbox_client: SandboxClient) -> dict[str, Any]:
    query = "q=credentialsByUniqueForeignId&uniqueForeignId=sandbox-customer"
    answer = sandbox_client.client.get(
        f"/v2/provisionedApplications?{query}", headers=sandbox_client.headers("parent")
    )
    (found,) = answer.json()["elements"]
    return dict(found)


def test_a_child_application_is_changed_by_its_parent(sandbox_client: SandboxClient) -> None:
    urn = sandbox_client.credentials["child"]["urn"]
    before = show(sandbox_client)
    answer = update(
        sandbox_client, urn, {"$set": {"validJsSdkDomains": ["https://a.example"], "name": "Ours - Theirs"}}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert show(sandbox_client) == before | {
        "validJsSdkDomains": ["https://a.example"],
        "name": "Ours - Theirs",
    }
    assert update(sandbox_client, quote(urn, safe=""), {"$delete": ["validJsSdkDomains"]}).status_code == 204
    assert show(sandbox_client) == before | {"validJsSdkDomains": [], "name": "Ours - Theirs"}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"$set": {"name": "n" * 51}}, "/name"),
        ({"$set": {"name": "The LinkedIn app"}}, "/name"),
        ({"$set": {"uniqueForeignId": "other"}}, "/uniqueForeignId"),
        ({"$set": {"validJsSdkDomains": ["https://a.example/"]}}, "/validJsSdkDomains/0"),
        ({"$set": {"validJsSdkDomains": "https://a.example"}}, "/validJsSdkDomains"),
        ({"$delete": ["name"]}, "/name"),
        ("x", "/patch"),
    ],
)
def test_an_invalid_change_is_refused(sandbox_client: SandboxClient, patch: Any, message: str) -> None:
    answer = update(sandbox_client, sandbox_client.credentials["child"]["urn"], patch)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"ERROR :: {message} :: ")


def test_only_the_parent_changes_its_own_children(sandbox_client: SandboxClient) -> None:
    change = {"$set": {"description": "changed"}}
    assert (
        update(sandbox_client, sandbox_client.credentials["child"]["urn"], change, "child").status_code == 403
    )
    for key in (sandbox_client.credentials["parent"]["urn"], "urn:li:developerApplication:1", "nonsense"):
        assert update(sandbox_client, key, change).status_code == 404, key


def test_one_task_is_read_by_its_urn_or_its_id(sandbox_client: SandboxClient) -> None:
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("polled")])
    task = sandbox_client.task(row["id"])
    headers = sandbox_client.headers()
    for root in ("/rest", "/v2"):
        for key in (row["id"], quote(row["id"], safe=""), row["id"].rpartition(":")[2]):
            answer = sandbox_client.client.get(f"{root}/simpleJobPostingTasks/{key}", headers=headers)
            assert (answer.status_code, answer.json()) == (200, task)
        for key in ("urn:li:simpleJobPostingTask:1", "x", "00000000-0000-4000-8000-000000000000"):
            answer = sandbox_client.client.get(f"{root}/simpleJobPostingTasks/{key}", headers=headers)
            assert (answer.status_code, answer.json()["message"]) == (404, f"Resource {key} does not exist")


def test_the_missing_ids_are_named(sandbox_client: SandboxClient) -> None:
    headers = sandbox_client.headers()
    for path in (
        "/rest/simpleJobPostingTasks",
        "/v2/simpleJobPostingTasks",
        "/rest/jobPostingStatus",
        "/v2/jobPostingStatus",
        "/rest/partnerJobReports",
    ):
        for query in ("", "?ids=List()", "?fields=id"):
            answer = sandbox_client.client.get(f"{path}{query}", headers=headers)
            shown = (answer.status_code, answer.json()["message"])
            assert shown == (400, "Parameter 'ids' is required"), (path, query)


def test_an_accepted_row_names_its_job_and_what_was_read_otherwise(sandbox_client: SandboxClient) -> None:
    def post(root: str, **changed: Any) -> Any:
        answer = sandbox_client.client.post(
            f"{root}/simpleJobPostings",
            headers=sandbox_client.headers(**{"X-RestLi-Method": "batch_create"}),
            json={"elements": [sandbox_client.job_element(f"row{root}{len(changed)}", **changed)]},
        )
        (row,) = answer.json()["elements"]
        assert row["status"] == 202, row
        return row.get("entity")

    seconds = sandbox_client.now_ms // 1_000
    remark = f"/listedAt :: {seconds} was read as seconds since 1970; send milliseconds"
    assert post("/rest") == {"externalJobPostingId": "row/rest0"}
    assert post("/v2") is None
    assert post("/v2", listedAt=seconds) == {"externalJobPostingId": "row/v21", "warnings": [remark]}
    assert post("/rest", listedAt=seconds, alternateLocations=["York"])["warnings"] == [remark]
