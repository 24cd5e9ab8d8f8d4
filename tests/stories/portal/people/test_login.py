"""Logging in over HTTP: by the link and the code of a mail, once, in the browser that asked; never by a GET."""

import re
import time
from html import unescape
from urllib.parse import quote

import psycopg
import pytest

from jobmeter.people.model import Grant, Role
from jobmeter.portal.frame import cookies
from tests.stories.portal.sessions import COOKIE, HTML, TOKEN, age_sessions, list_grants, log_in, open_browser
from tests.support.sandbox_client import PATIENCE_SECONDS, bearer
from tests.support.xml_partner import XML_TYPE, job_xml

EMAIL = "ida@hafenkontor.example"
SEAT = "recruiter@example.com"  # of the sandbox's contract for slots
NOBODY = "nobody@hafenkontor.example"
LINK = re.compile(r"/portal/login/link\?token=([\w-]+)")
CODE = re.compile(r"\b([A-Z2-9]{4}-[A-Z2-9]{4})\b")


@pytest.fixture
def visitor(sandbox_client):
    return open_browser(sandbox_client)


@pytest.fixture
def invited(sandbox_client):
    headers = bearer(sandbox_client.credentials["operator_key"])
    body = {"email": EMAIL, "role": "OPERATOR"}
    assert sandbox_client.client.post("/operator/people", json=body, headers=headers).status_code == 201
    return EMAIL


def ask(browser, email, **more):
    return send(browser, "/portal/login", {"email": email} | more)


def send(browser, path, form):
    """As the pages of a log-in do, also for a person who is logged in."""
    page = browser.client.get("/portal/login", headers=HTML)
    return browser.post(path, form, token=TOKEN.search(page.text)[1])


def wait_for_mail(sandbox_client, subject="Log in to Jobmeter"):
    """The newest mail, as the page of the sandbox shows it: mails are sent after the answer."""
    reader = open_browser(sandbox_client)
    for _ in range(PATIENCE_SECONDS * 20):
        mails = reader.get("/portal/sandbox/mails").text.split("<article>")[1:]
        found = [mail for mail in mails if subject in mail]
        if found:
            return LINK.search(found[0])[1], CODE.search(found[0])[1]
        time.sleep(0.05)
    raise AssertionError("no mail was sent")


def is_logged_in(browser):
    return browser.get("/portal/account").status_code == 200


def test_the_link_of_a_mail_logs_in_once_in_the_browser_that_asked(sandbox_client, visitor, invited):
    sent = ask(visitor, invited)
    assert (sent.status_code, sent.headers["location"]) == (303, "/portal/login/sent")
    token, _ = wait_for_mail(sandbox_client)
    path = f"/portal/login/link?token={token}"
    shown = visitor.get(path)
    assert "You log in as i…@hafenkontor.example." in shown.text
    assert (shown.headers["referrer-policy"], is_logged_in(visitor)) == ("strict-origin", False)
    answer = send(visitor, "/portal/login/link", {"link": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    assert visitor.get("/portal").headers["location"] == "/portal/operator"
    again = open_browser(sandbox_client)
    again.client.cookies.set(cookies.BROWSER, visitor.client.cookies[cookies.BROWSER], domain="board.example")
    assert again.get(path).headers["location"] == "/portal/login?over=1"
    used = send(again, "/portal/login/link", {"link": token})
    assert (used.headers["location"], is_logged_in(again)) == ("/portal/login?over=1", False)
    assert "The link was used already" in again.get("/portal/login?over=1").text


def test_a_program_that_checks_mails_neither_logs_in_nor_uses_the_link_up(sandbox_client, visitor, invited):
    """It opens links, follows redirects, and presses the button that it finds, with cookies or without."""
    ask(visitor, invited)
    token, _ = wait_for_mail(sandbox_client)
    path = f"/portal/login/link?token={token}"
    scanner = open_browser(sandbox_client)
    for client in (scanner.client, sandbox_client.client):
        assert client.head(path, headers=HTML).status_code == 200
        page = client.get(path, headers=HTML, follow_redirects=True)
        assert "another browser" in page.text
        assert '<form method="post" action="/portal/login/link"' not in page.text
    pressed = send(scanner, "/portal/login/link", {"link": token})
    assert (pressed.headers["location"], is_logged_in(scanner)) == ("/portal/login?over=1", False)
    without = scanner.client.post(
        "/portal/login/link", data={"link": token}, headers=HTML, follow_redirects=False
    )
    assert without.status_code == 403
    assert send(visitor, "/portal/login/link", {"link": token}).headers["location"] == "/portal"


def test_the_code_logs_in_where_the_person_began_and_not_after_five_wrong_ones(
    sandbox_client, visitor, invited
):
    ask(visitor, invited, next="/portal/account")
    _, code = wait_for_mail(sandbox_client)
    stranger = open_browser(sandbox_client)
    for browser, typed in ((stranger, code), (visitor, ""), (visitor, "ABCD-EFGH")):
        wrong = send(browser, "/portal/login/code", {"code": typed})
        assert (wrong.status_code, "This is not a valid code" in wrong.text) == (422, True)
        assert not is_logged_in(browser)
    form = {"code": code.lower().replace("-", " "), "next": "/portal/account"}
    assert send(visitor, "/portal/login/code", form).headers["location"] == "/portal/account"
    other = open_browser(sandbox_client)
    ask(other, SEAT)
    _, code = wait_for_mail(sandbox_client)
    for _ in range(5):
        send(other, "/portal/login/code", {"code": "WRONG"})
    assert send(other, "/portal/login/code", {"code": code}).status_code == 422


def test_a_link_is_late_after_fifteen_minutes(sandbox_client, visitor, invited, database_url):
    ask(visitor, invited)
    token, code = wait_for_mail(sandbox_client)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE login_requests SET made_at = made_at - interval '15 minutes'")
    assert visitor.get(f"/portal/login/link?token={token}").headers["location"] == "/portal/login?over=1"
    late = send(visitor, "/portal/login/link", {"link": token})
    assert (late.headers["location"], is_logged_in(visitor)) == ("/portal/login?over=1", False)
    assert send(visitor, "/portal/login/code", {"code": code}).status_code == 422


def test_the_answer_does_not_say_whether_an_address_is_known(sandbox_client, invited, database_url):
    """Nor the number of statements that it needed: both leave the same row."""
    answers = []
    for email in (invited, NOBODY):
        browser = open_browser(sandbox_client)
        sent = ask(browser, email)
        page = TOKEN.sub("", browser.get(sent.headers["location"]).text)
        names = sorted(name for name in sent.headers if name not in {"x-li-request-id", "set-cookie"})
        page = re.sub(r'name="once" value="[^"]*"|datetime="[^"]*"|\d\d:\d\d UTC', "", page)
        answers.append((sent.status_code, sent.headers["location"], names, page))
    assert answers[0] == answers[1]
    token, _ = wait_for_mail(sandbox_client)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT email, is_known FROM login_requests ORDER BY id").fetchall()
        everything = str(connection.execute("SELECT login_requests::text FROM login_requests").fetchall())
    assert rows == [(invited, True), (NOBODY, False)]
    assert token not in everything
    assert (
        open_browser(sandbox_client).get("/portal/sandbox/mails").text.count("<article>") == 2
    )  # one invites


def test_a_poster_of_a_job_is_known(sandbox_client, visitor):
    contract = next(row for row in sandbox_client.credentials["hiring_contracts"] if row["kind"] == "CREDITS")
    document = job_xml("j-1", contract["id"], poster=EMAIL)
    headers = bearer(sandbox_client.token("parent")) | {"Content-Type": XML_TYPE}
    posted = sandbox_client.client.post("/v1/jobs", content=document.encode(), headers=headers)
    assert posted.status_code == 201, posted.text
    ask(visitor, EMAIL)
    token, _ = wait_for_mail(sandbox_client)
    assert send(visitor, "/portal/login/link", {"link": token}).headers["location"] == "/portal"
    assert visitor.get("/portal").headers["location"] == "/portal/my/jobs"


def test_a_log_in_has_a_new_token_and_ends_the_session_before_it(sandbox_client, visitor):
    """A session that somebody else chose for the browser is none, and is not continued."""
    visitor.client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="board.example")
    ask(visitor, SEAT)
    token, _ = wait_for_mail(sandbox_client)
    send(visitor, "/portal/login/link", {"link": token})
    first = visitor.client.cookies[COOKIE]
    assert first != "chosen-by-somebody-else"
    assert is_logged_in(visitor)
    ask(visitor, SEAT)
    again = token
    while again == token:
        again, _ = wait_for_mail(sandbox_client)
    send(visitor, "/portal/login/link", {"link": again})
    assert visitor.client.cookies[COOKIE] != first
    assert not is_logged_in(open_browser(sandbox_client, first))


def test_after_the_log_in_only_pages_of_ours_are_opened(sandbox_client, visitor):
    for wanted in ("https://evil.example/", "//evil.example/portal", "/portal\\evil.example", "/docs"):
        form = {"who": "operator", "next": wanted}
        assert send(visitor, "/portal/sandbox/login", form).headers["location"] == "/portal"
        page = visitor.get(f"/portal/login?next={wanted}").text
        assert 'name="next" value="">' in page
    form = {"who": "operator", "next": "/portal/account"}
    assert send(visitor, "/portal/sandbox/login", form).headers["location"] == "/portal/account"


def test_the_page_that_was_wanted_is_opened_by_the_link_of_the_mail(sandbox_client, visitor, invited):
    wanted = "/portal/operator/partners?q=haven"
    ask(visitor, invited, next=wanted)
    token, _ = wait_for_mail(sandbox_client)
    mail = unescape(open_browser(sandbox_client).get("/portal/sandbox/mails").text)
    path = f"/portal/login/link?token={token}&next={quote(wanted, safe='')}"
    assert path in mail
    assert f'name="next" value="{wanted}"' in visitor.get(path).text
    assert 'name="next" value=""' in visitor.get(f"/portal/login/link?token={token}&next=//evil.example").text
    answer = send(visitor, "/portal/login/link", {"link": token, "next": wanted})
    assert answer.headers["location"] == wanted


def test_a_session_is_announced_before_it_ends_and_names_whom_it_is_for(sandbox_client, database_url):
    (partner, customer) = (
        list_grants(sandbox_client.credentials)[role] for role in (Role.PARTNER_READER, Role.CUSTOMER)
    )
    token = log_in(database_url, Grant(role=Role.OPERATOR), partner, customer)
    page = open_browser(sandbox_client, token).get("/portal/operator").text
    assert re.search(r'data-ends="[^"]*" data-minutes="10" hidden>', page)
    assert "Partner, read only: Sandbox Partner</option>" in page
    assert "Customer: Sandbox Partner - First Customer</option>" in page
    # As if it had been used for nearly the twelve hours that an operator's may last.
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE person_sessions SET began_at = began_at - interval '11 hours 52 minutes'")
    page = open_browser(sandbox_client, token).get("/portal/operator").text
    assert re.search(r'data-ends="[^"]*" data-minutes="10">Your session ends at', page)


def test_too_many_mails_are_refused_with_the_time_to_wait(visitor):
    for _ in range(5):
        assert ask(visitor, NOBODY).status_code == 303
    refused = ask(visitor, NOBODY)
    assert (refused.status_code, "try again in 60 minutes" in refused.text) == (429, True)
    assert ask(visitor, "x" * 300).status_code == 422
    assert "Enter your e-mail address" in ask(visitor, "nobody").text


def test_the_demonstration_has_a_person_of_each_kind(sandbox_client):
    for who, first in (
        ("operator", "/portal/operator"),
        ("partner", "/portal/partner"),
        ("poster", "/portal/my/jobs"),
    ):
        browser = open_browser(sandbox_client)
        assert send(browser, "/portal/sandbox/login", {"who": who}).status_code == 303
        assert browser.get("/portal").headers["location"] == first
    assert send(open_browser(sandbox_client), "/portal/sandbox/login", {"who": "root"}).status_code == 400


@pytest.mark.parametrize(
    "sandbox_client", [{"sandbox": False, "base_url": "https://board.example"}], indirect=True
)
def test_in_production_there_is_no_demonstration(sandbox_client):
    browser = open_browser(sandbox_client, scheme="https")
    page = browser.get("/portal/login")
    assert "Demonstration" not in page.text
    assert "__Host-jobmeter-browser=" in page.headers["set-cookie"]
    assert "Secure" in page.headers["set-cookie"]
    assert browser.get("/portal/sandbox/mails").status_code == 404
    token = TOKEN.search(page.text)[1]
    assert browser.post("/portal/sandbox/login", {"who": "operator"}, token=token).status_code == 404


def test_sessions_are_ended_one_by_one_and_all_at_once(sandbox_client):
    mine, other = open_browser(sandbox_client), open_browser(sandbox_client)
    for browser in (mine, other):
        send(browser, "/portal/sandbox/login", {"who": "operator"})
    page = mine.get("/portal/account").text
    ids = re.findall(r'name="session" value="(\d+)"', page)
    assert len(ids) == 2
    (theirs,) = set(ids) - {
        re.search(r'value="(\d+)">\s*<button[^>]*>End', page.partition("this browser")[2])[1]
    }
    ended = mine.post("/portal/account/sessions/end", {"session": theirs})
    assert ended.headers["location"] == "/portal/account?done=session"
    assert (is_logged_in(mine), is_logged_in(other)) == (True, False)
    assert mine.post("/portal/account/sessions/end", {"session": "x"}).status_code == 404
    assert mine.post("/portal/account/sessions/end-all").headers["location"] == "/portal/login?done=logout"
    assert not is_logged_in(mine)


def test_an_account_keeps_what_its_person_chose(sandbox_client, visitor):
    send(visitor, "/portal/sandbox/login", {"who": "poster"})
    form = {"name": "Ida <b>", "language": "de", "time_zone": "Europe/Berlin", "theme": "dark"}
    assert visitor.post("/portal/account", form).headers["location"] == "/portal/account?done=account"
    page = visitor.get("/portal/account?done=account").text
    assert '<html lang="de" data-theme="dark"' in page
    assert "Ida &lt;b&gt;" in page
    wrong = visitor.post("/portal/account", form | {"time_zone": "Mars", "name": "x" * 201})
    assert (wrong.status_code, wrong.text.count('class="wrongs"')) == (422, 2)


def test_a_passkey_is_added_only_shortly_after_a_log_in(sandbox_client, visitor, database_url):
    send(visitor, "/portal/sandbox/login", {"who": "operator"})
    age_sessions(database_url)
    refused = visitor.post("/portal/account/passkeys", {"credential": "{}", "passkey_name": "x"})
    assert (refused.status_code, "Confirm that it is you" in refused.text) == (403, True)
    assert visitor.post("/portal/account/passkeys/remove", {"passkey": "1"}).status_code == 404
