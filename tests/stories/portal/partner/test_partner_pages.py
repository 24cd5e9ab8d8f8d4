"""A partner's pages: where its money is and what needs somebody, and its jobs by state, search and order."""

import csv
import io
import re
from contextlib import ExitStack
from html import unescape

import pytest

from jobmeter.http.admission import EXPORTS_OF_PARTNER_MAX
from jobmeter.job_lists.model import ListFilter, ListOrder, ListQuestion
from jobmeter.people.model import Role
from jobmeter.portal.pages.partner.jobs import read_all
from jobmeter.portal.pages.partner.listed_jobs import COLUMNS
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import add_partner, open_sandbox_client

JOBS = 60
TITLES = re.compile(r'<a href="/portal/partner/jobs/\d+" dir="auto">([^<]*)</a>')
LINK = re.compile(r'href="(\?[^"]*)" rel="(prev|next)"')
FACET = re.compile(r'<a href="(\?[^"]*)"(?: aria-current="true")?>([^<]+)</a>')


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here: they read, and what they write is another partner's."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def partner(sandbox_client, database_url):
    """A reader of the partner, which has jobs in several states; the first one cost something."""
    titles = [f"Fitter {at:02}" for at in range(JOBS - 1)] + ["Pilot <script>alert(1)</script> & 100%"]
    elements = [
        sandbox_client.job_element(
            f"job-{at:02}", title=title, companyName="Hafenkontor" if at % 2 else "Kassa"
        )
        for at, title in enumerate(titles)
    ]
    rows = sandbox_client.batch_create(elements)
    ids = [int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1]) for row in rows]
    sandbox_client.send_clicks(ids[0], 2)
    sandbox_client.send_clicks(ids[1], 30)
    sandbox_client.close_job("job-02")
    sandbox_client.advance("1d")
    sandbox_client.advance("2m")
    grant = list_grants(sandbox_client.credentials)[Role.PARTNER_READER]
    return open_browser(sandbox_client, log_in(database_url, grant))


def list_titles(page):
    return [unescape(title) for title in TITLES.findall(page.text)]


def follow(browser, page, rel):
    links = {name: unescape(address) for address, name in LINK.findall(page.text)}
    return browser.get(f"/portal/partner/jobs{links[rel]}") if rel in links else None


def test_the_overview_shows_the_money_and_what_needs_somebody(partner):
    page = partner.get("/portal/partner").text
    # Two clicks on one job, and on another as many as its budget of 30.00 covers, for 1.50 each. 59 of 60 jobs are open.
    label = re.search(r'class="meter" role="img" aria-label="([^"]*)"', page)[1]
    assert label == (
        "Of 1,000,000.00 USD: 0.00 spent and final, 33.00 estimated, 1,737.00 reserved, 998,230.00 free."
    )
    assert "33.00 USD in total" in page
    assert '<a href="/portal/partner/jobs?state=ran_out">1 job ran out of budget</a>' in page
    # what the chart shows is a file too
    (row,) = read_csv(partner.get("/portal/partner/reports/days.csv").text)
    assert row["charge"] == "33.00"
    assert '"/portal/partner/reports/days.csv"' in page
    assert "25 slots of contract" in page
    assert list_titles(partner.get("/portal/partner"))[:2] == ["Fitter 01", "Fitter 00"]


def test_every_job_is_on_one_page_in_every_order(partner):
    for order in ("posted", "oldest", "spent", "clicks", "title"):
        first = partner.get(f"/portal/partner/jobs?order={order}")
        second = follow(partner, first, "next")
        assert "1 to 50 of 60" in first.text
        assert "51 to 60 of 60" in second.text
        assert sorted({*list_titles(first), *list_titles(second)}) == sorted(
            list_titles(first) + list_titles(second)
        )
        assert len(list_titles(first) + list_titles(second)) == JOBS
        assert follow(partner, second, "next") is None
        assert list_titles(follow(partner, second, "prev")) == list_titles(first)
        assert follow(partner, first, "prev") is None
    assert list_titles(partner.get("/portal/partner/jobs?order=spent"))[:2] == ["Fitter 01", "Fitter 00"]
    assert list_titles(partner.get("/portal/partner/jobs?order=title"))[:2] == ["Fitter 00", "Fitter 01"]


def test_jobs_are_found_by_state_and_search(partner):
    page = partner.get("/portal/partner/jobs")
    facets = {
        text: unescape(address)
        for address, text in FACET.findall(page.text.partition("facetrow")[2].partition("</p>")[0])
    }
    assert set(facets) == {"All 60", "Promoted 58", "Budget ran out 1", "Closed 1"}
    closed = partner.get(f"/portal/partner/jobs{facets['Closed 1']}")
    assert list_titles(closed) == ["Fitter 02"]
    found = partner.get("/portal/partner/jobs?q=kassa&order=title")
    assert "1 to 30 of 30" in found.text
    assert list_titles(partner.get("/portal/partner/jobs?q=job-07")) == ["Fitter 07"]
    none = partner.get("/portal/partner/jobs?q=nothing-like-it")
    assert "No job matches" in none.text
    assert 'value="nothing-like-it"' in none.text


def test_a_job_s_text_runs_nothing(partner):
    page = partner.get("/portal/partner/jobs?q=pilot")
    assert list_titles(page) == ["Pilot <script>alert(1)</script> & 100%"]
    assert "<script>alert" not in page.text
    assert "<script>alert" not in partner.get("/portal/partner/jobs?q=<script>alert(1)</script>").text


@pytest.mark.parametrize(
    "query", ["state=none", "order=x", "after=x", "before=x", "after=WzEsMl0", "q=%00", "application="]
)
def test_what_an_address_cannot_mean_is_left_out_or_refused(partner, query):
    answer = partner.get(f"/portal/partner/jobs?{query}")
    assert answer.status_code in ({400} if "%00" in query else {200})


def test_another_partner_sees_nothing_of_it(partner, sandbox_client, database_url):
    other = list_grants(add_partner(sandbox_client, database_url).credentials)[Role.PARTNER_MANAGER]
    stranger = open_browser(sandbox_client, log_in(database_url, other, email="other@elsewhere.example"))
    child = sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1]
    for path in (
        "/portal/partner/jobs",
        f"/portal/partner/jobs?application={child}",
        "/portal/partner/jobs?q=fitter",
    ):
        assert list_titles(stranger.get(path)) == []
        assert "Fitter" not in stranger.get(path).text.replace('value="fitter"', "")
    overview = stranger.get("/portal/partner").text
    assert "No job was posted yet." in overview
    assert "1,000,000.00 spent" not in overview
    assert f"partner {sandbox_client.credentials['parent']['urn'].rsplit(':', 1)[-1]}" not in overview


def test_a_partner_without_anything_reads_what_comes_first(sandbox_client, database_url):
    grant = list_grants(add_partner(sandbox_client, database_url).credentials)[Role.PARTNER_MANAGER]
    browser = open_browser(sandbox_client, log_in(database_url, grant, email="new@elsewhere.example"))
    assert "Four steps to the first charged click" in browser.get("/portal/partner").text
    assert "Your software posts jobs with the endpoints" in browser.get("/portal/partner/jobs").text


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_list_is_also_a_file(partner, sandbox_client):
    page = partner.get("/portal/partner/jobs?q=hafenkontor&order=spent")
    answer = partner.get(unescape(re.search(r'href="(/portal/partner/jobs\.csv[^"]*)"', page.text)[1]))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    name = f"jobmeter-jobs-{sandbox_client.now.date()}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    rows = read_csv(answer.text)
    assert [row["jobTitle"] for row in rows] == list_titles(page)
    assert (rows[0]["spent"], rows[0]["totalBudget"], rows[0]["currencyCode"]) == ("30.00", "30.00", "USD")
    assert {row["companyName"] for row in rows} == {"Hafenkontor"}
    assert len(read_csv(partner.get("/portal/partner/jobs.csv").text)) == JOBS


def test_a_cell_of_a_file_is_never_a_formula(sandbox_client, database_url):
    title = '=HYPERLINK("https://evil.example")'
    other = add_partner(sandbox_client, database_url)
    other.post_job("formula", title=title)
    other.advance("2m")
    grant = list_grants(other.credentials)[Role.PARTNER_READER]
    browser = open_browser(other, log_in(database_url, grant, email="reader@elsewhere.example"))
    (found,) = read_csv(browser.get("/portal/partner/jobs.csv?q=formula").text)
    assert found["jobTitle"] == f"'{title}"


async def collect(app, question, rows_max):
    titles = [
        table.find_values(COLUMNS, "jobTitle") async for table in read_all(app, question, rows_max=rows_max)
    ]
    return [title for page in titles for title in page]


@pytest.mark.long
@pytest.mark.parametrize("rows_max", [1, 7, 60, 61])
def test_a_file_has_every_job_once_however_it_is_read(partner, sandbox_client, rows_max):
    client = sandbox_client.client
    wanted = ListFilter(partner_id=int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1]))
    question = ListQuestion(wanted=wanted, order=ListOrder.TITLE, is_descending=False, rows_max=5)
    titles = client.portal.call(collect, client.app.state.jobmeter, question, rows_max)
    assert len(titles) == len(set(titles)) == JOBS
    assert titles == sorted(titles)


def test_only_some_files_are_read_at_once(partner, sandbox_client):
    shares = sandbox_client.client.app.state.jobmeter.export_shares
    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    with ExitStack() as held:
        for _ in range(EXPORTS_OF_PARTNER_MAX):
            held.enter_context(shares.enter(partner_id))
        assert partner.get("/portal/partner/jobs.csv").status_code == 503
    assert partner.get("/portal/partner/jobs.csv").status_code == 200
