"""Owns the writes of billing, each on a new account. Does not own any expectation."""

import base64
from datetime import UTC, datetime, time, timedelta
from typing import Any

from jobmeter.base.days import month_after
from tests.stories.repeats.world import Make, World, Write
from tests.unit.billing.logos import make_png

CONTRACT = {
    "currency": "USD",
    "limit": "500.00",
    "clickPrice": "1.00",
    "termStartsAt": "2020-01-01T00:00:00Z",
    "termEndsAt": "2090-01-01T00:00:00Z",
}
PARTY = {"legalName": "Party", "addressLines": ["Kade 1"], "city": "Rotterdam", "country": "NL"}


def on_account(method: str, body: Any, *, is_agreed: bool = False) -> Make:
    """Makes a write to the billing account of a new partner, and to its contract."""

    async def make(world: World, path: str) -> Write:
        named = await world.call(Write("POST", "/operator/partners", world.operator, {"name": world.name()}))
        opened = f"/operator/partners/{named['id']}/contracts"
        contract = await world.call(Write("POST", opened, world.operator, CONTRACT))
        draft = {"partnerId": named["id"], "currency": "USD", "profile": PARTY}
        if path == "/operator/billing/accounts":
            return Write(method, path, world.operator, draft)
        account = await world.call(Write("POST", "/operator/billing/accounts", world.operator, draft))
        path = path.replace("{account_id:int}", str(account["id"]))
        path = path.replace("{contract_id:int}", str(contract["id"]))
        if is_agreed:
            await world.call(Write("PUT", path, world.operator, {}))
        return Write(method, path, world.operator, body)

    return make


def on_month(method: str, *, issues: str = "HELD") -> Make:
    """Makes a write to the month before of a new account that wants a statement: to its draft, or a run."""

    async def make(world: World, path: str) -> Write:
        now = await world.read_now()
        month = f"{now.replace(day=1) - timedelta(days=35):%Y-%m}"
        await world.call(Write("PUT", "/operator/billing/seller", world.operator, PARTY))
        named = await world.call(Write("POST", "/operator/partners", world.operator, {"name": world.name()}))
        draft = {"partnerId": named["id"], "currency": "USD", "profile": PARTY, "firstMonth": month}
        draft |= {"issues": issues, "zeroMonth": "STATEMENT"}
        account = await world.call(Write("POST", "/operator/billing/accounts", world.operator, draft))
        rates = f"/operator/billing/accounts/{account['id']}/taxRates"
        await world.call(Write("POST", rates, world.operator, {"category": "S", "ratePercent": "21"}))
        run = Write(
            "POST", "/operator/billing/runs", world.operator, {"month": month, "account": account["id"]}
        )
        if path == run.path:
            # The month is opened once for all accounts, which is not what the write does.
            await on_month("POST")(world, "/operator/invoices/{invoice_id:int}/issue")
            return run
        await world.call(run)
        drafts = f"/operator/invoices?account={account['id']}"
        (found,) = (await world.call(Write("GET", drafts, world.operator)))["elements"]
        return Write(method, path.replace("{invoice_id:int}", str(found["id"])), world.operator)

    return make


async def credit_invoice(world: World, path: str) -> Write:
    """Credits a cent of an invoice of a top-up, which the first call makes: the month ends."""
    found = await world.call(Write("GET", "/operator/invoices?state=OPEN", world.operator))
    if not found["elements"]:
        await _invoice_top_up(world)
        await world.call(await credit_invoice(world, path))  # the first one opens the series of the year
        found = await world.call(Write("GET", "/operator/invoices?state=OPEN", world.operator))
    (invoice,) = found["elements"]
    body = {"reference": world.name(), "lines": [{"line": 1, "amount": "0.01"}]}
    return Write("POST", path.replace("{invoice_id:int}", str(invoice["id"])), world.operator, body)


async def add_logo(world: World, path: str) -> Write:
    """An image that no other write has sent."""
    width = int(world.name().removeprefix("once-")) % 1_900 + 20
    return Write("POST", path, world.operator, {"content": base64.b64encode(make_png(width, 20)).decode()})


async def _invoice_top_up(world: World) -> None:
    await world.call(Write("PUT", "/operator/billing/seller", world.operator, PARTY))
    named = await world.call(Write("POST", "/operator/partners", world.operator, {"name": world.name()}))
    opened = f"/operator/partners/{named['id']}/contracts"
    contract = await world.call(Write("POST", opened, world.operator, CONTRACT))
    draft = {"partnerId": named["id"], "currency": "USD", "profile": PARTY}
    account = await world.call(Write("POST", "/operator/billing/accounts", world.operator, draft))
    path = f"/operator/billing/accounts/{account['id']}"
    await world.call(Write("POST", f"{path}/taxRates", world.operator, {"category": "Z"}))
    agreed = Write("PUT", f"{path}/agreements/{contract['id']}", world.operator, {"bills": "TOP_UPS"})
    await world.call(agreed)
    over = month_after((await world.read_now()).date().replace(day=1)) + timedelta(days=3)
    final = datetime.combine(over, time(9), UTC)
    await world.call(Write("POST", "/sandbox/clock", world.operator, {"set": final.isoformat()}))


BILLING_MAKERS: dict[tuple[str, str], Make] = {
    ("POST", "/operator/billing/logos"): add_logo,
    ("POST", "/operator/billing/accounts"): on_account("POST", None),
    ("PUT", "/operator/billing/accounts/{account_id:int}"): on_account("PUT", {"issues": "HELD"}),
    (
        "PUT",
        "/operator/billing/accounts/{account_id:int}/agreements/{contract_id:int}",
    ): on_account("PUT", {"bills": "USE"}),
    (
        "DELETE",
        "/operator/billing/accounts/{account_id:int}/agreements/{contract_id:int}",
    ): on_account("DELETE", None, is_agreed=True),
    ("POST", "/operator/billing/accounts/{account_id:int}/taxRates"): on_account(
        "POST", {"category": "S", "ratePercent": "21"}
    ),
    ("POST", "/operator/billing/runs"): on_month("POST", issues="ALONE"),
    ("POST", "/operator/invoices/{invoice_id:int}/issue"): on_month("POST"),
    ("POST", "/operator/invoices/{invoice_id:int}/refresh"): on_month("POST"),
    ("DELETE", "/operator/invoices/{invoice_id:int}"): on_month("DELETE"),
    ("POST", "/operator/invoices/{invoice_id:int}/creditNotes"): credit_invoice,
}
