"""A partner's job on the web pages: its money, its days down to the click and as files, edit and close by managers alone."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from jobmeter.explain.model import ClickOutcome
from jobmeter.metering.model import VERDICTS
from jobmeter.people.model import Role
from jobmeter.portal.frame.cookies import LANGUAGE
from jobmeter.portal.pages.click_reasons import REASONS
from jobmeter.reports.uncharged_clicks.model import BEYOND_BUDGET_MESSAGE
from jobmeter.settlement.model import RULES
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.my.scene import TEXT, read_form, send
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import add_partner, bearer, make_event, open_sandbox_client
from tests.support.xml_partner import XmlPartner

JOBS = "/portal/partner/jobs"
CELLS = re.compile(r"<div><dt>([^<]*)</dt><dd>(.*?)</dd></div>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


@pytest.fixture(scope="module")
def database_url(cluster_url):
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def scene(sandbox_client, database_url):
    """A job of 20 clicks: 4 of a first day are charged, two of them of one visitor, one is a crawler's; 20 come on the next."""
    job_id = sandbox_client.post_job("pilot", title="Pilot <b>1</b>", companyJobCode="P-1", description=TEXT)
    first, at = sandbox_client.now.date(), sandbox_client.now_ms
    clicks = [make_event(job_id, f"a{n}", at + n, type="applyClick", visitor=f"v{n % 3}") for n in range(4)]
    robot = {"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    sent = [*clicks, make_event(job_id, "robot", at + 9, type="applyClick", **robot)]
    assert sandbox_client.send([*sent, make_event(job_id, "seen", at)]).status_code == 200
    sandbox_client.post_job("uncharged")
    sandbox_client.close_job("uncharged")
    sandbox_client.advance_to_midnight()
    sandbox_client.send_clicks(job_id, 20, prefix="b")
    sandbox_client.advance_to_midnight(2)
    grants = list_grants(sandbox_client.credentials)
    people = {
        role: open_browser(sandbox_client, log_in(database_url, grants[role], email=f"{role}@talent.example"))
        for role in (Role.PARTNER_MANAGER, Role.PARTNER_READER)
    }
    return job_id, first, people[Role.PARTNER_MANAGER], people[Role.PARTNER_READER]


def read_cells(page):
    return {name: " ".join(TAG.sub(" ", unescape(value)).split()) for name, value in CELLS.findall(page)}


def read_csv(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_job_shows_its_money_its_days_and_what_was_done(scene, sandbox_client):
    job_id, first, manager, reader = scene
    page = manager.get(f"{JOBS}/{job_id}").text
    label = unescape(re.search(r'class="meter" role="img" aria-label="([^"]*)"', page)[1])
    # The first day is final: of its four clicks the second one of a visitor was reversed. The next day may still fall.
    assert label.startswith("Of 30.00 USD: 4.50 spent and final, 24.00 estimated")
    assert "even pace" in page
    assert "Pilot &lt;b&gt;1&lt;/b&gt;" in page
    for text in ("final, 1 reversed", "estimated", "P-1", "pilot", "USD a click", "Succeeded", "CREATE"):
        assert text in page, text
    reasons = dict(re.findall(r'not-charged\?job=\d+"><span>([^<]*)</span><b class="figure">(\d+)</b>', page))
    assert {unescape(text): int(count) for text, count in reasons.items()} == {
        "It is a crawler's, by its user agent or as declared": 1,
        "The visitor had already clicked on this job that day": 1,
        "The job's budget, or its limit of the day, was used up: counted and free": 4,
    }
    assert f'href="{JOBS}/{job_id}/days/{first}"' in page
    for measure in ("clicks", "views", "nonsense"):
        assert manager.get(f"{JOBS}/{job_id}?show={measure}&days=all").status_code == 200
    # readers see the same, without buttons
    read = reader.get(f"{JOBS}/{job_id}").text
    assert "4.50 spent and final" in read
    for action in ("edit", "close"):
        assert f"/{action}" in page
        assert f'{job_id}/{action}"' not in read
        assert reader.get(f"{JOBS}/{job_id}/{action}").status_code == 403
        assert reader.post(f"{JOBS}/{job_id}/{action}").status_code == 403
    tasks = sandbox_client.client.get(
        f"/partner/jobs/{job_id}/operations", headers=bearer(sandbox_client.token())
    ).json()["elements"]
    assert [(one["operation"], one["status"], one["changedBy"]) for one in tasks] == [
        ("CREATE", "SUCCEEDED", None)
    ]
    assert tasks[0]["task"].rpartition(":")[2] in page


def test_a_day_shows_each_click_with_its_reason_and_what_was_restated(scene):
    job_id, first, manager, _ = scene
    page = manager.get(f"{JOBS}/{job_id}/days/{first}").text
    assert read_cells(page) == {
        "Views": "1",
        "Apply clicks that count": "3",
        "Charged clicks": "3",
        "Charge": "4.50 USD",
        "Not counted": "1",
        "Reversed": "1",
    }
    assert "Final since" in page
    assert page.count("</svg>Charged</span>") == 3
    assert page.count("The visitor had already clicked on this job that day</span>") == 1
    assert "The visitor had already clicked on this job that day: 1" in page
    assert "Settlement" in page
    assert page.count("Reversal") == 1
    posting = re.search(r'href="#(posting-\d+)"', page)[1]
    assert f'id="{posting}"' in page
    estimated = manager.get(f"{JOBS}/{job_id}/days/{first + timedelta(days=1)}").text
    assert "may still fall until" in estimated
    assert read_cells(estimated)["Charged clicks"] == "16 4 free"
    assert "were not changed after they first appeared" in estimated
    for other in ("2020-01-01", "nonsense", "2026-02-30"):
        assert manager.get(f"{JOBS}/{job_id}/days/{other}").status_code == 404
    assert manager.get(f"{JOBS}/{job_id}/days/{first}?after=x").status_code == 400
    pages, address = [], f"{JOBS}/{job_id}/days/{first}"
    assert manager.get(f"{address}?postings=1{'0' * 16}").text.count('id="posting-') == 0
    pages.append(manager.get(f"{address}?after={'f' * 32}").text)
    assert "No click came on this day" in pages[0]


def test_the_tables_are_files_of_the_same_rows(scene):
    job_id, first, manager, reader = scene
    answer = reader.get(f"{JOBS}/{job_id}/days.csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="jobmeter-job-{job_id}-days.csv"'
    rows = read_csv(answer)
    assert [(row["date"], row["charge"], row["clicksNotCharged"], row["state"]) for row in rows] == [
        (str(first + timedelta(days=1)), "24.00", "4", "estimated"),
        (str(first), "4.50", "2", "final"),
    ]
    clicks = read_csv(manager.get(f"{JOBS}/{job_id}/days/{first}/clicks.csv"))
    assert [row["outcome"] for row in clicks] == ["CHARGED"] * 3 + ["REVERSED", "REFUSED"]
    assert {row["amount"] for row in clicks[:3]} == {"1.50"}
    for name in ("days", f"days/{first}/clicks"):
        assert manager.get(f"{JOBS}/{job_id}/{name}.xlsx").content[:2] == b"PK"
        assert manager.get(f"{JOBS}/{job_id}/{name}.parquet").content[:4] == b"PAR1"
        assert manager.get(f"{JOBS}/{job_id}/{name}.jsonl").status_code == 200
        assert manager.get(f"{JOBS}/{job_id}/{name}.exe").status_code == 404


def test_a_manager_edits_and_closes_a_job_of_each_kind(scene, sandbox_client):
    _, _, manager, _ = scene
    partner = XmlPartner(sandbox_client)
    edited = sandbox_client.post_job("edited", description=TEXT)
    assert partner.post("slot", partner.slots, poster="").status_code == 201
    ids = {"edited": edited, "slot": int(partner.get("slot", ":(id)").findtext("id"))}
    for name, job_id in ids.items():
        path = f"{JOBS}/{job_id}"
        page = manager.get(f"{path}/edit")
        shown = {
            field: unescape(value) for value, field in re.findall(r'value="([^"]*)" id="(\w+)"', page.text)
        }
        hidden = read_form(page)
        wrong = manager.post(
            f"{path}/edit", hidden | shown | {"title": "", "description": TEXT}, token=hidden["token"]
        )
        assert wrong.status_code == 422
        assert "Enter a title" in wrong.text
        hidden = read_form(wrong)
        fields = hidden | shown | {"title": f"New {name}", "description": TEXT}
        answer = manager.post(f"{path}/edit", fields, token=hidden["token"])
        assert answer.headers["location"] == f"{path}?done=own-job-edited"
        changed = manager.get(answer.headers["location"]).text
        assert "The job is saved" in changed
        assert f"New {name}" in changed
        assert "partner PARTNER_MANAGER@talent.example".lower() in changed.lower()
        assert "cannot be opened again" in manager.get(f"{path}/close").text
        answer = send(manager, f"{path}/close")
        assert answer.headers["location"] == f"{path}?done=own-job-closed"
        closed = manager.get(path).text
        assert f'{path}/edit"' not in closed
        assert "Closed" in closed
        assert manager.get(f"{path}/close").headers["location"] == path
    changes = sandbox_client.client.get(
        "/partner/jobChanges", headers=bearer(sandbox_client.token("parent"))
    ).json()["elements"]
    assert [(one["change"], one["changedBy"]) for one in changes[:2]] == [
        ("CLOSE", "partner partner_manager@talent.example"),
        ("EDIT", "partner partner_manager@talent.example"),
    ]
    (uncharged,) = re.findall(
        rf'{JOBS}/(\d+)"', manager.get(f"{JOBS}?q=uncharged").text.partition("<tbody>")[2]
    )
    assert "so that it is in no report" in manager.get(f"{JOBS}/{uncharged}").text


def test_nobody_else_sees_the_job(scene, sandbox_client, database_url):
    job_id, first, _, _ = scene
    other = add_partner(sandbox_client, database_url)
    grant = list_grants(other.credentials)[Role.PARTNER_MANAGER]
    stranger = open_browser(sandbox_client, log_in(database_url, grant, email="x@else.example"))
    for page in ("", "/edit", "/close", "/days.csv", f"/days/{first}", f"/days/{first}/clicks.csv"):
        assert stranger.get(f"{JOBS}/{job_id}{page}").status_code == 404
    child = int(sandbox_client.credentials["child"]["urn"].rpartition(":")[2])
    assert "Nothing was seen or clicked" in ask(stranger, "reports").text
    assert ask(stranger, "reports", application=child).status_code == 422
    assert "pilot" not in ask(stranger, "reports.csv").text
    assert ask(stranger, "not-charged", job=job_id).status_code == 404
    assert "pilot" not in ask(stranger, "not-charged.csv").text
    answer = sandbox_client.client.get(
        f"/partner/jobs/{job_id}/operations", headers=bearer(other.token("parent"))
    )
    assert answer.status_code == 404


def ask(browser, path, **query):
    return browser.get(f"/portal/partner/{path}?{urlencode(query)}")


def test_reports_show_a_range_now_and_as_it_was(scene, sandbox_client):
    _, first, manager, reader = scene
    days = {"from": first, "to": first + timedelta(days=1)}
    page = ask(reader, "reports", **days).text
    assert read_cells(page) == {
        "Charge": "28.50 USD",
        "Apply clicks": "23",
        "Views": "1 2,300% clicked apply",
    }
    assert ", estimated</title>" in page
    assert '<span class="est">24.00</span>' in page
    child = int(sandbox_client.credentials["child"]["urn"].rpartition(":")[2])
    # before the first day was settled, four clicks of it were charged
    earlier = {"from": first, "to": first, "asOf": f"{first + timedelta(days=1)}T00:30", "application": child}
    assert read_cells(ask(manager, "reports", **earlier).text)["Charge"] == "6.00 USD"
    (row,) = read_csv(ask(manager, "reports.csv", **earlier))
    assert (row["externalJobPostingId"], row["charge"], row["isFinal"]) == ("pilot", "6.00", "false")
    (row,) = read_csv(ask(manager, "reports.csv", **earlier | {"asOf": ""}))
    assert (row["charge"], row["isFinal"]) == ("4.50", "true")
    rows = read_csv(ask(reader, "reports/days.csv", **days))
    assert [(row["charge"], row["state"]) for row in rows] == [("4.50", "final"), ("24.00", "estimated")]
    headers = bearer(sandbox_client.token("parent"))
    instant = {"asOf": f"{first + timedelta(days=1)}T00:30:00Z", "applicationId": child}
    found = sandbox_client.client.get(
        "/partner/reportDays", params=instant | {"from": first, "to": first}, headers=headers
    ).json()["elements"]
    assert [(one["charge"], one["applyClickCount"], one["isFinal"]) for one in found] == [("6.00", 4, False)]
    assert sandbox_client.client.get("/partner/reportDays?asOf=x", headers=headers).status_code == 400
    assert ask(manager, "reports.xlsx", **days).content[:2] == b"PK"
    # a year is shown by month, each a link to its days
    year = ask(manager, "reports", **days | {"from": first - timedelta(days=300)}).text
    assert f"from={first.replace(day=1)}&amp;to=" in year
    assert "28.50" in year
    assert (
        "Nothing was seen or clicked"
        in ask(manager, "reports", **{"from": "2026-11-01", "to": "2026-11-02"}).text
    )


def test_what_a_report_cannot_show_is_said_at_its_field(scene, sandbox_client):
    _, _, manager, _ = scene
    today = sandbox_client.now.date()
    yesterday, before = today - timedelta(days=1), today - timedelta(days=9)
    for query, field in (
        ({"to": today}, "to"),
        ({"from": "2020-01-01"}, "from"),
        ({"from": "nonsense"}, "from"),
        ({"from": yesterday, "to": before}, "to"),
        ({"application": "x"}, "application"),
        ({"application": "1"}, "application"),
        ({"asOf": "2999-01-01T00:00"}, "asOf"),
        ({"asOf": "soon"}, "asOf"),
        ({"asOf": f"{before}T00:00", "to": yesterday}, "to"),
    ):
        page = ask(manager, "reports", **query)
        assert page.status_code == 422
        assert "<title>Error: " in page.text
        assert re.findall(r'<li><a href="#(\w+)">', page.text) == [field], query
        assert ask(manager, "reports.csv", **query).status_code == 422
    assert ask(manager, "reports/days.csv", to=today).status_code == 422


def test_clicks_that_were_not_charged_are_summed_by_reason_day_and_job(scene, sandbox_client):
    job_id, first, manager, reader = scene
    page = ask(reader, "not-charged", to=first + timedelta(days=1)).text
    reasons = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">(\d+)</td></tr>', page)
    assert [int(clicks) for _, clicks in reasons] == [4, 1, 1, 6]
    assert reasons[-1][0] == "In all"
    assert f"job={job_id}" in page
    rows = read_csv(ask(manager, "not-charged.csv", job=job_id))
    assert [(row["date"], row["filter"], row["clicks"]) for row in rows] == [
        (str(first), "CRAWLER", "1"),
        (str(first), "REPEATED_CLICK", "1"),
        (str(first + timedelta(days=1)), "BEYOND_BUDGET", "4"),
    ]
    one = ask(manager, "not-charged", job=job_id).text
    assert f"/jobs/{job_id}/days/{first}" in one
    assert "By job" not in one
    none = {"from": first - timedelta(days=9), "to": first - timedelta(days=8)}
    assert "Every click that came on these days was charged" in ask(manager, "not-charged", **none).text
    assert ask(manager, "not-charged", job=2**40).status_code == 404
    assert ask(manager, "not-charged", job="x").status_code == 400
    assert ask(manager, "not-charged", application=1).status_code == 422
    assert ask(manager, "not-charged.csv", application=1).status_code == 404
    sums = sandbox_client.client.get(
        f"/partner/clicksNotCharged/sums?job={job_id}", headers=bearer(sandbox_client.token())
    ).json()
    assert sums["clicks"] == sum(one["clicks"] for one in sums["days"]) == 6
    assert sums["jobs"][0] == {
        "externalJobPostingId": "pilot",
        "jobPosting": f"urn:li:jobPosting:{job_id}",
        "clicks": 6,
        "free": 4,
        "refused": 1,
        "reversed": 1,
    }


def test_pages_of_a_job_and_its_figures_are_german_too(scene):
    job_id, first, manager, _ = scene
    manager.client.cookies.set(LANGUAGE, "de", domain="board.example")
    paths = (
        f"{JOBS}/{job_id}",
        f"{JOBS}/{job_id}/days/{first}",
        "/portal/partner/reports",
        "/portal/partner/not-charged",
    )
    pages = [manager.get(path) for path in paths]
    manager.client.cookies.delete(LANGUAGE, domain="board.example")
    assert [page.status_code for page in pages] == [200] * len(paths)
    for page, text in zip(
        pages, ("zurückgebucht", "Endgültig seit", "Erster Tag", "Nach Stelle"), strict=True
    ):
        assert '<html lang="de"' in page.text
        assert text in page.text
    for page in (pages[0], pages[1], pages[3]):
        assert "Der Besucher hatte an diesem Tag schon auf diese Stelle geklickt" in page.text


def test_every_reason_of_a_click_is_in_the_catalogue():
    said = {row.message for row in (*VERDICTS.values(), *RULES.values())}
    flows = {"charged", "the job does not pay per click", "the budget, or its share of the day, was spent"}
    assert said | flows | {BEYOND_BUDGET_MESSAGE} == REASONS
    assert len(ClickOutcome) == 5
