"""A partner bills on to its own customers: a statement for each, in every format, with refunds that it recorded."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from jobmeter.base.days import month_after
from tests.stories.operator.billing.conftest import BUYER, SELLER
from tests.support.sandbox_client import add_partner, bearer, make_event
from tests.support.xml_partner import XmlPartner

POSTERS = ("ada@one.example", "bob@two.example")
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def played(sandbox_client, operate, month, partner_id):
    """Ten clicks of the customer, one of them refused; three postings and a renewal of two posters."""
    account = set_up(sandbox_client, operate, partner_id)
    xml = XmlPartner(sandbox_client)
    job_id = sandbox_client.post_job("clicked")
    sandbox_client.send_clicks(job_id, 10)
    robot = make_event(job_id, "robot", sandbox_client.now_ms, type="applyClick", userAgent="Googlebot/2.1")
    sandbox_client.send([robot])
    code = "<customer-job-code>C-{}</customer-job-code>"
    for number, (poster, title) in enumerate(((0, FORMULA), (0, "Turner"), (1, "Fitter"))):
        more = code.format(number)
        answer = xml.post(f"posted-{number}", xml.credits, poster=POSTERS[poster], title=title, more=more)
        assert answer.status_code == 201, answer.text
    assert xml.renew("posted-0", xml.credits).status_code == 200
    return account


def set_up(sandbox_client, operate, partner_id):
    operate("PUT", "billing/seller", SELLER)
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER}
    account = operate("POST", "billing/accounts", draft).json()["id"]
    path = f"billing/accounts/{account}"
    operate("POST", f"{path}/taxRates", {"category": "S", "ratePercent": "21"})
    for contract in (sandbox_client.credentials["partner_contract_id"], XmlPartner(sandbox_client).credits):
        assert operate("PUT", f"{path}/agreements/{contract}", {}).is_success
    return account


@pytest.mark.long
def test_the_customers_of_a_month_add_up_to_its_invoice(sandbox_client, operate, read, month, played):
    listed = read(f"/partner/statements/{month:%Y-%m}").json()
    child = sandbox_client.credentials["child"]["urn"]
    shown = [
        (
            row["customer"],
            row["customerJobCode"],
            row["postings"],
            row["renewals"],
            row["clicks"],
            row["amount"],
        )
        for row in listed["elements"]
    ]
    assert shown == [
        (POSTERS[0], "C-0", 1, 1, 0, "200.00"),
        (POSTERS[0], "C-1", 1, 0, 0, "100.00"),
        (POSTERS[1], "C-2", 1, 0, 0, "100.00"),
        (child, "", 0, 0, 10, "15.00"),
    ]

    # page by page they are the same
    found, cursor = [], ""
    while cursor is not None:
        page = read(f"/partner/statements/{month:%Y-%m}?count=1&cursor={cursor}").json()
        found += page["elements"]
        cursor = page["nextCursor"]
    assert found == listed["elements"]

    # and so is the sum of their statements
    nets = [
        Decimal(read_statement(read, month, row, "&prices=mine").json()["net"]) for row in listed["elements"]
    ]
    assert nets == [Decimal(row["amount"]) for row in listed["elements"]]
    invoice = wait_for_invoice(sandbox_client, operate, month, played)
    assert Decimal(invoice["net"]) == sum(nets)


def read_statement(read, month, row, more=""):
    code = f"&customerJobCode={row['customerJobCode']}" if row["kind"] == "POSTER" else ""
    return read(f"/partner/statements/{month:%Y-%m}?customer={row['customer']}{code}{more}")


def wait_for_invoice(sandbox_client, operate, month, account):
    over = month_after(month) + timedelta(days=2)
    sandbox_client.set_clock(datetime.combine(over, datetime.min.time(), UTC) + timedelta(seconds=1))
    (invoice,) = operate("GET", f"invoices?account={account}&month={month:%Y-%m}").json()["elements"]
    return operate("GET", f"invoices/{invoice['id']}").json()


def test_a_statement_hides_our_prices_and_may_show_the_partner_s(read, month, played):
    path = f"/partner/statements/{month:%Y-%m}?customer={POSTERS[0]}"

    # without prices: what was posted, and how often
    plain = read(path)
    assert plain.headers["Content-Disposition"] == f'attachment; filename="statement-{month:%Y-%m}.json"'
    statement = plain.json()
    assert (statement["kind"], statement["customer"]) == ("STATEMENT", POSTERS[0])
    assert statement["counts"] == {"POSTINGS": 2, "RENEWALS": 1}
    assert [(line["kind"], line["title"]) for line in statement["lines"]] == [
        ("POSTING", FORMULA),
        ("POSTING", "Turner"),
        ("RENEWAL", FORMULA),
    ]
    assert not {"price", "net", "total", "taxes"} & {*statement, *statement["lines"][0]}
    assert statement["seller"]["legalName"] == BUYER["legalName"]

    # with the partner's own
    marked = read(f"{path}&markupPercent=12.5").json()
    assert [line["resale"] for line in marked["lines"]] == ["112.50"] * 3
    assert "price" not in marked["lines"][0]

    # with ours, and then also what is left
    mine = read(f"{path}&prices=mine&customerJobCode=C-1").json()
    assert [(line["price"], line["net"]) for line in mine["lines"]] == [("100.00", "100.00")]
    assert (mine["net"], mine["counts"]["CREDITS_LEFT"]) == ("100.00", 46)

    # the same statement is not sent twice
    tag = {"If-None-Match": plain.headers["ETag"]}
    assert read(path, headers=tag).status_code == 304


def test_a_statement_is_a_table_or_a_page(read, month, played):
    path = f"/partner/statements/{month:%Y-%m}?customer={POSTERS[0]}&prices=mine"
    table = read(f"{path}&format=csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [(row["kind"], row["title"], row["net"]) for row in rows] == [
        ("POSTING", f"'{FORMULA}", "100.00"),
        ("POSTING", "Turner", "100.00"),
        ("RENEWAL", f"'{FORMULA}", "100.00"),
    ]
    sheet = zipfile.ZipFile(io.BytesIO(read(f"{path}&format=xlsx").content))
    cells = "".join(sheet.read(name).decode() for name in sheet.namelist() if name.endswith(".xml"))
    assert FORMULA in cells
    assert "<f>" not in cells  # no cell is a formula
    page = read(f"{path}&format=pdf&markupPercent=10")
    assert (page.headers["Content-Type"], page.content[:5]) == ("application/pdf", b"%PDF-")


def test_use_that_is_paid_by_top_up_has_no_price(sandbox_client, operate, read, month, partner_id):
    account, xml = set_up(sandbox_client, operate, partner_id), XmlPartner(sandbox_client)
    agreed = operate("PUT", f"billing/accounts/{account}/agreements/{xml.credits}", {"bills": "TOP_UPS"})
    assert agreed.status_code == 200, agreed.text
    assert xml.post("prepaid", xml.credits, poster=POSTERS[0]).status_code == 201
    path = f"/partner/statements/{month:%Y-%m}"
    assert [row["amount"] for row in read(path).json()["elements"]] == ["0.00"]
    shown = read(f"{path}?customer={POSTERS[0]}&prices=mine").json()
    assert [(line["kind"], line["price"]) for line in shown["lines"]] == [("POSTING", "0.00")]
    assert (shown["net"], shown["counts"]["CREDITS_LEFT"]) == ("0.00", 49)
    assert shown["lines"][0]["taxRatePercent"] == "21"


def test_a_customer_s_application_reads_its_own_statement(sandbox_client, read, month, played):
    path = f"/partner/statements/{month:%Y-%m}"
    own = read(path, "child")
    assert own.status_code == 200, own.text
    assert own.json()["counts"] == {
        "POSTINGS": 0,
        "RENEWALS": 0,
        "CLICKS": 10,
        "FREE_CLICKS": 0,
        "REFUSED_CLICKS": 1,
        "BASIC_JOBS": 0,
        "SLOTS_USED": 0,
    }
    (line,) = own.json()["lines"]
    assert (line["kind"], line["externalId"], line["quantity"]) == ("CLICKS", "clicked", 10)
    named = sandbox_client.credentials["child"]["urn"]
    assert read(f"{path}?customer={named}", "child").json() == own.json()
    assert read(f"{path}?customer={named}").json() == own.json()
    assert own.json()["finalThrough"] == f"{month - timedelta(days=3)}"

    # and no other
    for other in (POSTERS[0], sandbox_client.credentials["parent"]["urn"], "nobody@example.com"):
        refused = read(f"{path}?customer={other}", "child")
        assert (refused.status_code, refused.json()["message"]) == (404, f"There is no customer {other}")


def test_another_partner_s_customer_is_like_one_that_does_not_exist(
    sandbox_client, database_url, month, played
):
    stranger = add_partner(sandbox_client, database_url)
    headers = bearer(stranger.token("parent"))
    for customer in (POSTERS[0], sandbox_client.credentials["child"]["urn"], "urn:li:developerApplication:7"):
        answer = stranger.client.get(
            f"/partner/statements/{month:%Y-%m}?customer={customer}", headers=headers
        )
        assert (answer.status_code, answer.json()["message"]) == (404, f"There is no customer {customer}")
    assert stranger.client.get(f"/partner/statements/{month:%Y-%m}", headers=headers).json()["elements"] == []


@pytest.mark.parametrize(
    ("month_text", "query", "status", "named"),
    [
        ("2026-13", "", 400, "month"),
        ("2020-01", "", 400, "month"),
        ("NOW", "customer=a@b.example&format=docx", 400, "format"),
        ("NOW", "customer=a@b.example&format=xml", 400, "format"),
        ("NOW", "customer=a@b.example&prices=all", 400, "prices"),
        ("NOW", "customer=a@b.example&markupPercent=x", 400, "markupPercent"),
        ("NOW", "customer=a@b.example&markupPercent=1000.01", 400, "markupPercent"),
        ("NOW", "customer=a@b.example&currency=EUR", 400, "currency"),
        ("NOW", "cursor=x", 400, "cursor"),
        ("NOW", "count=0", 400, "count"),
        ("NOW", "customer=a@b.example", 404, "a@b.example"),
    ],
)
def test_a_statement_that_cannot_be_made_is_refused(sandbox_client, read, month_text, query, status, named):
    text = month_text.replace("NOW", f"{sandbox_client.now:%Y-%m}")
    answer = read(f"/partner/statements/{text}?{query}")
    assert (answer.status_code, named in answer.json()["message"]) == (status, True), answer.text


@pytest.mark.long
def test_a_refund_to_a_customer_is_on_its_statement(sandbox_client, operate, read, month, played):
    # given an invoice
    invoice = wait_for_invoice(sandbox_client, operate, month, played)
    lines = operate("GET", f"invoices/{invoice['id']}/lines").json()["elements"]
    line = next(line["line"] for line in lines if line["title"] == "Turner")
    clicks = next(line["line"] for line in lines if line["kind"] == "CLICKS")

    def refund(**changed):
        body = {
            "invoiceLine": f"{invoice['number']}/{line}",
            "amount": "130.00",
            "reference": "R 1",
        } | changed
        headers = bearer(sandbox_client.token("parent"))
        return sandbox_client.client.post("/partner/refunds", json=body, headers=headers)

    # when the partner records refunds, one of them twice
    made = refund()
    assert (made.status_code, made.json()["wasRepeated"]) == (201, False), made.text
    assert (refund().status_code, refund().json()) == (200, made.json() | {"wasRepeated": True})
    assert refund(amount="131.00").json()["code"] == "REFERENCE_REUSED"
    assert (
        refund(invoiceLine=f"{invoice['number']}/{clicks}", amount="2.00", reference="R 2").status_code == 201
    )

    # then the statements of their month show them, and only to those that they are for
    this = f"{sandbox_client.now:%Y-%m}"
    path = f"/partner/statements/{this}?customer={POSTERS[0]}"
    (shown,) = read(path).json()["lines"]
    assert (shown["kind"], shown["resale"], shown["quantity"]) == ("REFUND", "-130.00", -1)
    assert (shown["correctsNumber"], shown["correctsLine"]) == (invoice["number"], line)
    assert read(f"{path}&prices=mine").json()["net"] == "0.00"
    assert read(f"{path}&format=csv").text.count("REFUND") == 1
    assert read(f"/partner/statements/{this}?customer={POSTERS[1]}").status_code == 404
    (own,) = read(f"/partner/statements/{this}", "child").json()["lines"]
    assert (own["kind"], own["resale"]) == ("REFUND", "-2.00")

    # and they are listed
    listed = read("/partner/refunds").json()["elements"]
    assert [(one["reference"], one["amount"]) for one in listed] == [("R 1", "130.00"), ("R 2", "2.00")]
    assert read("/partner/refunds?count=1").json()["nextAfter"] == listed[0]["id"]

    # and nothing of ours moved
    after = operate("GET", f"invoices/{invoice['id']}").json()
    assert (after["net"], after["state"]) == (invoice["net"], invoice["state"])


@pytest.mark.parametrize(
    ("changed", "status", "named"),
    [
        ({"invoiceLine": "INV-2026-000001"}, 400, "invoiceLine"),
        ({"invoiceLine": "INV-2026-000001/1"}, 404, "INV-2026-000001/1"),
        ({"invoiceLine": ""}, 400, "invoiceLine"),
        ({"reference": ""}, 400, "reference"),
        ({"amount": None}, 400, "amount"),
    ],
)
def test_an_invalid_refund_is_refused(sandbox_client, changed, status, named):
    body = {"invoiceLine": "INV-2026-000001/1", "amount": "1.00", "reference": "R"} | changed
    headers = bearer(sandbox_client.token("parent"))
    answer = sandbox_client.client.post("/partner/refunds", json=body, headers=headers)
    assert (answer.status_code, named in answer.json()["message"]) == (status, True), answer.text
    of_child = sandbox_client.client.post(
        "/partner/refunds", json=body, headers=bearer(sandbox_client.token())
    )
    assert of_child.status_code in {400, 403}
