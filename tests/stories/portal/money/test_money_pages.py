"""A partner sees its invoices down to the click, what it owes, its contracts, and a statement for each of its customers."""

import csv
import io
import re
from datetime import datetime, timedelta
from html import unescape

import pytest

from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import DocumentFilter
from jobmeter.billing.rules import month_before
from jobmeter.people.model import Grant, Role
from jobmeter.portal.frame.cookies import LANGUAGE
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.money.scene import CLICKS, MORE, end_month, open_account, use_all
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import add_partner, bearer, open_sandbox_client
from tests.support.xml_partner import POSTER, XmlPartner

INVOICES, CONTRACTS = "/portal/partner/invoices", "/portal/partner/contracts"
STATEMENTS, MINE = "/portal/partner/statements", "/portal/my/statement"
NOTE = "CN-{year}-000001"
NET = "285.50"  # two credits, and 57 clicks


@pytest.fixture(scope="module")
def url(cluster_url):
    made = make_database(cluster_url, TEMPLATE)
    yield next(made)
    made.close()


@pytest.fixture(scope="module")
def scene(url):
    """A month with clicks, credits and a slot is invoiced; 100.00 of it are paid, and 10.00 credited. In the month after,
    the partner uses a credit, and so does its customer's application.
    """
    with open_sandbox_client(url) as sandbox_client:
        played = use_all(open_account(sandbox_client))
        invoice = end_month(played)
        played.operate(
            "POST", f"invoices/{invoice['id']}/payments", {"amount": "100.00", "reference": "=bank 1"}
        )
        body = {"lines": [{"line": 1, "amount": "10.00"}], "reference": "promised", "note": "Promised"}
        played.operate("POST", f"invoices/{invoice['id']}/creditNotes", body)
        for who, name in (("parent", "next"), ("child", "own")):
            xml = XmlPartner(sandbox_client, who)
            assert xml.post(name, xml.credits, poster=POSTER).status_code == 201
        yield played


@pytest.fixture(scope="module")
def invoice(scene):
    return next(one for one in scene.list_invoices() if one["kind"] == "INVOICE")


@pytest.fixture(scope="module")
def open_as(scene, url):
    """A browser of somebody with a grant, German if it says so."""

    def call(grant, *, language="en"):
        email = f"{grant.role}.{grant.partner_id}.{grant.hiring_contract_id}@hafenkontor.example"
        browser = open_browser(scene.sandbox_client, log_in(url, grant, email=email))
        browser.client.cookies.set(LANGUAGE, language, domain="board.example")
        return browser

    return call


@pytest.fixture(scope="module")
def partner(scene, open_as):
    return open_as(list_grants(scene.sandbox_client.credentials)[Role.PARTNER_READER])


@pytest.fixture(scope="module")
def customer(scene, open_as):
    return open_as(list_grants(scene.sandbox_client.credentials)[Role.CUSTOMER])


def read(browser, path):
    """The words of a page, without its elements."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.text)
    text = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


def read_table(answer):
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_list_shows_what_is_owed_and_what_this_month_costs_so_far(scene, partner, invoice):
    text = read(partner, INVOICES)
    assert f"Invoice {invoice['number']}" in text
    assert "To pay 175.50 USD" in text
    assert "=bank 1 100.00 100.00 USD" in text
    # two credits were used since, which are final at once
    assert re.search(r"2 credits used 200\.00 USD 0\.00 USD", text)
    assert re.search(r"1 apply click 0\.00 USD 1\.50 USD", text)
    assert "Together 200.00 USD 1.50 USD" in text
    for state, is_shown in (("partly_paid", True), ("paid", False), ("nonsense", True)):
        assert (invoice["number"] in read(partner, f"{INVOICES}?state={state}")) is is_shown
    (row,) = read_table(partner.get(f"{INVOICES}.csv?state=partly_paid"))
    assert (row["number"], row["total"], row["paid"], row["open"]) == (
        invoice["number"],
        NET,
        "100.00",
        "175.50",
    )
    (paid,) = read_table(partner.get("/portal/partner/payments.csv"))
    assert (paid["reference"], paid["pays_invoices"], paid["credit"]) == ("'=bank 1", "100.00", "0.00")


def test_the_overview_shows_what_is_spent_against_an_even_pace(scene, partner, invoice):
    answer = partner.get("/portal/partner").text
    assert f'<a href="{INVOICES}/{invoice["number"]}">' in answer
    assert f'<a href="{CONTRACTS}/{XmlPartner(scene.sandbox_client).slots}">24 slots' in answer
    token = scene.sandbox_client.token("parent")
    shown = scene.sandbox_client.client.get("/partner/overview", headers=bearer(token)).json()
    (contract,) = shown["contracts"]
    starts, ends = (datetime.fromisoformat(contract[name]) for name in ("termStartsAt", "termEndsAt"))
    even = float(contract["limit"]) * timedelta(days=2) / (ends - starts)
    text = read(partner, "/portal/partner")
    said = re.search(r"1\.50 USD spent by 2 \w+ \d+; an even pace would have spent ([\d,.]+) USD", text)
    assert abs(float(said[1].replace(",", "")) - even) < 0.02
    assert "Four steps" not in text


@pytest.mark.long
def test_an_invoice_adds_up_and_its_lines_open_to_clicks_and_credits(partner, invoice):
    path = f"{INVOICES}/{invoice['number']}"
    first, second = partner.get(path), partner.get(f"{path}?after=50")
    numbers = [re.findall(r"/lines/(\d+)\"", page.text) for page in (first, second)]
    assert [len(found) for found in numbers] == [50, 2 + 1 + MORE - 50]
    assert '<a href="?after=50" rel="next">' in first.text
    text = read(partner, path)
    for said in (
        "Partly paid due on",
        "Posting: 1 100.00",
        "Renewal: 1 100.00",
        f"Apply clicks: {CLICKS + MORE} 85.50",
        f"53 lines {NET} Tax 0.00 Total {NET} Difference 0.00",
        "-10.00 Paid on",
    ):
        assert said in text, said
    assert "<b>pilot</b>" not in first.text + second.text

    (pilot,) = re.findall(r'/lines/(\d+)" dir="auto">Harbour', first.text + second.text)
    clicked, credit = (read(partner, f"{path}/lines/{number}") for number in (pilot, "1"))
    assert "Harbour <b>pilot</b>" in clicked
    assert f"{CLICKS} at 1.50 are 10.50 USD" in clicked
    assert "Charge " in clicked
    assert clicked.count(" 09:00 UTC ") == CLICKS
    assert "Credit used" in credit
    rows = read_table(partner.get(f"{path}/lines/{pilot}/clicks.csv"))
    assert [row["amount"] for row in rows] == ["1.50"] * CLICKS
    (row,) = read_table(partner.get(f"{path}/lines/{pilot}/charges.csv"))
    assert (row["purpose"], row["amount"], row["reversed"]) == ("CHARGE", "10.50", "0.00")
    (row,) = read_table(partner.get(f"{path}/lines/1/charges.csv"))
    assert (row["purpose"], row["amount"]) == ("CONSUME", "100.00")
    assert partner.get(f"{path}/lines/1/clicks.xlsx").content[:2] == b"PK"
    assert credit.rstrip().endswith("0.00 100.00")
    for wrong, status in (("charges=x", 400), ("clicks=x", 400), ("after=x", 400)):
        page = path if wrong.startswith("after") else f"{path}/lines/1"
        assert partner.get(f"{page}?{wrong}").status_code == status


def test_an_invoice_is_a_file_in_each_format(partner, invoice):
    path = f"{INVOICES}/{invoice['number']}/file"
    for name, begins in (("pdf", b"%PDF-"), ("ubl", b"<?xml"), ("xml", b"<?xml"), ("json", b"{")):
        answer = partner.get(f"{path}?format={name}")
        assert (answer.status_code, answer.content[: len(begins)]) == (200, begins), name
        assert f'filename="{invoice["number"]}.' in answer.headers["content-disposition"]
    assert len(read_table(partner.get(f"{path}?format=csv"))) == 3 + MORE
    assert partner.get(f"{path}?format=doc").status_code == 400


def test_the_operator_finds_an_invoice_by_its_number(scene, open_as, invoice):
    operator = open_as(list_grants(scene.sandbox_client.credentials)[Role.OPERATOR])
    for text in (invoice["number"], invoice["number"].lower()):
        found = operator.get(f"/portal/operator/find?q={text}").headers["location"]
        assert found == f"/portal/operator/billing/documents/{invoice['id']}"
        assert invoice["number"] in read(operator, found)


def test_the_newest_documents_come_first_page_by_page(scene, invoice):
    client, app = scene.sandbox_client.client, scene.sandbox_client.client.app.state.jobmeter
    today = scene.sandbox_client.now.date()

    async def collect():
        found, before = [], 2**62
        async with app.database.connection() as connection:
            while True:
                page = await documents.list_newest(
                    connection,
                    DocumentFilter(account_id=scene.account_id),
                    before=before,
                    rows_max=1,
                    today=today,
                )
                if not page:
                    return found
                found.append(page[0].number)
                before = page[0].id

    assert client.portal.call(collect) == [
        NOTE.format(year=today.year),
        invoice["number"],
    ]


@pytest.fixture
def contracts(scene):
    xml = XmlPartner(scene.sandbox_client)
    clicks = scene.sandbox_client.credentials["partner_contract_id"]
    return {"clicks": clicks, "slots": xml.slots, "credits": xml.credits}


def test_contracts_show_their_prices_movements_and_jobs(scene, partner, contracts):
    listed = read(partner, CONTRACTS)
    assert all(str(number) in listed for number in contracts.values())
    assert "24 of 25" in listed
    assert "46 of 50" in listed
    later = {"clickPrice": "2.25", "validFrom": "2060-01-01T00:00:00Z", "country": "NO"}
    scene.operate("POST", f"contracts/{contracts['clicks']}/prices", later)
    top_up = {"amount": "500.00", "reference": "more"}
    scene.operate("POST", f"contracts/{contracts['clicks']}/topUps", top_up)
    text = read(partner, f"{CONTRACTS}/{contracts['clicks']}")
    for said in (
        "of a limit of 1,000,500.00",
        "all others",
        "NO 1 Jan 2060 to come 2.25",
        "Top-up 500.00",
        f"urn:li:contract:{contracts['clicks']}",
        f"urn:li:contract:{scene.sandbox_client.credentials['customer_contract_id']}",
    ):
        assert said in text, said
    slots = read(partner, f"{CONTRACTS}/{contracts['slots']}")
    assert "24 free of 25" in slots
    assert "Fitter slot" in slots
    assert "Top-up" not in slots  # what the client bought is the client's
    assert "A posting or renewal" not in slots
    used = read(partner, f"{CONTRACTS}/{contracts['credits']}")
    assert "A posting or renewal 100.00 USD" in used
    assert "Top-up 50" in used
    assert "Fitter next" in used.partition("Credits used this month")[2]


def test_each_customer_has_a_statement_to_bill_on_or_refund_by(scene, partner):
    month, child = f"month={scene.month:%Y-%m}", scene.sandbox_client.credentials["child"]["urn"]
    listed = read(partner, f"{STATEMENTS}?{month}")
    assert f"{POSTER} 2 0 200.00 USD" in listed
    assert f"0 {CLICKS + MORE} 85.50 USD" in listed
    rows = read_table(partner.get(f"{STATEMENTS}.csv?{month}"))
    assert [(row["customer"], row["amount"]) for row in rows] == [(POSTER, "200.00"), (child, "85.50")]

    text = read(partner, f"{STATEMENTS}/customer?{month}&customer={POSTER}")
    assert "Together 200.00 USD" in text
    file = f"{STATEMENTS}/file?{month}&customer={POSTER}&format=csv"
    assert "price" not in read_table(partner.get(file))[0]
    assert read_table(partner.get(f"{file}&prices=mine"))[0]["price"] == "100.00"
    assert read_table(partner.get(f"{file}&markup=12.5"))[0]["resale"] == "112.50"
    assert partner.get(file.replace("csv", "pdf")).content[:5] == b"%PDF-"
    for wrong, status in (("format=ubl", 400), ("markup=x", 400), ("markup=1000.1", 400)):
        assert partner.get(f"{STATEMENTS}/file?{month}&customer={POSTER}&{wrong}").status_code == status
    assert partner.get(f"{STATEMENTS}/customer?{month}&customer=no@body.example").status_code == 404
    assert partner.get(f"{STATEMENTS}?month=2020-01").status_code == 400
    before = month_before(scene.month)
    assert "No customer used anything" in read(partner, f"{STATEMENTS}?month={before:%Y-%m}")


def test_a_customer_reads_its_own_statement_without_what_the_partner_pays(
    scene, partner, customer, open_as, contracts
):
    month = f"month={scene.month:%Y-%m}"
    text = read(customer, f"{MINE}?{month}")
    assert f"Apply clicks charged {CLICKS + MORE}" in text
    assert "Together 85.50 USD" in text
    assert POSTER not in text
    assert len(read_table(customer.get(f"{MINE}/file?{month}&format=csv"))) == 1 + MORE
    before = month_before(scene.month)
    assert "Nothing was used in this month" in read(customer, f"{MINE}?month={before:%Y-%m}")

    # where its application used a credit of the partner, no price is shown
    text = read(customer, MINE)
    assert "Fitter own" in text
    assert "100.00" not in text
    assert "price" not in read_table(customer.get(f"{MINE}/file?format=csv"))[0]

    seat = open_as(Grant(role=Role.CUSTOMER, hiring_contract_id=contracts["slots"]))
    assert "Slots have no statement by month" in read(seat, MINE)
    assert seat.get(f"{MINE}/file").status_code == 404
    assert partner.get(MINE).status_code == 403


def test_another_partner_sees_nothing_of_it(scene, url, open_as, invoice):
    other = add_partner(scene.sandbox_client, url)
    stranger = open_as(list_grants(other.credentials)[Role.PARTNER_MANAGER])
    assert "Nothing is invoiced to you" in read(stranger, INVOICES)
    assert read_table(stranger.get(f"{INVOICES}.csv")) == []
    assert read_table(stranger.get("/portal/partner/payments.csv")) == []
    assert "No customer used anything" in read(stranger, f"{STATEMENTS}?month={scene.month:%Y-%m}")
    assert POSTER not in read(stranger, INVOICES)
    assert stranger.get(f"{STATEMENTS}/file?customer={POSTER}").status_code == 404


def test_the_pages_are_german_too(scene, open_as, invoice, contracts):
    grants = list_grants(scene.sandbox_client.credentials)
    partner = open_as(grants[Role.PARTNER_READER], language="de")
    paths = [INVOICES, f"{INVOICES}/{invoice['number']}", f"{INVOICES}/{invoice['number']}/lines/1"]
    paths += [CONTRACTS, *(f"{CONTRACTS}/{one}" for one in contracts.values()), STATEMENTS]
    for path in paths:
        assert '<html lang="de"' in partner.get(path).text
    assert "zu 100,00 sind 100,00 USD" in read(partner, paths[2])
    assert "Aufstellung" in read(open_as(grants[Role.CUSTOMER], language="de"), MINE)
