"""People over HTTP: the operator's and a partner's lists, invitations by mail, roles that change and end at once."""

import time
from email import message_from_bytes
from email.policy import default

import pytest

from tests.support.sandbox_client import PATIENCE_SECONDS, add_partner, bearer, open_sandbox_client

EMAIL = "ida@hafenkontor.example"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mails"


@pytest.fixture
def sandbox(database_url, folder):
    settings = {"smtp_url": f"folder://{folder}", "base_url": "https://board.example"}
    with open_sandbox_client(database_url, **settings) as opened:
        yield opened


@pytest.fixture
def call(sandbox):
    """Calls an endpoint as the operator, or as the parent application of ``partner``."""

    def send(method, path, partner=None, **content):
        key = sandbox.credentials["operator_key"] if partner is None else partner.token("parent")
        return sandbox.client.request(method, path, headers=bearer(key), **content)

    return send


def number_of(sandbox, who="parent"):
    return int(sandbox.credentials[who]["urn"].rsplit(":", 1)[-1])


def wait_for_mails(folder, count):
    for _ in range(PATIENCE_SECONDS * 50):
        found = list(folder.glob("*.eml")) if folder.exists() else []
        if len(found) >= count:
            return [message_from_bytes(file.read_bytes(), policy=default) for file in found]
        time.sleep(0.02)
    raise AssertionError(f"there are not {count} mails")


def test_an_invited_person_gets_a_mail_and_is_listed_with_every_role(call, sandbox, folder):
    body = {"email": EMAIL.upper(), "role": "OPERATOR", "name": "Ida", "language": "de"}
    made = call("POST", "/operator/people", json=body)
    assert (made.status_code, made.json()["email"]) == (201, EMAIL)
    assert call("POST", "/operator/people", json=body).status_code == 200
    slots = sandbox.credentials["hiring_contracts"][0]["id"]
    for more in (
        {"role": "PARTNER_READER", "partnerId": number_of(sandbox)},
        {"role": "CUSTOMER", "applicationId": number_of(sandbox, "child")},
        {"role": "CUSTOMER", "hiringContractId": slots},
    ):
        assert call("POST", "/operator/people", json={"email": EMAIL} | more).status_code == 201
    mails = wait_for_mails(folder, 4)
    assert {mail["To"] for mail in mails} == {EMAIL}
    assert all("https://board.example/portal/login" in mail.get_content().splitlines() for mail in mails)
    (row,) = call("GET", "/operator/people?search=ida@").json()["elements"]
    assert (row["name"], row["language"]) == ("Ida", "de")
    assert [(role["role"], role["hiringContractId"]) for role in row["roles"]] == [
        ("OPERATOR", None),
        ("PARTNER_READER", None),
        ("CUSTOMER", None),
        ("CUSTOMER", slots),
    ]
    assert call("GET", f"/operator/people/{row['id']}").json() == row


def test_roles_change_and_end(call):
    made = call("POST", "/operator/people", json={"email": EMAIL, "role": "OPERATOR"}).json()
    path = f"/operator/people/{made['id']}"
    role = f"{path}/roles/{made['roles'][0]['id']}"
    changed = call("PUT", role, json={"role": "OPERATOR_READER"}).json()
    assert [one["role"] for one in changed["roles"]] == ["OPERATOR_READER"]
    assert call("PUT", role, json={"role": "PARTNER_READER"}).status_code == 400
    again = call("POST", "/operator/people", json={"email": EMAIL, "role": "OPERATOR"})
    assert (again.status_code, again.json()["code"]) == (409, "ROLE_EXISTS")
    assert [call("DELETE", role).status_code for _ in range(2)] == [204, 404]
    assert call("GET", path).json()["roles"] == []
    assert call("GET", f"{path}/sessions").json() == {"elements": []}
    assert call("DELETE", f"{path}/sessions").json() == {"ended": 0}
    assert [call("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert call("GET", f"{path}/sessions").status_code == 404


def test_what_cannot_be_granted_is_refused_by_field_or_not_found(call, sandbox):
    for more, status, named in (
        ({"role": "MEMBER"}, 400, "role"),
        ({"role": "ADMIN"}, 400, "role"),
        ({"role": "OPERATOR", "partnerId": 1}, 400, "partnerId"),
        ({"role": "CUSTOMER"}, 400, "applicationId"),
        ({"role": "PARTNER_READER", "partnerId": 0}, 400, "partnerId"),
        ({"role": "OPERATOR", "email": "nobody"}, 400, "email"),
        ({"role": "OPERATOR", "language": "fr"}, 400, "language"),
        ({"role": "PARTNER_READER", "partnerId": 999_999}, 404, "partner 999999"),
        ({"role": "CUSTOMER", "applicationId": number_of(sandbox)}, 404, "child application"),
        ({"role": "CUSTOMER", "hiringContractId": 5}, 404, "hiring contract 5"),
    ):
        refused = call("POST", "/operator/people", json={"email": EMAIL} | more)
        assert (refused.status_code, named in refused.json()["message"]) == (status, True), more
    assert call("GET", "/operator/people").json()["elements"] == []


def test_a_partner_invites_and_removes_its_own_people_only(call, sandbox, database_url, folder):
    other = add_partner(sandbox, database_url)
    manager = {"email": EMAIL, "role": "PARTNER_MANAGER"}
    made = call("POST", "/partner/people", sandbox, json=manager)
    assert made.json() == {"id": made.json()["id"], "email": EMAIL, "role": "PARTNER_MANAGER"}
    assert call("POST", "/partner/people", other, json=manager).json()["id"] != made.json()["id"]
    theirs = call("POST", "/partner/people", other, json=manager | {"email": "b@a.example"}).json()
    for partner, emails in ((sandbox, [EMAIL]), (other, [EMAIL, "b@a.example"])):
        listed = call("GET", "/partner/people", partner).json()["elements"]
        assert [row["email"] for row in listed] == emails
    last = call("DELETE", f"/partner/people/{made.json()['id']}", sandbox)
    assert (last.status_code, last.json()["code"]) == (409, "LAST_MANAGER")
    path = f"/partner/people/{theirs['id']}"
    assert [call("DELETE", path, partner).status_code for partner in (sandbox, other)] == [404, 204]
    assert call("POST", "/partner/people", sandbox, json=manager | {"role": "OPERATOR"}).status_code == 400
    wait_for_mails(folder, 3)


def test_a_customer_s_application_sees_no_people(sandbox):
    headers = bearer(sandbox.token("child"))
    for method, path in (("GET", ""), ("POST", ""), ("PUT", "/1"), ("DELETE", "/1")):
        body = {"POST": {"email": EMAIL, "role": "PARTNER_READER"}, "PUT": {"role": "PARTNER_READER"}}
        refused = sandbox.client.request(
            method, f"/partner/people{path}", headers=headers, json=body.get(method)
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "ACCESS_DENIED"), (method, path)
