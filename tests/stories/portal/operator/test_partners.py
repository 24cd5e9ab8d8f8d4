"""The operator's pages of partners: found, added, named, looked at; the secrets of their applications, and stopping one."""

import re

import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.operator.scene import list_acts, number_of, open_as, press
from tests.stories.portal.sessions import COOKIE, age_sessions
from tests.support.sandbox_client import bearer, open_sandbox_client

PARTNERS = "/portal/operator/partners"
SECRET = re.compile(r'<code id="secret">([^<]+)</code>')
CLIENT_ID = re.compile(r'<code id="client-id">([^<]+)</code>')
ROWS = re.compile(r'<a href="/portal/operator/partners/(\d+)" dir="auto">([^<]*)</a>')


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here: each adds partners of its own."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def operator(sandbox_client, database_url):
    return open_as(sandbox_client, database_url)


def add(operator, name, reference=""):
    page = operator.get(f"{PARTNERS}/new")
    return press(operator, page, f"{PARTNERS}/new", name=name, reference=reference)


def find_number(operator, text):
    ((number, _),) = ROWS.findall(operator.get(f"{PARTNERS}?q={text}").text)
    return int(number)


def sign_in(sandbox_client, client_id, secret):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return sandbox_client.client.post("/oauth/v2/accessToken", data=form).status_code


def test_a_partner_is_added_with_a_secret_that_is_shown_once(sandbox_client, operator):
    added = add(operator, "Nordwind <b>", "C-17")
    client_id, secret = CLIENT_ID.search(added.text)[1], SECRET.search(added.text)[1]
    assert sign_in(sandbox_client, client_id, secret) == 200
    assert "Nordwind &lt;b&gt;" in added.text
    number = find_number(operator, "C-17")
    assert find_number(operator, "nordwind") == find_number(operator, str(number)) == number
    shown = (
        operator.get(f"{PARTNERS}/{number}").text
        + operator.get(f"/portal/operator/applications/{number}").text
    )
    assert secret not in shown
    assert f"…{secret[-4:]}" in shown
    act = list_acts(sandbox_client, action="partner.create")[0]
    assert (act["who"]["kind"], act["who"]["name"], act["door"]) == (
        "OPERATOR_PERSON",
        "ada@board.example",
        "PORTAL",
    )
    assert act["after"]["reference"] == "C-17"


def test_a_name_that_exists_is_asked_about(sandbox_client, operator):
    add(operator, "Kassa", "C-18")
    number = find_number(operator, "C-18")
    again = add(operator, "kassa")
    assert (again.status_code, "There is a partner of this name" in again.text) == (422, True)
    assert f'href="{PARTNERS}/{number}"' in again.text
    taken = add(operator, "Another", "C-18")
    assert "Another partner has this reference" in taken.text
    assert f'href="{PARTNERS}/{number}"' in taken.text
    known = add(operator, "Kassa", "C-18")
    assert known.headers["location"] == f"{PARTNERS}/{number}?done=partner-known"
    assert add(operator, " ").text.count('class="wrongs"') == 1
    assert add(operator, "x" * 201, "y" * 101).text.count('class="wrongs"') == 2


def test_a_partner_is_renamed(sandbox_client, operator):
    add(operator, "Old name", "C-19")
    number = find_number(operator, "C-19")
    path, page = f"{PARTNERS}/{number}/change", operator.get(f"{PARTNERS}/{number}")
    changed = press(operator, page, path, name="New name", reference="")
    assert changed.headers["location"] == f"{PARTNERS}/{number}?done=partner"
    act = list_acts(sandbox_client, action="partner.change", subject=number)[0]
    assert (act["before"], act["after"]) == (
        {"name": "Old name", "reference": "C-19"},
        {"name": "New name", "reference": None},
    )
    add(operator, "Taken")
    taken = press(operator, page, path, name="taken", reference="kept")
    assert (taken.status_code, 'value="kept"' in taken.text) == (422, True)


def test_a_lost_secret_is_replaced(sandbox_client, operator):
    added = add(operator, "Forgetful", "C-20")
    client_id, first = CLIENT_ID.search(added.text)[1], SECRET.search(added.text)[1]
    path = f"/portal/operator/applications/{find_number(operator, 'C-20')}"

    def make(others):
        return press(operator, operator.get(path), f"{path}/secrets", others=others)

    second = SECRET.search(make("add").text)[1]
    assert [sign_in(sandbox_client, client_id, one) for one in (first, second)] == [200, 200]
    many = make("add")
    assert (many.status_code, "There are two secrets already" in many.text) == (422, True)
    third = SECRET.search(make("retire").text)[1]
    assert [sign_in(sandbox_client, client_id, one) for one in (first, second, third)] == [401, 200, 200]
    fourth = SECRET.search(make("revoke").text)[1]
    assert [sign_in(sandbox_client, client_id, one) for one in (second, third, fourth)] == [401, 401, 200]
    assert make("x").status_code == 400
    assert len(list_acts(sandbox_client, action="application.addSecret")) == 3


def test_an_application_is_stopped_after_its_page_said_what_that_does(sandbox_client, operator):
    added = add(operator, "Noisy", "C-21")
    client_id, secret = CLIENT_ID.search(added.text)[1], SECRET.search(added.text)[1]
    path = f"/portal/operator/applications/{find_number(operator, 'C-21')}"
    asked = operator.get(f"{path}/tokens")
    assert "Its tokens are revoked" in asked.text
    stopped = press(operator, asked, f"{path}/tokens", children="1")
    assert stopped.headers["location"] == f"{path}?done=application-stopped"
    assert sign_in(sandbox_client, client_id, secret) != 200
    assert operator.get(f"{path}/tokens").headers["location"] == path
    permitted = press(operator, operator.get(path), f"{path}/tokens")
    assert permitted.headers["location"] == f"{path}?done=application-permitted"
    assert sign_in(sandbox_client, client_id, secret) == 200


def test_the_page_of_a_partner_shows_its_contracts_applications_and_people(sandbox_client, operator):
    number, child = number_of(sandbox_client, "parent"), number_of(sandbox_client, "child")
    page = operator.get(f"{PARTNERS}/{number}").text
    assert "of a limit of 1,000,000.00" in page
    assert f'href="/portal/operator/applications/{child}"' in page
    listed = operator.get(f"/portal/operator/applications?partner={number}").text
    assert f'href="/portal/operator/applications/{child}"' in listed
    assert "1,000,000.00 USD spent or reserved" in operator.get(f"{PARTNERS}?q={number}").text
    assert operator.get(f"{PARTNERS}/{child}").status_code == 404
    assert "No partner matches" in operator.get(f"{PARTNERS}?q=nothing-like-it").text


def test_the_operator_looks_at_a_partner_s_pages_and_changes_nothing(sandbox_client, database_url):
    operator, number = open_as(sandbox_client, database_url), number_of(sandbox_client, "parent")
    page, former = operator.get(f"{PARTNERS}/{number}"), operator.client.cookies[COOKIE]
    opened = press(operator, page, f"{PARTNERS}/{number}/look")
    assert opened.headers["location"] == "/portal/partner"
    assert operator.client.cookies[COOKIE] != former
    overview = operator.get("/portal/partner")
    assert f"You look at the pages of partner {number}" in overview.text
    assert "of a limit of 1,000,000.00" in overview.text
    act = list_acts(sandbox_client, action="partner.look")[0]
    assert (act["who"]["kind"], act["subject"]["id"], act["partner"]) == (
        "OPERATOR_PERSON",
        str(number),
        number,
    )
    own = sandbox_client.client.get("/partner/audit", headers=bearer(sandbox_client.token("parent"))).json()
    shown = own["elements"][0]
    assert (shown["action"], shown["who"]["kind"], shown["who"]["name"]) == (
        "partner.look",
        "OPERATOR_PERSON",
        None,
    )
    refused = operator.post("/portal/partner/people", {"email": "x@y.example", "role": "PARTNER_READER"})
    assert (refused.status_code, "Your role may not do this" in refused.text) == (403, True)
    assert operator.get(PARTNERS).status_code == 403
    (grant,) = re.findall(r'name="grant" value="(\d+)"', overview.text)
    ended = operator.post("/portal/role", {"grant": grant})
    assert ended.headers["location"] == "/portal?done=role"
    assert operator.get(PARTNERS).status_code == 200
    assert operator.get("/portal/partner").status_code == 403


def test_a_look_is_kept_through_a_confirmation_and_ends_with_the_role(sandbox_client, database_url):
    email, number = "grace@board.example", number_of(sandbox_client, "parent")
    operator = open_as(sandbox_client, database_url, email=email)
    press(operator, operator.get(f"{PARTNERS}/{number}"), f"{PARTNERS}/{number}/look")
    age_sessions(database_url, email)
    refused = operator.post("/portal/account/passkeys", {"credential": "{}"})
    assert (refused.status_code, "Confirm that it is you" in refused.text) == (403, True)
    operator.post("/portal/role", {"grant": ""})
    assert operator.get("/portal/partner").status_code == 403


def test_a_reader_sees_no_buttons_and_may_look(sandbox_client, database_url):
    reader = open_as(sandbox_client, database_url, Role.OPERATOR_READER, "eve@board.example")
    number = number_of(sandbox_client, "parent")
    for path in (PARTNERS, f"{PARTNERS}/{number}", f"/portal/operator/applications/{number}"):
        forms = re.findall(r'<form method="post"[^>]* action="([^"]*)"', reader.get(path).text)
        own = [form for form in forms if form.startswith("/portal/operator") and not form.endswith("/look")]
        assert own == []
    assert press(reader, reader.get(f"{PARTNERS}/{number}"), f"{PARTNERS}/{number}/look").status_code == 303
