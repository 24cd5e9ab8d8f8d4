"""From a line of an invoice to its charges and clicks, and back, by following the links of the operator's pages."""

import csv
import io
import re
from html import unescape
from uuid import UUID

import pytest

from jobmeter.base.clock import from_ms
from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.operator.billing.scene import open_invoiced_partner
from tests.stories.portal.operator.programme.test_settlement_pages import list_cells
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import make_event, open_sandbox_client

EXPLAIN, BILLING = "/portal/operator/explain", "/portal/operator/billing"


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here: they read."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def billed(sandbox_client):
    """An issued invoice of two clicks on a job that could pay for two: of three visitors, one of whom clicked twice."""
    partner = open_invoiced_partner(sandbox_client)
    contract_id = sandbox_client.credentials["partner_contract_id"]
    answer = partner.operate(
        "PUT", f"billing/accounts/{partner.account_id}/agreements/{contract_id}", {"bills": "USE"}
    )
    assert answer.is_success, answer.text
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "3.00"}}
    job_id, at = sandbox_client.post_job("job", budget=budget, title="Nurse <b>"), sandbox_client.now_ms
    events = [
        make_event(job_id, f"{visitor}{n}", at + n, type="applyClick", visitor=visitor)
        for n, visitor in enumerate(["ada", "ada", "bo"])
    ]
    events.append(make_event(job_id, "seen", at, visitor="ada"))
    sandbox_client.send(events)
    day = sandbox_client.now.date()
    (invoice,) = partner.end_month()
    return partner, invoice, job_id, day, at


@pytest.fixture(scope="module")
def reader(sandbox_client, database_url, billed):
    grant = list_grants(sandbox_client.credentials)[Role.OPERATOR_READER]
    return open_browser(sandbox_client, log_in(database_url, grant))


def follow(browser, page, path):
    """Opens the only link of a page that begins so."""
    (found,) = {unescape(link) for link in re.findall(r'href="([^"]*)"', page.text) if link.startswith(path)}
    answer = browser.get(found)
    assert answer.status_code == 200
    return answer


def test_a_line_of_an_invoice_leads_to_the_click_and_back(reader, billed, sandbox_client):
    partner, invoice, job_id, day, _ = billed
    month = reader.get(f"{BILLING}?month={invoice['month']}")
    document = follow(reader, month, f"{BILLING}/documents/")
    assert f"Invoice {invoice['number']}" in document.text
    line = follow(reader, document, f"{BILLING}/documents/{invoice['id']}/lines/")
    (posting,) = list_cells(line.text, "Postings")
    assert posting[-2:] == ["3.00", "1.50"]
    charge = follow(reader, line, f"{EXPLAIN}/charges/")
    assert "Charge of 3.00 USD on" in charge.text
    assert [row[0].split()[0] for row in list_cells(charge.text, "Corrections")] == ["reversed"]
    clicks = list_cells(charge.text, "Clicks")
    assert [row[1] for row in clicks] == ["charged", "reversed", "free"]
    assert clicks[2][2] == "the budget, or its share of the day, was spent"
    events = re.findall(rf'href="({EXPLAIN}/events/[^"]*)"', charge.text)
    event = reader.get(events[1])
    assert "the visitor had already clicked on this job that day" in event.text
    # and back
    again = follow(reader, event, f"{EXPLAIN}/charges/")
    line = follow(reader, again, f"{BILLING}/documents/{invoice['id']}/lines/")
    assert "= 1.50 USD" in line.text
    job_day = reader.get(f"{EXPLAIN}/jobs/{job_id}/days/{day}")
    assert "Apply clicks -1, then 2" in job_day.text
    booked = [row[0].split()[0] for row in list_cells(job_day.text, "Postings")]
    assert booked == ["reserved", "charged", "reversed"]
    job = reader.get(f"{EXPLAIN}/jobs/{job_id}")
    assert "Nurse &lt;b&gt;" in job.text
    assert "<b>Nurse" not in job.text
    assert [row[-1] for row in list_cells(job.text, "Days")] == ["1.50 USD"]
    reference = again.url.path.rsplit("/", 1)[-1]
    explained = partner.read(f"explain/charges/{reference}")
    assert explained["billedBy"] == {"invoice": invoice["id"], "number": invoice["number"], "line": 1}


def test_what_is_to_be_explained_is_found_by_any_number(reader, billed):
    _, _, job_id, day, at = billed
    clicks = reader.get(f"{EXPLAIN}/jobs/{job_id}/days/{day}").text
    charge = re.search(rf"{EXPLAIN}/charges/[0-9a-f-]*", clicks)[0]
    event = re.search(rf"{EXPLAIN}/events/[0-9a-f-]*", clicks)[0]
    for path in (f"{EXPLAIN}/jobs/{job_id}", charge, event):
        found = reader.get(f"{EXPLAIN}?q=%20{path.rsplit('/', 1)[-1]}%20")
        assert (found.status_code, found.headers["location"]) == (303, path)
    time = from_ms(at).isoformat().replace("+00:00", "Z")
    seen = reader.get(f"{EXPLAIN}?source=board&id=seen&time={time}")
    assert ">View<" in reader.get(seen.headers["location"]).text
    for wrong in ("q=77", f"q={UUID(int=7)}", "q=x", "q=" + "9" * 40, "source=board&id=x&time=soon", "id=x"):
        page = reader.get(f"{EXPLAIN}?{wrong}")
        assert (page.status_code, "There is a problem" in page.text) == (422, True), wrong
    assert "There is a problem" not in reader.get(EXPLAIN).text


@pytest.mark.parametrize(
    "path",
    [
        *(
            "charges/x",
            f"charges/{UUID(int=7)}",
            "events/x",
            f"events/{UUID(int=7)}",
            "jobs/77",
            f"jobs/{'9' * 30}",
        ),
        *("jobs/77/days/2026-01-01", "jobs/77/days/x"),
    ],
)
def test_what_is_not_there_cannot_be_explained(reader, path):
    assert reader.get(f"{EXPLAIN}/{path}").status_code == 404


def test_a_month_shows_how_far_it_is_billed_and_paid(reader, billed, sandbox_client, database_url):
    partner, invoice, *_ = billed
    path = f"{BILLING}?month={invoice['month']}"
    page = reader.get(path).text
    assert "1 of 1" in page
    assert list_cells(page, "Invoiced and paid") == [["USD", "1", "1.50", "0.00", "0.00", "1.50"]]
    (row,) = list_cells(page, "Documents")
    assert row[1] == "Open"
    assert "There is no such document" in reader.get(f"{path}&state=paid").text
    assert "Bill this month now" not in page
    (line,) = csv.DictReader(
        io.StringIO(reader.get(f"/portal/operator/billing.csv?month={invoice['month']}").text)
    )
    assert (line["number"], line["state"], line["total"], line["currencyCode"]) == (
        invoice["number"],
        "OPEN",
        "1.50",
        "USD",
    )
    sums = partner.read(f"billing/runs?month={invoice['month']}")["sums"]
    assert sums[0] | {"currencyCode": "USD", "open": "1.50"} == sums[0]
    for wrong in (
        f"{BILLING}/documents/77",
        f"{BILLING}/documents/{invoice['id']}/lines/77",
        f"{BILLING}/documents/{'9' * 30}",
    ):
        assert reader.get(wrong).status_code == 404

    # Running it again is safe, and says so.
    grant = list_grants(sandbox_client.credentials)[Role.OPERATOR]
    operator = open_browser(sandbox_client, log_in(database_url, grant, email="operator@board.example"))
    again = operator.post(f"{BILLING}/runs", {"month": invoice["month"]})
    assert again.headers["location"] == f"{path}&done=run-nothing"
    assert "Nothing was changed" in operator.get(again.headers["location"]).text
    early = operator.post(f"{BILLING}/runs", {"month": f"{sandbox_client.now:%Y-%m}"})
    assert (early.status_code, "This month is not final yet" in early.text) == (422, True)
    assert reader.post(f"{BILLING}/runs", {"month": invoice["month"]}).status_code == 403
