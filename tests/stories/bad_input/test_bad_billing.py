"""Bad input of billing: each row is refused with its status, its code and the value that is wrong, and nothing is written."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.stories.operator.billing.scene import BUYER, REASON, SELLER, InvoicedPartner, open_invoiced_partner
from tests.support.databases.table_snapshots import nothing_written

SLOTS = {
    "kind": "SLOTS",
    "owner": "Owner",
    "units": 1,
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2090-01-01T00:00:00Z",
    "defaultPosterEmail": "a@b.example",
}


@dataclass(frozen=True)
class World:
    """A billed month: an invoice of 100.00 USD of which 40.00 are credited, one in dinars, and a draft in euros."""

    partner: InvoicedPartner
    names: dict[str, Any]


def must(partner: InvoicedPartner, method: str, path: str, body: Any) -> Any:
    answer = partner.operate(method, path, body)
    assert answer.is_success, answer.text
    return answer.json()


def open_other(partner: InvoicedPartner, currency: str, price: str, **settings: str) -> dict[str, int]:
    """Another account of the partner, which bills a slot of its own contract."""
    partner_id = int(partner.sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    draft = {"partnerId": partner_id, "currency": currency, "profile": BUYER}
    account = must(partner, "POST", "billing/accounts", draft | settings)["id"]
    must(partner, "POST", f"billing/accounts/{account}/taxRates", {"category": "O", "reason": REASON})
    contract = open_slots(partner, currency, price)
    must(partner, "PUT", f"billing/accounts/{account}/agreements/{contract}", {})
    return {"account": account, "contract": contract}


def open_slots(partner: InvoicedPartner, currency: str, price: str) -> int:
    """A contract of the partner for one slot."""
    partner_id = int(partner.sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    owner = f"urn:li:developerApplication:{partner_id}"
    draft = SLOTS | {"currency": currency, "price": price, "ownerApplication": owner}
    return int(must(partner, "POST", "hiringContracts", draft)["id"])


@pytest.fixture(scope="module")
def world(sandbox_client) -> World:
    partner = open_invoiced_partner(sandbox_client)
    dinars = open_other(partner, "KWD", "10.500")
    euros = open_other(partner, "EUR", "10.50", issues="HELD")
    partner.use_credits("sold")
    (invoice,) = partner.end_month()
    path = f"invoices/{invoice['id']}/creditNotes"
    note = must(partner, "POST", path, {"reference": "n", "lines": [{"line": 1, "amount": "40.00"}]})
    found = {}
    for name, other in (("dinars", dinars), ("euros", euros)):
        (found[name],) = partner.read(f"invoices?account={other['account']}")["elements"]
    assert [found[name]["state"] for name in found] == ["OPEN", "DRAFT"]
    agreements = partner.read(f"billing/accounts/{partner.account_id}/agreements")["elements"]
    names = {
        "account": partner.account_id,
        "contract": agreements[0]["contract"],
        "dinar_account": dinars["account"],
        "yen_contract": open_slots(partner, "JPY", "900"),
        "invoice": invoice["id"],
        "note": note["id"],
        "in_dinars": found["dinars"]["id"],
        "draft": found["euros"]["id"],
        "month": invoice["month"],
        "this_month": f"{sandbox_client.now:%Y-%m}",
    }
    return World(partner, names)


def credit(**line: Any) -> dict[str, Any]:
    return {"reference": "bad", "lines": [{"line": 1} | line]}


def pay(amount: Any) -> dict[str, Any]:
    return {"reference": "bad", "amount": amount}


ACCOUNT, CREDITS, PAYMENTS = (
    "billing/accounts/{account}",
    "invoices/{invoice}/creditNotes",
    "invoices/{invoice}/payments",
)
# what is wrong: method, path and body; status, code and what the message names. Names in braces are of the world.
ROWS: dict[str, tuple[str, str, Any, int, str, str]] = {
    "a month that the calendar does not have": (
        "POST",
        "billing/runs",
        {"month": "2026-13"},
        400,
        "INVALID_INPUT",
        "month",
    ),
    "the same in a query": ("GET", "invoices?month=2026-13", None, 400, "PARAMETER_INVALID", "'month'"),
    "the same of a run": ("GET", "billing/runs?month=2026-13", None, 400, "PARAMETER_INVALID", "'month'"),
    "the same of usage": ("GET", ACCOUNT + "/usage?month=2026-13", None, 400, "PARAMETER_INVALID", "'month'"),
    "a month to come": ("POST", "billing/runs", {"month": "2088-01"}, 409, "MONTH_NOT_FINAL", "2088-02-03"),
    "a month that is not final": (
        "POST",
        "billing/runs",
        {"month": "{this_month}"},
        409,
        "MONTH_NOT_FINAL",
        "{this_month}",
    ),
    "a contract of another currency": (
        "PUT",
        ACCOUNT + "/agreements/{yen_contract}",
        {},
        400,
        "CURRENCY_DIFFERS",
        "USD differs from the contract's currency JPY",
    ),
    "a contract that another account bills": (
        "PUT",
        "billing/accounts/{dinar_account}/agreements/{contract}",
        {},
        409,
        "CONTRACT_BILLED",
        "{account}",
    ),
    "a VAT number with a wrong check digit": (
        "PUT",
        ACCOUNT,
        {"profile": BUYER | {"vatNumber": "NL004495446B01"}},
        400,
        "INVALID_INPUT",
        "vatNumber",
    ),
    "an IBAN with a wrong check digit": (
        "PUT",
        "billing/seller",
        SELLER | {"iban": "NL91ABNA0417164301"},
        400,
        "INVALID_INPUT",
        "iban",
    ),
    "a tax rate from a day that is billed": (
        "POST",
        ACCOUNT + "/taxRates",
        {"category": "S", "ratePercent": "21", "validFrom": "{month}-15"},
        422,
        "MONTH_BILLED",
        "{month}-15",
    ),
    "a profile from a day that is billed": (
        "PUT",
        ACCOUNT,
        {"profile": BUYER | {"city": "Delft"}, "validFrom": "{month}-15"},
        422,
        "MONTH_BILLED",
        "{month}-15",
    ),
    "a credit of more than what is left": (
        "POST",
        CREDITS,
        credit(amount="60.01"),
        422,
        "CREDIT_TOO_HIGH",
        "60.00 left",
    ),
    "a credit of more units than there are": (
        "POST",
        CREDITS,
        credit(quantity=2),
        422,
        "CREDIT_TOO_HIGH",
        "60.00 left",
    ),
    "a credit of nothing": ("POST", CREDITS, credit(amount="0.00"), 422, "AMOUNT_NOT_POSITIVE", "0.00"),
    "a credit below zero": ("POST", CREDITS, credit(amount="-1.00"), 422, "AMOUNT_NOT_POSITIVE", "-1.00"),
    "a credit that is too precise": (
        "POST",
        CREDITS,
        credit(amount="1.001"),
        422,
        "AMOUNT_TOO_PRECISE",
        "1.001",
    ),
    "a credit that is too large": (
        "POST",
        CREDITS,
        credit(amount="9999999999999"),
        422,
        "AMOUNT_TOO_LARGE",
        "large",
    ),
    "a credit on a credit note": (
        "POST",
        "invoices/{note}/creditNotes",
        credit(amount="1.00"),
        409,
        "NOT_CREDITABLE",
        "CN-",
    ),
    "a credit on a draft": (
        "POST",
        "invoices/{draft}/creditNotes",
        credit(amount="1.00"),
        409,
        "NOT_CREDITABLE",
        "{draft}",
    ),
    "a payment of nothing": ("POST", PAYMENTS, pay("0.00"), 422, "AMOUNT_NOT_POSITIVE", "0.00"),
    "a payment below zero": ("POST", PAYMENTS, pay("-1.00"), 422, "AMOUNT_NOT_POSITIVE", "-1.00"),
    "a payment that is too precise": ("POST", PAYMENTS, pay("1.001"), 422, "AMOUNT_TOO_PRECISE", "1.001"),
    "a payment that is too large": ("POST", PAYMENTS, pay("9999999999999"), 422, "AMOUNT_TOO_LARGE", "large"),
    "a payment as a number": ("POST", PAYMENTS, pay(1.5), 400, "INVALID_INPUT", "amount"),
    "a payment of a draft": ("POST", "invoices/{draft}/payments", pay("1.00"), 409, "NOT_PAYABLE", "{draft}"),
    "XML of a currency with three decimal places": (
        "GET",
        "invoices/{in_dinars}/files/xml",
        None,
        404,
        "FORMAT_UNAVAILABLE",
        "KWD has 3 decimal places",
    ),
    "UBL of a currency with three decimal places": (
        "GET",
        "invoices/{in_dinars}/files/ubl",
        None,
        404,
        "FORMAT_UNAVAILABLE",
        "KWD has 3 decimal places",
    ),
    "a price that is too large": (
        "POST",
        "hiringContracts/{yen_contract}/prices",
        {"price": "9999999999999", "validFrom": "2089-01-01T00:00:00Z"},
        422,
        "AMOUNT_TOO_LARGE",
        "large",
    ),
    "a document that does not exist": ("GET", "invoices/1", None, 404, "NOT_FOUND", "invoice 1"),
}


def fill(value: Any, names: dict[str, Any]) -> Any:
    """Puts the world's names into a path, a message or the texts of a body."""
    if isinstance(value, dict):
        return {key: fill(one, names) for key, one in value.items()}
    return value.format_map(names) if isinstance(value, str) else value


@pytest.mark.parametrize("what", ROWS)
def test_bad_input_of_billing_is_refused_by_name_and_writes_nothing(
    world: World, database_url: str, what: str
) -> None:
    method, path, body, status, code, named = ROWS[what]
    with nothing_written(database_url):
        answer = world.partner.operate(method, fill(path, world.names), fill(body, world.names))
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert fill(named, world.names) in answer.json()["message"]
