"""The operator's cockpit and its search field; jobs of all partners, members, and the audit log, as pages and as files."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest

from jobmeter.people.model import Role
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.operator.scene import list_acts, number_of, open_as, press
from tests.stories.portal.sessions import log_in
from tests.support.sandbox_client import add_partner, bearer, open_sandbox_client

OPERATOR = "/portal/operator"
POSTER = "ida@hafenkontor.example"
TITLES = re.compile(r'<a href="/portal/operator/explain/jobs/(\d+)" dir="auto">([^<]*)</a>')


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here: they read, and what they write is of one test."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def jobs(sandbox_client, database_url):
    """Jobs of two partners, by external id; the first has clicks of a day that is over and of today."""
    elements = [
        sandbox_client.job_element(f"own-{at:02}", title=f"Fitter {at:02}", posterEmail=POSTER)
        for at in range(52)
    ]
    rows = sandbox_client.batch_create(elements)
    ids = {
        f"own-{at:02}": int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1])
        for at, row in enumerate(rows)
    }
    other = add_partner(sandbox_client, database_url)
    ids["other"] = other.post_job("other", title="Pilot <script>")
    sandbox_client.send_clicks(ids["own-00"], 3)
    sandbox_client.advance("1d")
    sandbox_client.advance("2m")
    sandbox_client.send_clicks(ids["own-01"], 2)
    return ids


@pytest.fixture(scope="module")
def operator(sandbox_client, database_url, jobs):
    assert jobs
    return open_as(sandbox_client, database_url)


def ask(sandbox_client, path, **query):
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.get(path, params=query, headers=headers)


def test_the_cockpit_shows_what_the_installation_is_doing(sandbox_client, operator):
    page = operator.get(OPERATOR).text
    cells = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)", page))
    assert (cells["Apply clicks today"], cells["Deliveries given up"], cells["Feeds not read"]) == (
        "2",
        "0",
        "0",
    )
    assert "the newest event is of" in page
    assert re.search(r"4\.50</span> USD", page), "yesterday's three clicks of 1.50 each are an estimate"
    shown = ask(sandbox_client, "/operator/overview").json()
    assert (shown["applyClicksToday"], shown["deliveriesGivenUp"]) == (2, 0)
    number = number_of(sandbox_client, "parent")
    own = next(one for one in shown["partners"] if one["id"] == number)
    assert (own["state"], own["promotedJobs"], own["budgets"][0]["spentIn30Days"]) == ("IN_ORDER", 52, "4.50")
    assert f'<a href="/portal/operator/partners/{number}" dir="auto">' in page
    rest = ask(sandbox_client, "/operator/overview", count=1).json()
    assert ([one["id"] for one in rest["partners"]], rest["nextAfter"]) == ([number], number)


def find(sandbox_client, operator, text):
    """What is found: where the only one leads, or the kinds of all."""
    answer = operator.get(f"{OPERATOR}/find?q={text}")
    elements = ask(sandbox_client, "/operator/search", q=text).json()["elements"]
    if len(elements) == 1:
        return answer.headers["location"]
    found = re.findall(r'<td data-name="Kind">([^<]*)</td>', answer.text)
    assert len(found) == len(elements)
    return found


def test_one_field_finds_anything(sandbox_client, operator, jobs, database_url):
    partner, child = (number_of(sandbox_client, who) for who in ("parent", "child"))
    contract = sandbox_client.credentials["partner_contract_id"]
    customer = sandbox_client.credentials["customer_contract_id"]
    hiring = sandbox_client.credentials["hiring_contracts"][0]["id"]
    job = jobs["own-00"]
    explained = ask(sandbox_client, f"/operator/explain/jobs/{job}").json()
    charge = next(one["reference"] for one in explained["postings"] if one["purpose"] == "CHARGE")
    day = (sandbox_client.now - timedelta(days=1)).date()
    clicks = ask(sandbox_client, f"/operator/explain/jobs/{job}/days/{day}").json()["clicks"]
    event = clicks[0]["eventKey"]
    log_in(database_url, email="unique@hafenkontor.example")
    for text, path in (
        (child, f"applications/{child}"),
        (contract, f"contracts/{contract}"),
        (customer, f"contracts/{contract}"),
        (hiring, f"hiring/{hiring}"),
        (job, f"explain/jobs/{job}"),
        ("own-07", f"explain/jobs/{jobs['own-07']}"),
        (sandbox_client.credentials["parent"]["client_id"], f"partners/{partner}"),
        (charge, f"explain/charges/{charge}"),
        (event, f"explain/events/{event}"),
        ("unique@", "people/"),
    ):
        found = find(sandbox_client, operator, text)
        assert found.startswith(f"{OPERATOR}/{path}"), text
        assert operator.get(found).status_code == 200, found
    assert find(sandbox_client, operator, "sandbox partner - first") == [
        "Application",
        "Application",
    ]
    for nothing in ("no-such-thing", "77777", "01890000-0000-7000-8000-000000000000"):
        assert "Nothing was found" in operator.get(f"{OPERATOR}/find?q={nothing}").text
    assert "Enter what you look for" in operator.get(f"{OPERATOR}/find").text
    assert ask(sandbox_client, "/operator/search").status_code == 400


def test_jobs_of_all_partners_are_listed_found_and_downloaded(sandbox_client, operator, jobs):
    page = operator.get(f"{OPERATOR}/jobs")
    titles = [unescape(title) for _, title in TITLES.findall(page.text)]
    assert (len(titles), titles[0]) == (50, "Pilot <script>")
    following = unescape(re.search(r'href="(\?[^"]*before=[^"]*)"', page.text)[1])
    rest = TITLES.findall(operator.get(f"{OPERATOR}/jobs{following}").text)
    assert {int(number) for number, _ in rest} <= set(jobs.values())
    assert {number for number, _ in rest}.isdisjoint({number for number, _ in TITLES.findall(page.text)})
    own = operator.get(
        f"{OPERATOR}/jobs?partner={number_of(sandbox_client, 'parent')}&q=fitter&state=promoted"
    )
    assert "All 52" in own.text
    (found,) = TITLES.findall(operator.get(f"{OPERATOR}/jobs?q=own-00").text)
    assert int(found[0]) == jobs["own-00"]
    assert "No job matches" in operator.get(f"{OPERATOR}/jobs?application=77777").text
    assert operator.get(f"{OPERATOR}/jobs?state=nonsense").status_code == 200
    rows = read_csv(operator.get(f"{OPERATOR}/jobs.csv?q=fitter"))
    assert len(rows) == 52
    first = next(row for row in rows if row["externalJobPostingId"] == "own-00")
    assert (first["applyClicks"], first["spent"], first["currencyCode"], first["postedAt"][:2]) == (
        "3",
        "4.50",
        "USD",
        "20",
    )


def test_the_jobs_of_a_member_are_shown_and_nothing_can_be_done_in_their_name(
    sandbox_client, operator, jobs, database_url
):
    log_in(database_url, email=POSTER)
    page = operator.get(f"{OPERATOR}/members?email={POSTER.upper()}")
    assert len(TITLES.findall(page.text)) == 50
    assert "Sessions: 1, last used" in page.text
    assert '<form method="post" action="/portal/my' not in page.text
    more = unescape(re.search(r'href="(\?[^"]*before=[^"]*)"', page.text)[1])
    assert len(TITLES.findall(operator.get(f"{OPERATOR}/members{more}").text)) == 2
    nobody = operator.get(f"{OPERATOR}/members?email=nobody@hafenkontor.example").text
    assert ("Never logged in." in nobody, "No job was posted with this address" in nobody) == (True, True)
    assert "Whose jobs?" in operator.get(f"{OPERATOR}/members").text


def read_csv(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_audit_log_is_read_filtered_and_downloaded(sandbox_client, operator, database_url):
    number = number_of(sandbox_client, "parent")
    path = f"{OPERATOR}/partners/{number}"
    for name in ("Renamed <b>", "Harbour"):
        press(operator, operator.get(path), f"{path}/change", name=name, reference="")
    page = operator.get(f"{OPERATOR}/audit?action=partner.change&partner={number}").text
    assert 'Renamed &lt;b&gt;</span> → <span dir="auto">Harbour' in page
    assert page.count('<span class="code">partner.change</span>') == 2
    assert f'<a href="/portal/operator/partners/{number}" dir="auto">{number}</a>' in page
    today, later = sandbox_client.now.date(), "2099-01-01"
    for query, count in (
        ("who=ada@board.example&action=partner", 2),
        (f"subject={number}&action=partner.change&from={today}&to={today}", 2),
        (f"action=partner.change&from={later}", 0),
        ("who=nobody", 0),
    ):
        rows = read_csv(operator.get(f"{OPERATOR}/audit.csv?{query}"))
        assert len(rows) == count, query
        assert operator.get(f"{OPERATOR}/audit?{query}").text.count(">partner.change</span>") == count, query
    assert "Nothing matches" in operator.get(f"{OPERATOR}/audit?who=nobody").text
    everything = read_csv(operator.get(f"{OPERATOR}/audit.csv"))
    assert [int(row["id"]) for row in everything] == [
        one["id"] for one in list_acts(sandbox_client, count=200)
    ]
    wrong = operator.get(f"{OPERATOR}/audit?from=yesterday")
    assert (wrong.status_code, "Enter a day such as" in wrong.text) == (422, True)
    assert operator.get(f"{OPERATOR}/audit.csv?from=yesterday").status_code == 400
    reader = open_as(sandbox_client, database_url, Role.OPERATOR_READER, "eve@board.example")
    assert reader.get(f"{OPERATOR}/audit").status_code == 200


@pytest.mark.long
def test_the_other_lists_are_files_too(sandbox_client, operator):
    partner, child = (number_of(sandbox_client, who) for who in ("parent", "child"))
    partners = read_csv(operator.get(f"{OPERATOR}/partners.csv"))
    assert {int(row["id"]) for row in partners} > {partner}
    assert read_csv(operator.get(f"{OPERATOR}/partners.csv?q=no-such-name")) == []
    applications = read_csv(operator.get(f"{OPERATOR}/applications.csv?partner={partner}"))
    assert [int(row["id"]) for row in applications] == [partner, child]
    people = read_csv(operator.get(f"{OPERATOR}/people.csv?q=ada@"))
    assert [(row["email"], row["roles"]) for row in people] == [("ada@board.example", "OPERATOR")]
    assert operator.get(f"{OPERATOR}/people.nonsense").status_code == 404
    assert operator.get(f"{OPERATOR}/partners.xlsx").content[:2] == b"PK"


async def collect(tables):
    return [table.columns[0] async for table in tables]


def test_a_file_has_every_row_however_many_pages_it_is_read_in(sandbox_client, operator):
    """Of 2,500 rows with the keys 2,500 to 1, as the newest first."""
    visit = SimpleNamespace(app=sandbox_client.client.app.state.jobmeter)

    async def read(_, last):
        newest = last - 1 if last else 2_500
        return list(range(newest, max(newest - CHUNK_ROWS, 0), -1))

    tables = read_tables(visit, read, lambda row: (row,))
    pages = sandbox_client.client.portal.call(collect, tables)
    assert [len(page) for page in pages] == [1_000, 1_000, 500]
    assert [row for page in pages for row in page] == list(range(2_500, 0, -1))
