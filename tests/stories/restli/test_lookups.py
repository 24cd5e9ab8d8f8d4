"""The location look-up and the update of child applications over HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.sandbox_client import Board


def find(board: Board, query: str) -> Any:
    return board.client.get(f"/rest/jobPostingGeoLocations?{query}", headers=board.headers())


def test_a_location_is_looked_up(board: Board) -> None:
    answer = find(board, "q=search&location=Sunnyvale%2C%20California").json()
    (found,) = answer["elements"]
    assert (found["location"], found["countryCode"]) == ("Sunnyvale, California, United States", "US")
    assert found["geo"].startswith("urn:li:geo:")
    german = find(board, "q=search&location=Cologne&locale=de_DE").json()["elements"][0]
    assert german["location"] == "Cologne, North Rhine-Westphalia, Deutschland"
    page = find(board, "q=search&location=s&start=2&count=3").json()
    assert (len(page["elements"]), page["paging"]["start"]) == (3, 2)
    assert find(board, "q=search&location=xyzzy").json()["elements"] == []
    for wrong in ("q=search", "q=search&location=%20", "q=search&location=a&locale=List(a,b)"):
        assert find(board, wrong).status_code == 400, wrong


def update(board: Board, key: str, patch: Any, who: str = "parent") -> Any:
    return board.client.post(
        f"/v2/provisionedApplications/{key}",
        headers=board.headers(who, **{"Content-Type": "text/plain"}),
        json={"patch": patch},
    )


def show(board: Board) -> dict[str, Any]:
    query = "q=credentialsByUniqueForeignId&uniqueForeignId=sandbox-customer"
    answer = board.client.get(f"/v2/provisionedApplications?{query}", headers=board.headers("parent"))
    (found,) = answer.json()["elements"]
    return dict(found)


def test_a_child_application_is_changed_by_its_parent(board: Board) -> None:
    urn = board.credentials["child"]["urn"]
    before = show(board)
    answer = update(
        board, urn, {"$set": {"validJsSdkDomains": ["https://a.example"], "name": "Ours - Theirs"}}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert show(board) == before | {"validJsSdkDomains": ["https://a.example"], "name": "Ours - Theirs"}
    assert update(board, quote(urn, safe=""), {"$delete": ["validJsSdkDomains"]}).status_code == 204
    assert show(board) == before | {"validJsSdkDomains": [], "name": "Ours - Theirs"}


@pytest.mark.parametrize(
    ("patch", "says"),
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
def test_a_change_that_breaks_a_rule_is_refused(board: Board, patch: Any, says: str) -> None:
    answer = update(board, board.credentials["child"]["urn"], patch)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"ERROR :: {says} :: ")


def test_only_the_parent_changes_its_own_children(board: Board) -> None:
    change = {"$set": {"description": "changed"}}
    assert update(board, board.credentials["child"]["urn"], change, "child").status_code == 403
    for key in (board.credentials["parent"]["urn"], "urn:li:developerApplication:1", "nonsense"):
        assert update(board, key, change).status_code == 404, key
