"""The pages of a sandbox: its clock, traffic whose truth is known, errors on purpose, and the rehearsal of the certification."""

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobmeter.certification.rehearsal.assessing import assess_requests
from jobmeter.people.model import Role
from jobmeter.sandbox.desk import SandboxDesk
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import bearer, open_sandbox_client

SANDBOX = "/portal/sandbox"
ROW = re.compile(
    r'<tr><th scope="row">(?:<span class="code">)?([^<]*)(?:</span>)?</th>((?:<td class="num">[^<]*</td>)+)'
)
FIGURE = re.compile(r'<td class="num">([^<]*)</td>')
MOMENT = "%Y-%m-%dT%H:%M"


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here: each begins with what it needs."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def partner(sandbox_client, database_url):
    grant = list_grants(sandbox_client.credentials)[Role.PARTNER_READER]
    return open_browser(sandbox_client, log_in(database_url, grant))


@pytest.fixture(scope="module")
def operator(sandbox_client, database_url):
    grant = list_grants(sandbox_client.credentials)[Role.OPERATOR]
    return open_browser(sandbox_client, log_in(database_url, grant, email="operator@hafenkontor.example"))


def read_rows(page):
    return {name: FIGURE.findall(cells) for name, cells in ROW.findall(page.text)}


def ask(sandbox_client, path):
    answer = sandbox_client.client.get(path, headers=bearer(sandbox_client.credentials["operator_key"]))
    assert answer.status_code == 200, answer.text
    return answer.json()


def order(sandbox_client, path, body):
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.put(path, headers=headers, json=body)


def follow(browser, answer):
    """Opens where a form leads to, as often as the page reloads itself."""
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"])
    for _ in range(200):
        if 'http-equiv="refresh"' not in page.text:
            return page
        page = browser.get(answer.headers["location"])
    raise AssertionError("the clock is still moving")


@pytest.mark.long
def test_visitors_come_by_themselves_and_what_they_really_are_is_known(sandbox_client, partner):
    for number in range(3):
        sandbox_client.post_job(f"visited-{number}")
    sandbox_client.advance_to_midnight()
    sandbox_client.advance("10h")  # the visitors of the night are few
    wrong = partner.post(f"{SANDBOX}/traffic", {"state": "on", "views": "many"})
    assert wrong.status_code == 422
    assert 'href="#views">Enter a number from 1 to 1,000' in wrong.text
    on = partner.post(f"{SANDBOX}/traffic", {"state": "on", "views": "1000"})
    assert on.headers["location"] == f"{SANDBOX}?done=traffic"
    assert "Traffic: on" in partner.get("/portal/partner").text

    until = (sandbox_client.now + timedelta(hours=3)).strftime(MOMENT)
    page = follow(partner, partner.post(f"{SANDBOX}/clock", {"to": until, "next": SANDBOX}))
    assert re.search(r'role="status">[^<]*\d views by the sandbox', page.text)
    partner.post(f"{SANDBOX}/traffic", {"state": "off", "views": "1000"})
    follow(partner, partner.post(f"{SANDBOX}/clock", {"advance": "3d", "next": SANDBOX}))

    shown = partner.get(SANDBOX)
    rows, known = read_rows(shown), ask(sandbox_client, "/sandbox/traffic")
    assert not known["isOn"]
    by_label = {one["label"]: (one["views"], one["applyClicks"]) for one in known["events"]}
    assert rows["Genuine"] == [f"{figure:,}" for figure in by_label["genuine"]]
    assert by_label["genuine"][0] > 50
    assert {"genuine", "crawler"} <= by_label.keys()
    # The crawlers were detected, and nobody else was taken for one.
    scores = {one["name"]: one for one in known["scores"]}
    assert scores["CRAWLER"]["precision"] == 1
    assert scores["CRAWLER"]["recall"] > 0.5  # the job of another test was closed while one read it
    crawler = scores["CRAWLER"]
    assert rows["Crawler"] == [str(crawler["taken"]), "100%", str(crawler["real"] - crawler["rightly"])]
    # They were charged as anybody's.
    clicks = sandbox_client.client.get("/partner/charges", headers=bearer(sandbox_client.token())).json()
    assert clicks["elements"]


def test_a_job_that_is_closed_is_not_visited_by_who_is_genuine(sandbox_client, partner):
    """Several jobs: how popular one is depends on its number, and in the evening some have no visitor in an hour."""
    names = [f"closed-early-{number}" for number in range(10)]
    for name in names:
        sandbox_client.post_job(name)
    partner.post(f"{SANDBOX}/traffic", {"state": "on", "views": "1000"})
    sandbox_client.set_clock((sandbox_client.now + timedelta(hours=1)).replace(minute=5))
    for name in names:
        sandbox_client.close_job(name)
    sandbox_client.advance("1h")
    known = {one["label"]: one for one in ask(sandbox_client, "/sandbox/traffic")["events"]}
    partner.post(f"{SANDBOX}/traffic", {"state": "off", "views": "30"})
    assert known["after_close"]["views"] > 0


def test_the_first_page_leads_to_the_demonstration(sandbox_client, partner):
    page = partner.client.get("/", headers={"Accept": "text/html"}).text
    links = sandbox_client.client.get("/").json()["links"]
    assert 'href="/portal/login#demonstration"' in page
    assert {links["demonstration"], links["sandbox"]} == {"/portal/login#demonstration", SANDBOX}
    assert 'id="demonstration"' in partner.get("/portal/login").text


def test_the_clock_is_moved_to_a_moment_and_never_back(sandbox_client, partner):
    now = sandbox_client.now
    for moment, problem in (
        ("soon", "Enter a day and a time"),
        ((now - timedelta(days=1)).strftime(MOMENT), "The clock only moves forward"),
        ((now + timedelta(days=4_000)).strftime(MOMENT), "at most ten years ahead"),
    ):
        refused = partner.post(f"{SANDBOX}/clock", {"to": moment, "next": SANDBOX})
        assert refused.status_code == 422
        assert f'href="#to">{problem}' in refused.text or problem in refused.text
        assert f'value="{moment}"' in refused.text
    wanted = (now + timedelta(hours=2)).replace(second=0, microsecond=0)
    page = follow(partner, partner.post(f"{SANDBOX}/clock", {"to": wanted.strftime(MOMENT), "next": SANDBOX}))
    assert "What happened on the way" in page.text
    assert wanted <= sandbox_client.now < wanted + timedelta(minutes=5)


def test_what_fell_due_on_the_way_is_counted_and_listed(sandbox_client, partner):
    sandbox_client.close_job("visited-0")
    sandbox_client.send_clicks(sandbox_client.post_job("settled"), 2)
    since = sandbox_client.now
    page = follow(partner, partner.post(f"{SANDBOX}/clock", {"advance": "3d", "next": SANDBOX}))
    found = ask(sandbox_client, f"/sandbox/happenings?since={since.isoformat().replace('+', '%2B')}")
    assert found["counts"]["DAY_SETTLED"] >= 1
    assert f"{found['counts']['DAY_SETTLED']} days settled" in page.text or "1 day settled" in page.text
    moments = [datetime.fromisoformat(one["at"]) for one in found["elements"]]
    assert moments == sorted(moments)
    quiet = partner.get(f"{SANDBOX}/clock?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z")
    assert "Nothing fell due on the way." in quiet.text
    assert partner.get(f"{SANDBOX}/clock?since=x&until=y").status_code == 400


def test_a_move_that_is_not_over_shows_how_far_it_is(sandbox_client, partner):
    since, until = sandbox_client.now - timedelta(hours=1), sandbox_client.now + timedelta(hours=3)
    query = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"
    page = partner.get(f"{SANDBOX}/clock?{query}&next=/portal/partner/jobs")
    assert 'http-equiv="refresh"' in page.text
    assert "25% of the way" in page.text
    assert 'href="/portal/partner/jobs"' in page.text
    # What was stopped on the way continues, after the answer if it takes long.
    app = sandbox_client.client.app
    state = app.state.jobmeter
    app.state.jobmeter = replace(
        state, sandbox=SandboxDesk(state.database, state.clock, assess_requests, wait_seconds=0)
    )
    form = {"to": re.search(r'name="to" value="([^"]*)"', page.text)[1], "next": SANDBOX}
    assert "What happened on the way" in follow(partner, partner.post(f"{SANDBOX}/clock", form)).text
    assert sandbox_client.now >= until - timedelta(seconds=1)
    app.state.jobmeter = state


def test_the_next_calls_return_an_error_on_purpose(sandbox_client, partner):
    set_form = {"code": "6018", "calls": "1"}
    assert partner.post(f"{SANDBOX}/failure", set_form).headers["location"] == f"{SANDBOX}?done=failure"
    assert "Forced failure: 6018" in partner.get("/portal/partner").text
    assert "The next call returns error 6018." in partner.get(SANDBOX).text
    failed, next_one = sandbox_client.budget(), sandbox_client.budget()
    assert (failed.status_code, failed.json()["serviceErrorCode"]) == (500, 6018)
    assert failed.headers["x-jobmeter-fail"] == "6018"
    assert next_one.status_code == 200

    partner.post(f"{SANDBOX}/failure", {"code": "1024", "calls": "all"})
    throttled = [sandbox_client.budget() for _ in range(2)]
    assert [answer.status_code for answer in throttled] == [429, 429]
    assert throttled[0].headers["retry-after"]
    assert ask(sandbox_client, "/sandbox/failure") == {"code": 1024, "callsLeft": None}
    assert "Every call returns error 1024" in partner.get(SANDBOX).text
    off = partner.post(f"{SANDBOX}/failure", {"code": "", "calls": "1"})
    assert off.headers["location"] == f"{SANDBOX}?done=failure-off"
    assert sandbox_client.budget().status_code == 200
    assert "Forced failures: none" in partner.get(SANDBOX).text

    for body in ({"code": 7}, {"code": 6018, "calls": 0}, {"calls": "many"}):
        assert order(sandbox_client, "/sandbox/failure", body).status_code in {400, 422}
    assert partner.post(f"{SANDBOX}/failure", {"code": "999999"}).status_code == 400
    assert order(sandbox_client, "/sandbox/failure", {"code": 5012, "calls": 2}).json() == {
        "code": 5012,
        "callsLeft": 2,
    }
    order(sandbox_client, "/sandbox/failure", {})


def test_the_rehearsal_is_ticked_from_the_log_of_requests(sandbox_client, partner, operator):
    def read(browser, query=""):
        page = browser.get(f"{SANDBOX}/rehearsal{query}").text
        return page, int(re.search(r'id="seen">(\d+) of \d+ shown', page)[1])

    page, _ = read(partner)
    begun = re.search(r"after=\d+", page)  # of the newest request, if there is one
    query = f"?{begun[0]}&" if begun else "?"
    page, seen = read(partner, query)
    day = sandbox_client.now.date() - timedelta(days=1)
    for _ in range(2):
        sandbox_client.report_by_ids("visited-1", days=(day, day))
    sandbox_client.budget()
    for _ in range(100):  # the log is written a moment after the answer
        page, now_seen = read(partner, f"{query}follow=1")
        if "GET /rest/partnerBudgetReports" in page:
            break
        time.sleep(0.05)
    assert "GET /rest/partnerBudgetReports" in page
    assert now_seen > seen
    assert 'http-equiv="refresh"' in page
    assert read(operator, query)[1] == now_seen  # of the first partner, whom the operator has chosen
    assert 'value="1" selected' in read(operator, "?campaigns=1")[0]
    assert operator.get(f"{SANDBOX}/rehearsal?partner=77").status_code == 404


def test_in_production_there_is_no_sandbox(cluster_url):
    for url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(url, sandbox=False, board_name="Hafenkontor") as production:
            home = production.client.get("/").json()
            assert (home["board"], set(home["links"])) == (
                "Hafenkontor",
                {"docs", "openapi", "health", "portal"},
            )
            page = production.client.get("/", headers={"Accept": "text/html"}).text
            assert "<h1>Hafenkontor</h1>" in page
            assert "demonstration" not in page
            grant = list_grants(production.credentials)[Role.PARTNER_MANAGER]
            manager = open_browser(production, log_in(url, grant), scheme="https")
            manager.client.cookies.set(
                "__Host-jobmeter", manager.client.cookies["jobmeter"], domain="board.example"
            )
            assert "SANDBOX" not in manager.get("/portal/partner").text
            for path in (SANDBOX, f"{SANDBOX}/rehearsal", f"{SANDBOX}/clock?since=1&until=2"):
                assert manager.get(path).status_code == 404, path
            for path in ("traffic", "failure", "clock"):
                assert (
                    manager.post(f"{SANDBOX}/{path}", {"advance": "1h", "views": "3"}).status_code == 404
                ), path
            refused = production.client.get(
                "/sandbox/traffic", headers=bearer(production.credentials["operator_key"])
            )
            assert refused.json()["code"] == "SANDBOX_ONLY"
