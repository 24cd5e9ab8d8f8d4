"""Every page and form with every role, and without one: who may use it, what a form needs, which headers a browser is sent.

The requests are generated from the table of pages, so that new pages are covered automatically.
"""

import re
from uuid import uuid4

import pytest

from jobmeter.people.model import Role
from jobmeter.portal.frame.headers import HEADERS
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.routes import PAGES
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.sessions import COOKIE, HTML, age_sessions, list_grants, log_in, open_browser
from tests.support.sandbox_client import open_sandbox_client
from tests.support.scenario import one_of

NOBODY = "00000000-0000-4000-8000-000000000000"
JSON = {"Accept": "application/json"}
FORMS = [row for row in PAGES if row.method == "POST"]
# These end the session, or that of the first person, who is one of those here.
ENDING = (
    *("/portal/role", "/portal/logout", "/portal/account/sessions/end-all"),
    *(row.path for row in PAGES if row.path.startswith("/portal/operator/people/{person_id:int}/")),
)
REFUSED = {"FORM_NOT_OURS", "LOGIN_NEEDED", "PAGE_NOT_ALLOWED"}


@pytest.fixture
def browsers(sandbox_client, database_url):
    return open_browsers(sandbox_client, database_url)


@pytest.fixture(scope="module")
def shared(cluster_url):
    """The browsers of a sandbox for tests that are refused or only read."""
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url, chores=False) as sandbox_client:
            yield open_browsers(sandbox_client, database_url)


def open_browsers(sandbox_client, database_url):
    """A browser for each role, and one without a session."""
    grants = list_grants(sandbox_client.credentials)
    found = {
        role: open_browser(sandbox_client, log_in(database_url, grant, email=f"{role}@hafenkontor.example"))
        for role, grant in grants.items()
    }
    return found | {None: open_browser(sandbox_client)}


def address_of(row):
    """With the id of nothing, wherever the path has one."""
    return re.sub(r"\{[^}]*\}", lambda slot: NOBODY if slot[0].endswith(":uuid}") else "77777", row.path)


def send(browser, row):
    """A page is opened; a form is sent without fields, which is enough to be let in or not."""
    if row.method == "GET":
        return browser.get(address_of(row), **JSON)
    return browser.post(address_of(row), **JSON)


def read_code(answer):
    return answer.json().get("code", "") if answer.headers.get("content-type") == "application/json" else ""


@pytest.mark.long
@pytest.mark.parametrize("sandbox_client", [{"chores": False}], indirect=True, ids=["no chores"])
@one_of(3)
def test_every_page_is_open_to_its_roles_alone_and_has_the_headers_of_a_page(
    sandbox_client, database_url, browsers, every
):
    """To one of ``every`` of them, and to none of ``every`` others; which ones differs from page to page."""
    wrong, tried = [], set()
    for number, row in enumerate(sorted(PAGES, key=lambda row: row.path in ENDING)):
        if row.path in ENDING:
            browsers = open_browsers(sandbox_client, database_url)
        for role in list_tried(row, number, every):
            browser = browsers[role]
            tried.add((row.path, role is not None and (row.roles is None or role in row.roles)))
            answer = send(browser, row)
            code = read_code(answer)
            if row.roles is None or (role is not None and role in row.roles):
                expected = ""
            else:
                expected = "LOGIN_NEEDED" if role is None else "PAGE_NOT_ALLOWED"
            if (code if code in REFUSED else "") != expected:
                wrong.append((row.method, row.path, role, code))
            wrong += [(row.method, row.path, role, name) for name in list_wrong_headers(answer)]
    assert wrong == []
    assert tried >= {(row.path, True) for row in PAGES}


def list_tried(row, number, every):
    """Those who may use the page, and those who may not, nobody included: one of ``every`` in each group."""
    allowed = [role for role in Role if row.roles is None or role in row.roles]
    others = [None, *(role for role in Role if role not in allowed)]
    return [role for group in (allowed, others) for role in group[number % min(every, len(group)) :: every]]


def list_wrong_headers(answer):
    headers = answer.headers
    found = [name for name, value in HEADERS.items() if headers.get(name) != value]
    found += [] if headers.get("x-content-type-options") == "nosniff" else ["x-content-type-options"]
    found += [] if headers.get("referrer-policy") in {"same-origin", "strict-origin"} else ["referrer-policy"]
    found += [] if headers.get("cache-control") == "no-store" else ["cache-control"]
    return found if headers.get("x-li-request-id") else [*found, "x-li-request-id"]


def test_who_is_not_logged_in_is_sent_to_log_in_and_back(shared):
    answer = shared[None].get("/portal/my/jobs?state=open")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/portal/login?next=%2Fportal%2Fmy%2Fjobs%3Fstate%3Dopen",
    )


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row.path)
def test_a_form_is_refused_from_elsewhere(shared, row):
    member = next(role for role in Role if row.roles is None or role in row.roles)
    for browser in (shared[member], *([shared[None]] if row.roles is None else [])):
        ours, others = browser.read_token(), shared[Role.OPERATOR_READER].read_token()
        sent = {
            "cross-site": browser.post(address_of(row), **{"Sec-Fetch-Site": "cross-site"}),
            "same-site": browser.post(address_of(row), **{"Sec-Fetch-Site": "same-site"}),
            "no token": browser.post(address_of(row), token=""),
            "wrong token": browser.post(address_of(row), token="0" * 64),
            "another session": browser.post(address_of(row), token=others),
            "another origin": browser.client.post(
                address_of(row), data={"token": ours}, headers=HTML | {"Origin": "https://evil.example"}
            ),
            "no origin": browser.client.post(
                address_of(row), data={"token": ours}, headers=HTML | {"Origin": "null"}
            ),
        }
        assert {name: answer.status_code for name, answer in sent.items()} == dict.fromkeys(sent, 403)
        assert all("FORM_NOT_OURS" in answer.text for answer in sent.values())


def test_what_needs_a_confirmation_is_refused_long_after_a_log_in(browsers, database_url):
    """Once it is confirmed, the handler answers: nothing of what it needs is in this form."""
    wanted = [
        (row, role) for row in FORMS if row.needs_confirmation for role in sorted(row.roles & set(browsers))
    ]
    assert wanted
    confirmed = [read_code(send(browsers[role], row)) for row, role in wanted]
    assert "CONFIRMATION_NEEDED" not in confirmed
    age_sessions(database_url)
    late = [read_code(send(browsers[role], row)) for row, role in wanted]
    assert late == ["CONFIRMATION_NEEDED"] * len(wanted)


def test_a_browser_that_sends_no_fetch_metadata_needs_the_token_alone(browsers):
    browser = browsers[Role.MEMBER]
    token = browser.read_token()
    for headers in ({}, {"Origin": "http://board.example"}):
        answer = browser.client.post(
            "/portal/display",
            data={"token": token, "theme": "dark"},
            headers=HTML | headers,
            follow_redirects=False,
        )
        assert answer.status_code == 303


def test_only_a_form_is_read_as_a_form(browsers):
    browser = browsers[Role.MEMBER]
    fetch = {"Sec-Fetch-Site": "same-origin"}
    as_json = browser.client.post(
        "/portal/display", json={"token": browser.read_token()}, headers=JSON | fetch
    )
    assert as_json.json()["code"] == "invalid_request"
    many = {"token": browser.read_token()} | {f"field{at}": "" for at in range(200)}
    assert (
        browser.client.post("/portal/display", data=many, headers=JSON | fetch).json()["code"]
        == "invalid_request"
    )
    long = browser.post("/portal/display", {"note": "x" * 1_000_001})
    assert (long.status_code, "The form is too long" in long.text) == (413, True)


def test_what_is_no_page_has_the_headers_of_one(shared):
    member = shared[Role.MEMBER]
    for answer in (
        member.get("/portal/nothing"),
        member.get("/portal/logout"),
        member.post("/portal/display", token=""),
    ):
        assert list_wrong_headers(answer) == [], answer.url


def test_refusals_are_pages_for_people(browsers):
    member = browsers[Role.MEMBER]
    for answer, status, title in (
        (member.get("/portal/nothing"), 404, "There is nothing here"),
        (member.get("/portal/logout"), 405, "Not possible here"),
        (member.get("/portal/operator"), 403, "Your role may not do this"),
        (member.post("/portal/role", {"grant": "77"}), 404, "There is nothing here"),
        (member.post("/portal/role", {"grant": "x"}), 404, "There is nothing here"),
        (browsers[None].post("/portal/logout"), 403, "You are not logged in any more"),
    ):
        assert answer.status_code == status
        assert f"<h1>{title}</h1>" in answer.text
        assert answer.headers["x-li-request-id"] in answer.text
        assert "Nothing was changed" in answer.text
    assert member.get("/portal/logout").headers["allow"] == "POST"


def test_a_form_returns_to_pages_of_ours_alone(browsers):
    member = browsers[Role.MEMBER]
    for wanted, found in (
        ("/portal/my/jobs", "/portal/my/jobs?done=display"),
        ("/portal/my/jobs?state=open", "/portal/my/jobs?state=open&done=display"),
        ("//evil.example/portal", "/portal?done=display"),
        ("https://evil.example/portal", "/portal?done=display"),
        ("/portal/../evil", "/portal?done=display"),
        ("/portal\\evil.example", "/portal?done=display"),
        ("/portal/my/jobs\r\nSet-Cookie: a=b", "/portal?done=display"),
        ("/portal/logout", "/portal?done=display"),  # a form, not a page
        ("/portal/nothing", "/portal?done=display"),
        ("/docs", "/portal?done=display"),
    ):
        answer = member.post("/portal/display", {"next": wanted})
        assert (answer.status_code, answer.headers["location"]) == (303, found)
    assert 'role="status">The display is changed<' in member.get("/portal/my/jobs?done=display").text
    unknown = member.get("/portal/my/jobs?done=<b>").text
    assert "The display is changed" not in unknown
    assert "<b>" not in unknown


def test_another_role_is_another_session(sandbox_client, database_url):
    grants = list_grants(sandbox_client.credentials)
    token = log_in(database_url, grants[Role.OPERATOR], grants[Role.PARTNER_READER])
    browser = open_browser(sandbox_client, token)
    page = browser.get("/portal/operator").text
    wanted = page.partition("Partner, read only")[0].rpartition('<option value="')[2].partition('"')[0]
    changed = browser.post("/portal/role", {"grant": wanted})
    assert (changed.status_code, changed.headers["location"]) == (303, "/portal?done=role")
    assert browser.client.cookies[COOKIE] != token
    assert browser.get("/portal").headers["location"] == "/portal/partner?done="[:-6]
    assert browser.get("/portal/operator").status_code == 403
    assert open_browser(sandbox_client, token).get("/portal").headers["location"].startswith("/portal/login")
    as_member = browser.post("/portal/role", {"grant": ""})
    assert as_member.status_code == 303
    assert browser.get("/portal").headers["location"] == "/portal/my/jobs"


def test_who_logs_out_is_logged_out(sandbox_client, database_url):
    token = log_in(database_url)
    browser = open_browser(sandbox_client, token)
    answer = browser.post("/portal/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/login?done=logout")
    assert COOKIE not in browser.client.cookies
    assert open_browser(sandbox_client, token).get("/portal/my/jobs").status_code == 303


def test_a_session_is_not_taken_from_a_stranger(sandbox_client):
    chosen = open_browser(sandbox_client, "chosen-by-somebody-else")
    assert chosen.get("/portal/my/jobs").headers["location"].startswith("/portal/login")
    assert COOKIE not in chosen.get("/portal/login").headers.get("set-cookie", "").replace(
        "jobmeter-browser", ""
    )


def test_the_clock_is_moved_once_by_one_form(browsers, sandbox_client):
    member, before = browsers[Role.MEMBER], sandbox_client.now
    form = {"advance": "1d", "once": uuid4().hex, "next": "/portal/my/jobs"}
    token = member.read_token()
    first, second = (member.post("/portal/sandbox/clock", form, token=token) for _ in range(2))
    assert first.headers["location"] == second.headers["location"] == "/portal/my/jobs?done=clock"
    assert second.headers["idempotency-replayed"] == "true"
    assert 86_400 <= (sandbox_client.now - before).total_seconds() < 2 * 86_400
    assert member.post("/portal/sandbox/clock", {"advance": "9d"}).status_code == 400
    assert member.get("/portal/my/jobs").status_code == 200  # the session lasts by the machine's time


def test_every_path_is_below_the_portal():
    assert all(row.path == ROOT or row.path.startswith(f"{ROOT}/") for row in PAGES)
