"""The operator's pages of settlement and of invalid traffic: what was reversed, what another setting would do, and that it then does."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import bearer, make_event, open_sandbox_client

RULES = "/portal/operator/invalid-traffic"
BURST = f"{RULES}/VISITOR_BURST"
HIDDEN = re.compile(r'<input type="hidden" name="(is_on|jobs_max|window_minutes)" value="([^"]*)"')
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def days(sandbox_client):
    """A day that is final, with a double click and one of a crawler; a day on which one visitor clicked on three jobs, each
    of them with a budget of two clicks, which others had begun to spend; and a day of one click that stays open.
    """
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "3.00"}}
    jobs = [sandbox_client.post_job(f"job-{at}", budget=budget) for at in range(3)]
    at, first = sandbox_client.now_ms, sandbox_client.now.date()
    clicks = [("ada", 0, {}), ("ada", 0, {}), ("bo", 1, {}), ("crawler", 1, {"isCrawler": True})]
    send(
        sandbox_client, [(visitor, jobs[job], at + n, more) for n, (visitor, job, more) in enumerate(clicks)]
    )
    sandbox_client.advance_to_midnight(days=3)
    at, second = sandbox_client.now_ms, sandbox_client.now.date()
    # Of the first job one click is left to pay for: the visitor's second click on it would be free.
    send(
        sandbox_client,
        [("cy", jobs[0], at, {}), *(("dee", job, at + 1 + n, {}) for n, job in enumerate(jobs))],
    )
    sandbox_client.advance_to_midnight()
    third = sandbox_client.now.date()
    send(sandbox_client, [("eve", jobs[2], sandbox_client.now_ms, {})])
    sandbox_client.advance("2m")
    return first, second, third


def send(sandbox_client, clicks):
    events = [
        make_event(
            job_id, f"{visitor}-{job_id}-{time_ms}", time_ms, type="applyClick", visitor=visitor, **more
        )
        for visitor, job_id, time_ms, more in clicks
    ]
    assert sandbox_client.send(events).status_code == 200


@pytest.fixture(scope="module")
def browsers(sandbox_client, database_url, days):
    grants = list_grants(sandbox_client.credentials)
    return {
        role: open_browser(sandbox_client, log_in(database_url, grants[role], email=f"{role}@board.example"))
        for role in (Role.OPERATOR, Role.OPERATOR_READER)
    }


def ask(sandbox_client, path):
    headers = bearer(sandbox_client.credentials["operator_key"])
    answer = sandbox_client.client.get(f"/operator/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def list_cells(page, name):
    """The cells of each row of a table, as they are read."""
    table = page.partition(f'aria-label="{name}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [unescape(" ".join(TAG.sub(" ", cell).split())) for cell in CELL.findall(row)]
        for row in table.split("</tr>")[:-1]
    ]


def test_days_are_listed_with_what_settlement_did(browsers, days, sandbox_client):
    page = browsers[Role.OPERATOR_READER].get("/portal/operator/settlement").text
    shown = {row[0].split(" ")[0]: row for row in list_cells(page, "Settlement days")}
    first, third = (shown[str(day.day)] for day in (days[0], days[2]))
    assert first[1:5] == ["final", "3", "1", "0"]
    assert first[-1] == "3.00 USD"
    assert "1: the visitor had already clicked on this job that day" in first[0]
    assert third[1:4] == ["estimated", "", ""]
    assert third[-1] == "1.50 USD"
    answer = browsers[Role.OPERATOR_READER].get("/portal/operator/settlement.csv")
    lines = {row["day"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    line = lines[days[0].isoformat()]
    assert (line["state"], line["clicks"], line["reversedRepeatedClick"], line["charge"], line["currencyCode"]) == (
        "FINAL", "3", "1", "3.00", "USD",
    )  # fmt: skip
    assert lines[days[2].isoformat()]["charge"] == "1.50"


@pytest.mark.long
def test_a_day_shows_its_rules_and_jobs(browsers, days, sandbox_client):
    browser, (first, _, third) = browsers[Role.OPERATOR_READER], days
    page = browser.get(f"/portal/operator/settlement/{first}").text
    assert list_cells(page, "Reversed by rule") == [
        ["the visitor had already clicked on this job that day REPEATED_CLICK", "1", "1", "1.50 USD"]
    ]
    (job,) = list_cells(page, "Jobs with most reversed clicks")
    assert job[1:] == ["0", "-1", "-1.50 USD"]
    assert "No event arrived after the day was in reports." in page
    (refused,) = list_cells(page, "Did not count at intake")
    assert refused == ["it is a crawler's, by its user agent or as declared", "1"]
    assert (
        "The clicks of this day are checked when it is settled."
        in browser.get(f"/portal/operator/settlement/{third}").text
    )
    for unknown in (first - timedelta(days=400), "9999-12-31", "0001-01-01", "yesterday", "2026-02-30"):
        assert browser.get(f"/portal/operator/settlement/{unknown}").status_code == 404
    found = ask(sandbox_client, f"settlementDays/{first}")
    assert found == ask(sandbox_client, f"settlementDays/{found['id']}")
    effect = {
        "rule": "REPEATED_CLICK",
        "clicks": 1,
        "clicksCharged": 1,
        "amount": "1.50",
        "currencyCode": "USD",
    }
    assert found["effects"] == [effect]
    assert [(one["views"], one["clicks"], one["amount"]) for one in found["jobsReversed"]] == [
        (0, -1, "-1.50")
    ]
    assert found["jobsLate"] == []


def test_rules_show_their_setting_and_counts(browsers, days, sandbox_client):
    page = browsers[Role.OPERATOR_READER].get(RULES).text
    rows = {row[0]: row[1:] for row in list_cells(page, "Rules of settlement")}
    burst = (
        "too many jobs were clicked from one network at once more than 100 jobs within 10 min · ADDRESS_BURST"
    )
    assert rows[burst][0] == "on"
    assert rows["the visitor never viewed the job NO_VIEW"][0] == "off"
    (repeated,) = (row for name, row in rows.items() if "REPEATED_CLICK" in name)
    assert repeated[-1] == "1"
    (crawlers,) = (row for row in list_cells(page, "Filters of intake") if "CRAWLER" in row[0])
    assert crawlers[-1] == "1"
    counted = ask(sandbox_client, f"refusedClicks?from={days[0]}&to={days[0]}")["elements"]
    assert counted == [{"day": days[0].isoformat(), "reason": "CRAWLER", "clicks": 1}]


@pytest.mark.parametrize(
    "query", ["from=2026-01-01&to=2026-03-01", "from=2026-03-02&to=2026-03-01", "from=x"]
)
def test_days_of_refused_clicks_are_limited(sandbox_client, query):
    headers = bearer(sandbox_client.credentials["operator_key"])
    assert sandbox_client.client.get(f"/operator/refusedClicks?{query}", headers=headers).status_code == 400


def test_a_wrong_setting_is_explained_at_its_field(browsers, days):
    for query in ("is_on=on&jobs_max=0&window_minutes=x", "is_on=on&jobs_max=&window_minutes=99999999999"):
        page = browsers[Role.OPERATOR].get(f"{BURST}?{query}")
        assert page.status_code == 422
        assert page.text.count("Enter a whole number, at least 1") == 4
    assert browsers[Role.OPERATOR].get(f"{BURST}?is_on=maybe&jobs_max=1&window_minutes=1").status_code == 422
    assert browsers[Role.OPERATOR].get(f"{RULES}/UNHEARD").status_code == 404
    refused = browsers[Role.OPERATOR].post(BURST, {"is_on": "on", "jobs_max": "-1", "window_minutes": "5"})
    assert (refused.status_code, "Enter a whole number" in refused.text) == (422, True)


def test_a_setting_is_tried_saved_and_does_what_the_trial_said(browsers, days, sandbox_client):
    # given the present setting, under which the day of the burst would keep its clicks
    reader, operator = browsers[Role.OPERATOR_READER], browsers[Role.OPERATOR]
    asked = "is_on=on&jobs_max=2&window_minutes=5"
    assert "Save this setting" not in reader.get(f"{BURST}?{asked}").text

    # when it is tried
    page = operator.get(f"{BURST}?{asked}").text
    by_day = {row[0].split(" ")[0]: row[1:] for row in list_cells(page, "Day")}
    first, second = (by_day[str(day.day)] for day in days[:2])
    assert first == ["1", "1", "0"]
    # Three clicks of one visitor. The budget of the first job, of which a click was reversed, paid for one of the two.
    assert second == ["0", "3", "3.00 USD"]
    assert "Clicks reversed: 4 instead of 1." in page
    assert "3.00 USD more would return to the jobs." in page
    trial = ask(sandbox_client, "settlementRules/VISITOR_BURST/trial?jobsMax=2&windowMinutes=5")
    expected = next(one for one in trial["elements"] if one["day"] == days[1].isoformat())
    assert (trial["before"]["jobsMax"], trial["after"]["jobsMax"]) == (20, 2)
    assert ask(sandbox_client, "settlementRules/VISITOR_BURST/trial?days=1")["elements"][0]["after"] == []
    rules = {one["rule"]: one for one in ask(sandbox_client, "settlementRules")["elements"]}
    assert rules["VISITOR_BURST"]["jobsMax"] == 20  # a trial changes nothing

    # and saved
    form = dict(HIDDEN.findall(page))
    assert reader.post(BURST, form).status_code == 403
    saved = operator.post(BURST, form)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{RULES}?done=rule")
    (act,) = ask(sandbox_client, "audit?action=settlementRule.set")["elements"]
    assert (act["who"]["name"], act["before"], act["after"]) == (
        "operator@board.example",
        {"jobsMax": 20, "windowMinutes": 10},
        {"jobsMax": 2, "windowMinutes": 5},
    )

    # then settlement reverses exactly what the trial reported, and a trial of the settled day reports the same
    sandbox_client.advance_to_midnight(days=2)
    assert ask(sandbox_client, f"settlementDays/{days[1]}")["effects"] == expected["after"]
    again = ask(sandbox_client, "settlementRules/VISITOR_BURST/trial")
    (settled,) = (one for one in again["elements"] if one["day"] == days[1].isoformat())
    assert settled["before"] == settled["after"] == expected["after"]


@pytest.mark.parametrize("query", ["isOn=maybe", "jobsMax=0", "windowMinutes=x", "days=x"])
def test_a_trial_of_an_impossible_setting_is_refused(sandbox_client, query):
    headers = bearer(sandbox_client.credentials["operator_key"])
    path = "/operator/settlementRules/VISITOR_BURST/trial"
    assert sandbox_client.client.get(f"{path}?{query}", headers=headers).status_code == 400
    assert (
        sandbox_client.client.get("/operator/settlementRules/NONE/trial", headers=headers).status_code == 404
    )


def test_exclusions_are_added_and_removed_with_a_record(browsers, days, sandbox_client):
    path, operator = "/portal/operator/exclusions", browsers[Role.OPERATOR]
    job_id = ask(sandbox_client, "jobs?externalId=job-0")["elements"][0]["id"]
    for form, where in (
        ({"criterion": "VISITOR", "subject": "", "note": "x"}, "subject"),
        ({"criterion": "ADDRESS", "subject": "nowhere", "note": "x"}, "subject"),
        ({"criterion": "JOB", "subject": "77", "note": "x"}, "subject"),
        ({"criterion": "JOB", "subject": "9" * 30, "note": "x"}, "subject"),
        ({"criterion": "EVENT", "subject": "id", "source": "", "note": "x"}, "subject"),
        ({"criterion": "DAY", "note": "x"}, "day"),
        ({"criterion": "DAY", "day": days[0].isoformat(), "note": "x"}, "day"),  # is settled
        ({"criterion": "VISITOR", "subject": "ada", "day": "soon", "note": "x"}, "day"),
        ({"criterion": "VISITOR", "subject": "ada", "note": ""}, "note"),
    ):
        wrong = operator.post(path, form)
        assert (wrong.status_code, f'href="#{where}"' in wrong.text) == (422, True), form
    assert browsers[Role.OPERATOR_READER].post(path, form).status_code == 403
    for form in (
        {"criterion": "ADDRESS", "subject": "192.0.2.7", "note": "testers <b>"},
        {"criterion": "JOB", "subject": str(job_id), "day": "2020-01-01", "note": "of old"},
        {"criterion": "EVENT", "subject": "e-1", "source": "board", "note": "one event"},
    ):
        assert operator.post(path, form).headers["location"] == f"{path}?done=exclusion"
    page = operator.get(path).text
    rows = list_cells(page, "Exclusions")
    assert rows[0][:3] == ["Network of an address 192.0.2.0/24", "every day", "testers <b>"]
    assert rows[1][:2] == [f"Job, by its number {job_id}", "1 Jan 2020"]
    assert "Remove" not in browsers[Role.OPERATOR_READER].get(path).text
    for number in re.findall(r'name="exclusion" value="(\d+)"', page):
        assert operator.post(f"{path}/remove", {"exclusion": number}).status_code == 303
    assert operator.post(f"{path}/remove", {"exclusion": "77"}).status_code == 404
    assert operator.post(f"{path}/remove", {"exclusion": "x"}).status_code == 404
    assert "Nothing is excluded by hand" in operator.get(path).text
    acts = ask(sandbox_client, "audit?action=exclusion")["elements"]
    assert [act["action"] for act in acts] == ["exclusion.remove"] * 3 + ["exclusion.create"] * 3
    assert {act["who"]["name"] for act in acts} == {"operator@board.example"}


def test_a_list_of_networks_is_replaced(browsers, days, sandbox_client):
    path, operator = "/portal/operator/networks", browsers[Role.OPERATOR]
    wrong = operator.post(path, {"name": "clouds", "networks": "198.51.100.0/24\nnowhere"})
    assert (wrong.status_code, "nowhere" in wrong.text, 'href="#networks"' in wrong.text) == (422, True, True)
    assert operator.post(path, {"name": "", "networks": ""}).status_code == 422
    saved = operator.post(path, {"name": "clouds", "networks": "198.51.100.0/24\r\n\r\n2001:db8::/40"})
    assert saved.headers["location"] == f"{path}?done=networks"
    (row,) = list_cells(operator.get(path).text, "Networks")
    assert row[:2] == ["clouds", "257"]
    operator.post(path, {"name": "clouds", "networks": ""})
    assert "No list was loaded yet" in operator.get(path).text
