"""The operator's pages of contracts: open one, top it up, set its pacing and its prices, with a preview of what a price means."""

import csv
import io
import re
from datetime import timedelta

import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.operator.programme.test_settlement_pages import ask, list_cells
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import bearer, open_sandbox_client

CONTRACTS = "/portal/operator/contracts"


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def browsers(sandbox_client, database_url):
    grants = list_grants(sandbox_client.credentials)
    return {
        role: open_browser(sandbox_client, log_in(database_url, grants[role], email=f"{role}@board.example"))
        for role in (Role.OPERATOR, Role.OPERATOR_READER)
    }


@pytest.fixture(scope="module")
def contract_id(sandbox_client):
    """The partner's contract, on which there are two jobs in Germany and one in France with one, two and four clicks."""
    places = ["Hamburg, Germany", "Berlin, Germany", "Paris, France"]
    jobs = [sandbox_client.post_job(f"job-{n}", location=place) for n, place in enumerate(places)]
    for job_id, clicks in zip(jobs, (1, 2, 4), strict=True):
        sandbox_client.send_clicks(job_id, clicks, prefix=str(job_id))
    sandbox_client.close_job("job-1")
    sandbox_client.advance("2m")
    return sandbox_client.credentials["partner_contract_id"]


def read_form(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_contracts_are_listed_over_all_partners(browsers, contract_id, sandbox_client):
    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    reader = browsers[Role.OPERATOR_READER]
    page = reader.get(CONTRACTS).text
    row = next(row for row in list_cells(page, "Contracts") if row[0] == str(contract_id))
    assert row[2] == "1,000,000.00 USD"
    assert "Open a contract" not in page
    assert reader.get(f"{CONTRACTS}/new").status_code == 403
    assert str(contract_id) in reader.get(f"{CONTRACTS}?partner={partner_id}").text
    (customer,) = ask(sandbox_client, f"contracts/{contract_id}/customers")["elements"]
    led = reader.get(f"{CONTRACTS}/{customer['id']}")
    assert (led.status_code, led.headers["location"]) == (303, f"{CONTRACTS}/{contract_id}")
    assert "There is no contract yet" in reader.get(f"{CONTRACTS}?partner=77").text
    lines = csv.DictReader(io.StringIO(reader.get(f"{CONTRACTS}.csv?partner={partner_id}").text))
    line = next(line for line in lines if line["contract"] == str(contract_id))
    assert (line["partner"], line["currencyCode"], line["limit"]) == (str(partner_id), "USD", "1000000.00")


def test_a_contract_is_opened_topped_up_and_paced(browsers, sandbox_client):
    operator, today = browsers[Role.OPERATOR], sandbox_client.now.date()
    partner_id = sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1]
    form = {
        "partner": partner_id,
        "currency": "JPY",
        "limit": "500000",
        "click_price": "150",
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=30)).isoformat(),
        "pacing": "EVEN",
    }
    for wrong, where in (
        ({"partner": "77"}, "partner"),
        ({"partner": "x"}, "partner"),
        ({"currency": "XXX"}, "currency"),
        ({"limit": "10.5"}, "limit"),  # yen have no decimals
        ({"limit": "9" * 30}, "limit"),
        ({"click_price": "0"}, "click_price"),
        ({"ends": today.isoformat()}, "ends"),
        ({"starts": "9999-12-31"}, "starts"),
        ({"contract": str(sandbox_client.credentials["partner_contract_id"])}, "contract"),
        ({"contract": "9" * 17}, "contract"),
    ):
        page = operator.post(CONTRACTS, form | wrong)
        assert (page.status_code, f'href="#{where}"' in page.text) == (422, True), wrong
    all_wrong = operator.post(CONTRACTS, {}).text
    assert all_wrong.count("<li><a href=") >= 5
    opened = operator.post(CONTRACTS, form)
    path, _, done = opened.headers["location"].partition("?")
    assert (opened.status_code, done) == (303, "done=contract")
    number = path.rsplit("/", 1)[-1]
    page = operator.get(path).text
    assert "500,000 <small>JPY free to post with" in page
    assert list_cells(page, "Prices of a click")[0][0] == "all others"

    top_up = {"amount": "1000", "reference": "PO-1"}
    assert operator.post(f"{path}/top-up", top_up).headers["location"] == f"{path}?done=top-up"
    assert operator.post(f"{path}/top-up", top_up).headers["location"] == f"{path}?done=top-up-again"
    assert "501,000 <small>JPY" in operator.get(path).text
    for wrong, where in (
        ({"amount": "7", "reference": "PO-1"}, "reference"),
        ({"amount": "-7", "reference": "PO-2"}, "amount"),
        ({"amount": "7", "reference": ""}, "reference"),
    ):
        page = operator.post(f"{path}/top-up", wrong)
        assert (page.status_code, f'href="#{where}"' in page.text) == (422, True), wrong
    assert operator.post(f"{path}/pacing", {"pacing": "ASAP"}).headers["location"] == f"{path}?done=pacing"
    shown = ask(sandbox_client, f"contracts/{number}")
    assert (shown["limit"], shown["pacing"], shown["partner"]) == ("501000", "ASAP", int(partner_id))
    acts = ask(sandbox_client, f"audit?action=contract&subject={number}")["elements"]
    assert [act["action"] for act in acts] == ["contract.setPacing", "contract.topUp", "contract.open"]
    assert acts[1]["before"] == {"limit": "500000"}
    assert acts[1]["after"] == {"limit": "501000", "reference": "PO-1"}
    reader = browsers[Role.OPERATOR_READER]
    assert "Top up" not in reader.get(path).text
    assert reader.post(f"{path}/top-up", top_up).status_code == 403


def test_a_price_shows_what_it_would_mean_before_it_is_saved(browsers, contract_id, sandbox_client):
    operator, path = browsers[Role.OPERATOR], f"{CONTRACTS}/{contract_id}/price"
    for wrong in (
        "country=XX",
        "country=x",
        "experience_level=KING",
        "click_price=0",
        "click_price=x",
        "from=soon",
    ):
        given = {"click_price": "2.00", "from": sandbox_client.now.date().isoformat()} | dict(
            [wrong.split("=")]
        )
        page = operator.client.get(path, params=given, headers={"Accept": "text/html"})
        assert (page.status_code, f'href="#{wrong.split("=")[0]}"' in page.text) == (422, True), wrong
    day = (sandbox_client.now.date() + timedelta(days=1)).isoformat()
    page = operator.get(f"{path}?click_price=2.00&from={day}&country=de&job_function=&experience_level=").text
    # The jobs in Germany had three clicks for 1.50 each, 0.50 less than the new price.
    assert "These jobs have no price of their own yet." in page
    assert "Jobs with another price: 2 of 3." in page
    assert "Their clicks would have cost 1.50 USD more." in page
    assert list_cells(page, "Changed prices") == [["1.50", "2.00", "2", "3", "1.50"]]
    assert "Open jobs keep theirs: 2." in page
    answer = ask(
        sandbox_client, f"contracts/{contract_id}/prices/preview?clickPrice=1.00&validFrom={day}T00:00:00Z"
    )
    assert (answer["jobs"], answer["jobsChanged"], answer["difference"]) == (3, 3, "-3.50")
    headers = bearer(sandbox_client.credentials["operator_key"])
    for wrong in ("clickPrice=1.00&validFrom=soon", "clickPrice=0", "clickPrice=1.00&country=XX", ""):
        asked = f"/operator/contracts/{contract_id}/prices/preview?{wrong}"
        assert sandbox_client.client.get(asked, headers=headers).status_code in {400, 422}, wrong
    known = ask(sandbox_client, f"contracts/{contract_id}/prices")["elements"]
    assert len(known) == 1  # a preview changes nothing

    form = read_form(page.partition('id="result"')[2])
    assert browsers[Role.OPERATOR_READER].post(path, form).status_code == 403
    saved = operator.post(path, form)
    assert saved.headers["location"] == f"{CONTRACTS}/{contract_id}?done=price"
    row = next(
        row
        for row in list_cells(operator.get(saved.headers["location"]).text, "Prices of a click")
        if row[0] == "DE"
    )
    assert row[2:] == ["to come", "2.00"]
    (act,) = ask(sandbox_client, "audit?action=contract.setPrice")["elements"]
    assert (act["who"]["name"], act["after"]["clickPrice"], act["after"]["country"]) == (
        "operator@board.example",
        "2.00",
        "DE",
    )
    again = operator.get(
        f"{path}?click_price=2.50&from={day}&country=DE&job_function=&experience_level="
    ).text
    assert "The price of these jobs is 2.00 since" in again
    assert list_cells(again, "Changed prices") == [["2.00", "2.50", "2", "3", "1.50"]]
    # then it is the price of jobs that are posted from that day on
    sandbox_client.advance("1d")
    job_id = sandbox_client.post_job("later", location="Hamburg, Germany")
    assert ask(sandbox_client, f"explain/jobs/{job_id}")["clickPrice"] == "2.00"


def test_what_does_not_exist_is_not_found(browsers):
    for number in (77, "9" * 30):
        for path in (f"{CONTRACTS}/{number}", f"{CONTRACTS}/{number}/price"):
            assert browsers[Role.OPERATOR].get(path).status_code == 404
        assert (
            browsers[Role.OPERATOR].post(f"{CONTRACTS}/{number}/pacing", {"pacing": "EVEN"}).status_code
            == 404
        )
