"""Owns the writes of payments: to a new partner's account, to an issued invoice of it, to a payment."""

from typing import Any

from tests.stories.repeats.billing_writes import PARTY, on_account
from tests.stories.repeats.world import Make, World, Write

ISSUED = """
WITH series AS (
    INSERT INTO billing_series (name, kind, last, last_issued_at, last_digest)
    VALUES ('INV-2000', 'INVOICE', 0, '2000-01-01Z', '') ON CONFLICT DO NOTHING)
INSERT INTO billing_documents (id, account_id, kind, month, reference, currency, minor_digits, seller, buyer,
                               net_micros, issued_at, due_on, series, sequence, digest)
VALUES (%s, %s, 'INVOICE', '2000-01-01', gen_random_uuid(), 'USD', 2,
        '{"legal_name": "S", "address_lines": [], "city": "", "postcode": "", "country": "NL"}',
        '{"legal_name": "B", "address_lines": [], "city": "", "postcode": "", "country": "NL"}',
        90000000, '2000-02-03Z', '2000-03-03', 'INV-2000', %s, 'x')
"""


def on_payment(body: dict[str, Any]) -> Make:
    """Makes a write to an issued invoice of a new partner, or to a payment into its account."""

    async def make(world: World, path: str) -> Write:
        named = await world.call(Write("POST", "/operator/partners", world.operator, {"name": world.name()}))
        draft = {"partnerId": named["id"], "currency": "USD", "profile": PARTY}
        account = await world.call(Write("POST", "/operator/billing/accounts", world.operator, draft))
        number, payment = account["id"], {"amount": "5.00", "reference": world.name()}
        if "account_id" in path:
            path = path.replace("{account_id:int}", str(number))
        elif "invoice_id" in path:
            await world.execute(ISSUED, number * 1_000, number, number)
            path = path.replace("{invoice_id:int}", str(number * 1_000))
        else:
            into = f"/operator/billing/accounts/{number}/payments"
            made = await world.call(Write("POST", into, world.operator, payment))
            path = path.replace("{payment_id:int}", str(made["id"]))
        return Write("POST", path, world.operator, body | {"reference": world.name()})

    return make


async def top_up(world: World, path: str) -> Write:
    """A payment into the account of a new partner that tops up its contract."""
    agreements = "/operator/billing/accounts/{account_id:int}/agreements/{contract_id:int}"
    agreed = await on_account("PUT", {"bills": "TOP_UPS"})(world, agreements)
    await world.call(agreed)
    account, contract = agreed.path.removeprefix("/operator/billing/accounts/").split("/agreements/")
    rates = f"/operator/billing/accounts/{account}/taxRates"
    await world.call(Write("POST", rates, world.operator, {"category": "Z"}))
    body = {"contract": int(contract), "limit": "7.00", "reference": world.name()}
    return Write("POST", path.replace("{account_id:int}", account), world.operator, body)


PAYMENTS = {
    ("POST", "/operator/billing/accounts/{account_id:int}/topUps"): top_up,
    ("POST", "/operator/billing/accounts/{account_id:int}/payments"): on_payment({"amount": "7.00"}),
    ("POST", "/operator/invoices/{invoice_id:int}/payments"): on_payment({"amount": "7.00"}),
    ("POST", "/operator/billing/payments/{payment_id:int}/reversals"): on_payment({"amount": "2.00"}),
}
