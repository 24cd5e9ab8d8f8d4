"""A payment that tops up a contract: both are recorded, or neither, and once; the invoice has a line of the same posting."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stories.operator.billing.scene import InvoicedPartner, open_invoiced_partner
from tests.stories.operator.billing.test_payments import find_broken
from tests.support.sandbox_client import SandboxClient

CREDITS = {
    "kind": "CREDITS",
    "owner": "Reseller",
    "currency": "USD",
    "price": "40.00",
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2090-01-01T00:00:00Z",
}


@pytest.fixture
def partner(sandbox_client: SandboxClient) -> InvoicedPartner:
    """Taxed at 21 % from now on."""
    partner = open_invoiced_partner(sandbox_client)
    rate = {"category": "S", "ratePercent": "21"}
    made = partner.operate("POST", f"billing/accounts/{partner.account_id}/taxRates", rate)
    assert made.status_code == 201, made.text
    return partner


def open_contract(partner: InvoicedPartner, bills: str | None) -> int:
    """A prepaid contract for credits without any, which the account bills, unless ``bills`` is ``None``."""
    owner = partner.sandbox_client.credentials["parent"]["urn"]
    made = partner.operate("POST", "hiringContracts", CREDITS | {"ownerApplication": owner})
    assert made.status_code == 201, made.text
    contract_id = int(made.json()["id"])
    if bills is not None:
        agree(partner, contract_id, bills)
    return contract_id


def agree(partner: InvoicedPartner, contract_id: int, bills: str) -> None:
    path = f"billing/accounts/{partner.account_id}/agreements/{contract_id}"
    assert partner.operate("PUT", path, {"bills": bills}).status_code == 200


def top_up(partner: InvoicedPartner, contract_id: int, reference: str, **body: Any) -> Any:
    path = f"billing/accounts/{partner.account_id}/topUps"
    return partner.operate("POST", path, {"contract": contract_id, "reference": reference} | body)


def read_unused(partner: InvoicedPartner, contract_id: int) -> int:
    return int(partner.read(f"hiringContracts/{contract_id}")["unused"])


def list_payments(partner: InvoicedPartner) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = partner.read(f"billing/accounts/{partner.account_id}/payments")["elements"]
    return found


@pytest.mark.long
def test_a_paid_top_up_adds_units_once_and_pays_the_line_of_its_month(
    partner: InvoicedPartner, database_url: str
) -> None:
    contract_id = open_contract(partner, "TOP_UPS")
    first = top_up(partner, contract_id, "bank 1", units=5, note="order 7")
    assert first.status_code == 201, first.text
    paid = first.json()
    assert (paid["amount"], paid["topsUp"], paid["note"], paid["credit"]) == (
        "242.00",
        contract_id,
        "order 7",
        "242.00",
    )
    month = f"{partner.sandbox_client.now:%Y-%m}"
    expected = {"contract": contract_id, "units": 5, "net": "200.00", "tax": "42.00", "total": "242.00"}
    assert paid["topUp"] | expected | {"billedIn": month} == paid["topUp"]
    assert read_unused(partner, contract_id) == 5

    # the same again, with and without the amount, is the same; the price may rise from now on only
    for more in ({}, {"amount": "242.00"}):
        again = top_up(partner, contract_id, "bank 1", units=5, **more)
        assert (again.status_code, again.json()["wasRepeated"]) == (200, True)
        assert (again.json()["id"], again.json()["topUp"]) == (paid["id"], paid["topUp"])
    earlier = {"price": "50.00", "validFrom": "2021-01-01T00:00:00Z"}
    refused = partner.operate("POST", f"hiringContracts/{contract_id}/prices", earlier)
    assert (refused.status_code, "paid for since" in refused.json()["message"]) == (400, True)
    assert read_unused(partner, contract_id) == 5
    assert find_broken(database_url) == []

    # the invoice has one line of it, by the same posting, and the payment pays it
    (invoice,) = partner.end_month()
    assert (invoice["total"], invoice["state"], invoice["lineCount"]) == ("242.00", "PAID", 1)
    (line,) = partner.read(f"invoices/{invoice['id']}/lines")["elements"]
    assert (line["kind"], line["quantity"], line["price"]) == ("TOP_UP", 5, "40.00")
    (charge,) = partner.read(f"invoices/{invoice['id']}/lines/1/charges")["elements"]
    assert charge["reference"] == paid["topUp"]["posting"]
    again = top_up(partner, contract_id, "bank 1", units=5)
    assert (again.status_code, again.json()["topUp"]["billedIn"]) == (200, month)
    assert find_broken(database_url) == []


@pytest.mark.long
def test_a_partner_contract_is_topped_up_with_money_and_its_use_is_billed(
    partner: InvoicedPartner, database_url: str
) -> None:
    contract_id = int(partner.sandbox_client.credentials["partner_contract_id"])
    agree(partner, contract_id, "USE")
    before = partner.read(f"contracts/{contract_id}")
    made = top_up(partner, contract_id, "bank 1", limit="100.00")
    assert made.status_code == 201, made.text
    assert (made.json()["amount"], made.json()["topUp"]["billedIn"]) == ("121.00", None)
    after = partner.read(f"contracts/{contract_id}")
    assert float(after["limit"]) - float(before["limit"]) == 100
    assert float(after["available"]) - float(before["available"]) == 100
    # what was paid may be another amount than the price
    part = top_up(partner, contract_id, "bank 2", limit="100.00", amount="20.00")
    assert (part.status_code, part.json()["amount"], part.json()["topUp"]["total"]) == (
        201,
        "20.00",
        "121.00",
    )
    # the invoice is of what was used: nothing, so that all of it is credit
    assert partner.end_month() == []
    (age,) = partner.read("billing/ages")["elements"]
    assert (age["open"], age["credit"]) == ("0.00", "141.00")
    assert find_broken(database_url) == []


@pytest.mark.long
def test_one_reference_is_one_act_however_it_is_used(partner: InvoicedPartner, database_url: str) -> None:
    contract_id, other_id = open_contract(partner, "TOP_UPS"), open_contract(partner, "TOP_UPS")
    assert top_up(partner, contract_id, "bank 1", units=5).status_code == 201
    for another in (
        top_up(partner, contract_id, "bank 1", units=6),
        top_up(partner, contract_id, "bank 1", units=5, amount="242.01"),
        top_up(partner, contract_id, "bank 1", units=5, paidOn="2020-01-01"),
        top_up(partner, other_id, "bank 1", units=5),
        partner.pay("242.00", "bank 1"),
    ):
        assert (another.status_code, "bank 1" in another.json()["message"]) == (409, True), another.text
    # without the payment, it is a repetition of what it did
    plain = {"units": 5, "reference": "bank 1"}
    again = partner.operate("POST", f"hiringContracts/{contract_id}/topUps", plain)
    assert (again.status_code, again.json()["wasRepeated"], again.json()["unused"]) == (200, True, 5)
    # what was granted, or paid, by itself is not done again with the other half
    granted = partner.operate("POST", f"hiringContracts/{contract_id}/topUps", plain | {"reference": "gift"})
    assert granted.status_code == 200
    assert partner.pay("242.00", "alone").status_code == 201
    for reference in ("gift", "alone"):
        answer = top_up(partner, contract_id, reference, units=5)
        assert (answer.status_code, answer.json()["code"]) == (409, "REFERENCE_REUSED"), answer.text
    assert read_unused(partner, contract_id) == 10
    assert read_unused(partner, other_id) == 0
    assert [one["reference"] for one in list_payments(partner)] == ["bank 1", "alone"]
    assert find_broken(database_url) == []


# What the request contains, its status, and a word of the message; contracts by name.
BAD_TOP_UPS = [
    ({"units": 0}, 400, "units"),
    ({"units": -1}, 400, "units"),
    ({"units": 1_000_000_001}, 400, "units"),
    ({"units": None}, 400, "units"),
    ({"limit": "5.00"}, 400, "limit"),
    ({"contract": "clicks"}, 400, "limit"),
    ({"contract": "clicks", "limit": "5.00"}, 400, "units"),
    ({"contract": "clicks", "units": None, "limit": "0.00"}, 422, "0.00"),
    ({"contract": "clicks", "units": None, "limit": "1.001"}, 422, "1.001"),
    ({"contract": "unbilled"}, 404, "agreement"),
    ({"contract": 1}, 404, "agreement"),
    ({"contract": None}, 400, "contract"),
    ({"amount": "0.00"}, 422, "0.00"),
    ({"amount": "-1.00"}, 422, "-1.00"),
    ({"amount": "9999999999999"}, 422, "large"),
    ({"units": 1_000_000_000}, 422, "large"),
    ({"paidOn": "9998-01-01"}, 400, "paidOn"),
    ({"reference": ""}, 400, "reference"),
    ({"currencyCode": "EUR"}, 400, "currencyCode"),
]


@pytest.mark.long
def test_bad_top_ups_are_refused_and_record_nothing(partner: InvoicedPartner, database_url: str) -> None:
    contracts = {
        "credits": open_contract(partner, "TOP_UPS"),
        "unbilled": open_contract(partner, None),
        "clicks": int(partner.sandbox_client.credentials["partner_contract_id"]),
    }
    dear = {"price": "999999999.00", "validFrom": "2020-01-01T00:00:00Z"}
    assert partner.operate("POST", f"hiringContracts/{contracts['credits']}/prices", dear).status_code == 200
    agree(partner, contracts["clicks"], "USE")
    before = partner.read(f"contracts/{contracts['clicks']}")
    for changed, status, word in BAD_TOP_UPS:
        body = {"units": 5, "contract": "credits", "reference": "bad"} | changed
        body["contract"] = contracts.get(body["contract"], body["contract"])
        answer = partner.operate("POST", f"billing/accounts/{partner.account_id}/topUps", body)
        assert (answer.status_code, word in answer.json()["message"]) == (status, True), (
            changed,
            answer.text,
        )
    body = {"units": 5, "contract": contracts["credits"], "reference": "bad"}
    assert partner.operate("POST", "billing/accounts/1/topUps", body).status_code == 404
    assert read_unused(partner, contracts["credits"]) == 0
    assert partner.read(f"contracts/{contracts['clicks']}") == before
    assert list_payments(partner) == []
    assert find_broken(database_url) == []


def test_without_a_tax_rate_or_for_a_post_paid_contract_nothing_is_topped_up(
    sandbox_client: SandboxClient,
) -> None:
    partner = InvoicedPartner(sandbox_client, 0)
    owner = sandbox_client.credentials["parent"]["urn"]
    party = {"legalName": "P", "addressLines": ["Kade 1"], "city": "Rotterdam", "country": "NL"}
    draft = {"partnerId": int(owner.rsplit(":", 1)[-1]), "currency": "USD", "profile": party}
    partner = InvoicedPartner(sandbox_client, partner.operate("POST", "billing/accounts", draft).json()["id"])
    contract_id = open_contract(partner, "TOP_UPS")
    answer = top_up(partner, contract_id, "bank 1", units=5)
    assert (answer.status_code, "no tax rate" in answer.json()["message"]) == (400, True), answer.text
    rate = {"category": "Z"}
    assert partner.operate("POST", f"billing/accounts/{partner.account_id}/taxRates", rate).is_success
    postpaid = partner.operate(
        "POST", "hiringContracts", CREDITS | {"ownerApplication": owner, "isPostpaid": True}
    ).json()["id"]
    agree(partner, postpaid, "USE")
    answer = top_up(partner, postpaid, "bank 1", units=5)
    assert (answer.status_code, "post-paid" in answer.json()["message"]) == (400, True), answer.text
    assert list_payments(partner) == []


@pytest.mark.long
def test_top_ups_at_once_are_each_recorded_once(partner: InvoicedPartner, database_url: str) -> None:
    """Granted and paid credits were doubled by one call (NyxID 1050); the same top-up twice was two (lago-api 5870)."""
    contract_id = open_contract(partner, "TOP_UPS")
    plain = {"units": 5, "reference": "bank 0"}

    def call(number: int) -> int:
        if number % 5 == 4:  # the same reference without its payment
            path = f"hiringContracts/{contract_id}/topUps"
            return int(partner.operate("POST", path, plain).status_code)
        return int(top_up(partner, contract_id, f"bank {number % 5}", units=5).status_code)

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(call, range(20)))
    paid = list_payments(partner)
    # Whichever of the two came first with "bank 0", the units were added once.
    assert set(statuses) <= {200, 201, 409}
    assert [one["reference"] for one in paid if one["reference"] != "bank 0"] != []
    assert len({one["reference"] for one in paid}) == len(paid) == statuses.count(201)
    assert len(paid) in {3, 4}
    assert (409 in statuses) is (len(paid) == 3)
    assert read_unused(partner, contract_id) == 4 * 5
    assert find_broken(database_url) == []
