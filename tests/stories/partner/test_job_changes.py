"""Who changed which job: the partner's list, and the operator's view of what a member sees."""

import pytest

from tests.support.sandbox_client import bearer
from tests.support.xml_partner import POSTER, XmlPartner


@pytest.fixture
def partner(sandbox_client):
    """A partner with a job on a credit that was edited, renewed at once, and closed."""
    partner = XmlPartner(sandbox_client)
    assert partner.post("credit", partner.credits, poster=POSTER).status_code == 201
    for _ in range(2):
        assert partner.renew("credit", partner.credits).status_code == 200
    return partner


def read_changes(sandbox_client, who="parent", **query):
    answer = sandbox_client.client.get(
        "/partner/jobChanges", headers=bearer(sandbox_client.token(who)), params=query
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def list_members(sandbox_client, **query):
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.get("/operator/members", headers=headers, params=query)


def test_changes_are_listed_newest_first_by_pages(sandbox_client, partner):
    every = read_changes(sandbox_client)
    assert [change["change"] for change in every["elements"]] == ["RENEW", "RENEW", "POST"]
    assert every["nextBefore"] is None
    first = every["elements"][-1]
    application = sandbox_client.credentials["parent"]["urn"]
    assert first["externalJobPostingId"] == "credit"
    assert first["application"] == application
    assert first["changedBy"] == f"application {application.rsplit(':', 1)[-1]}"
    assert first["changedFields"] == []

    paged, query = [], {}
    while True:
        page = read_changes(sandbox_client, count=1, **query)
        paged += page["elements"]
        if page["nextBefore"] is None:
            break
        query = {"before": page["nextBefore"]}
    assert paged == every["elements"]


def test_a_child_sees_its_own_changes_alone(sandbox_client, partner):
    assert read_changes(sandbox_client, "child")["elements"] == []


@pytest.mark.parametrize("before", ["x", "1-2-3", "1-2-3-edit", "12345678901234567-1-1-EDIT", "-1-1-1-EDIT"])
def test_a_cursor_that_is_none_is_refused(sandbox_client, before):
    headers = bearer(sandbox_client.token("parent"))
    answer = sandbox_client.client.get("/partner/jobChanges", headers=headers, params={"before": before})
    assert answer.status_code == 400
    assert "before" in answer.text


def test_the_operator_sees_what_a_member_sees_and_why_it_may_not(sandbox_client, partner):
    sandbox_client.post_job("clicks", posterEmail=POSTER.upper())
    listed = list_members(sandbox_client, email=POSTER).json()
    assert [job["externalJobPostingId"] for job in listed["elements"]] == ["clicks", "credit"]
    clicks, credit = listed["elements"]
    assert (clicks["kind"], credit["kind"]) == ("CLICKS", "CREDIT")
    assert list(credit["mayNot"]) == list(clicks["mayNot"]) == ["renew"]
    assert credit["mayNot"]["renew"].startswith(f"Only {credit['payer']} can renew it, because ")
    assert clicks["posterEmail"] == POSTER

    first = list_members(sandbox_client, email=POSTER, count=1).json()
    rest = list_members(sandbox_client, email=POSTER, before=first["nextBefore"]).json()
    assert first["elements"] + rest["elements"] == listed["elements"]
    found = list_members(sandbox_client, email=POSTER, search="CREDIT").json()
    assert [job["externalJobPostingId"] for job in found["elements"]] == ["credit"]
    assert list_members(sandbox_client, email="nobody@else.example").json()["elements"] == []
