"""A person who is logged in proves again who they are: by the code of a mail, or a passkey; what they entered waits meanwhile."""

import re
from html import unescape

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from jobmeter.portal.frame.site import PageRow
from jobmeter.portal.pages.display import change_display
from jobmeter.portal.routes import PERSON, make_page_routes
from tests.stories.portal.people.test_login import wait_for_mail
from tests.stories.portal.sessions import COOKIE, HTML, TOKEN, age_sessions, log_in, open_browser

EMAIL = "ida@hafenkontor.example"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
FORM = {"passkey_name": "Ida's <laptop> & more", "credential": "{}"}
PASSKEYS = "/portal/account/passkeys"


@pytest.fixture
def visitor(sandbox_client, database_url):
    """Somebody whose log-in was eleven minutes ago."""
    browser = open_browser(sandbox_client, log_in(database_url, email=EMAIL))
    age_sessions(database_url)
    return browser


def read_fields(page, action):
    """The fields of the form with this action, as a browser sends them."""
    form = page.text.partition(f'action="{action}"')[2].partition("</form>")[0]
    return {name: unescape(value) for name, value in HIDDEN.findall(form)}


def press(browser, page, action, **more):
    fields = read_fields(page, action) | more
    return browser.post(action, fields, token=fields.pop("token"))


def test_a_form_waits_until_its_person_typed_the_code_of_a_mail(sandbox_client, visitor):
    refused = visitor.post(PASSKEYS, FORM)
    assert (refused.status_code, "What you entered is kept" in refused.text) == (403, True)
    asked = press(visitor, refused, "/portal/confirm/mail")
    assert f"A mail is on its way to {EMAIL}" in asked.text
    _, code = wait_for_mail(sandbox_client)
    wrong = press(visitor, asked, "/portal/confirm/code", code="ABCD-EFGH")
    assert (wrong.status_code, "This is not a valid code" in wrong.text) == (422, True)
    former = visitor.client.cookies[COOKIE]
    confirmed = press(visitor, wrong, "/portal/confirm/code", code=code)
    assert "<h1>You are confirmed</h1>" in confirmed.text
    assert visitor.client.cookies[COOKIE] != former
    assert open_browser(sandbox_client, former).get("/portal/account").status_code == 303
    fields = read_fields(confirmed, PASSKEYS)
    assert {name: fields[name] for name in FORM} == FORM
    sent = press(visitor, confirmed, PASSKEYS)
    assert (sent.status_code, "The passkey was not stored" in sent.text) == (422, True)


def test_a_page_returns_to_where_its_person_was(sandbox_client, visitor):
    page = visitor.get("/portal/confirm?next=/portal/account")
    asked = press(visitor, page, "/portal/confirm/mail")
    _, code = wait_for_mail(sandbox_client)
    answer = press(visitor, asked, "/portal/confirm/code", code=code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/account?done=confirmed")
    assert visitor.post(PASSKEYS, FORM).status_code == 422
    assert visitor.post("/portal/confirm/code", {"code": code}).status_code == 422


def test_only_forms_that_wait_are_sent_again(visitor):
    for path in ("https://evil.example/", "/portal/logout", "//evil.example/portal/account/passkeys", ""):
        page = visitor.get("/portal/confirm")
        asked = press(visitor, page, "/portal/confirm/mail", waiting_path=path, waiting_fields="a=b")
        assert "waiting_path" not in asked.text


def test_a_signature_that_is_none_confirms_nothing(visitor):
    refused = visitor.post(PASSKEYS, FORM)
    wrong = visitor.post(
        "/portal/confirm/passkey",
        {"credential": "{}", "waiting_path": PASSKEYS, "waiting_fields": "passkey_name=x"},
    )
    assert (wrong.status_code, "The passkey was not accepted" in wrong.text) == (422, True)
    assert read_fields(wrong, "/portal/confirm/mail")["waiting_fields"] == "passkey_name=x"
    assert visitor.post(PASSKEYS, FORM).status_code == refused.status_code


def test_a_page_that_needs_it_asks_first(sandbox_client, database_url):
    async def show(visit):
        return visit.redirect("/portal/account")

    rows = [
        PageRow("GET", "/portal/secret", show, roles=PERSON, needs_confirmation=True, summary="Is shown"),
        PageRow("POST", "/portal/display", change_display, roles=None, summary="Is a form"),
    ]
    app = Starlette(routes=make_page_routes(rows))
    app.state.jobmeter = sandbox_client.client.app.state.jobmeter
    client = TestClient(app, base_url="http://board.example", follow_redirects=False)
    client.portal = sandbox_client.client.portal
    client.cookies.set(COOKIE, log_in(database_url, email=EMAIL), domain="board.example")
    assert client.get("/portal/secret", headers=HTML).headers["location"] == "/portal/account"
    age_sessions(database_url)
    asked = client.get("/portal/secret?a=b", headers=HTML)
    assert asked.headers["location"] == "/portal/confirm?next=%2Fportal%2Fsecret%3Fa%3Db"
    assert TOKEN.search(asked.text) is None
