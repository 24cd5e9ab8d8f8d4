"""Owns the partner that a new sandbox starts with, and the keys of the sandbox.

Does not own the server, or the file that the credentials are written to (``traffic.client``).
"""

from datetime import datetime, timedelta
from typing import Any

from jobmeter.base.credentials import make_secret
from jobmeter.base.money import MICROS_PER_UNIT, Money
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringDraft, HiringKind
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ApplicationDraft, Credentials
from jobmeter.partners.oauth1 import flow as signatures

CURRENCY = "USD"
LIMIT_MICROS = 1_000_000 * MICROS_PER_UNIT
CLICK_PRICE_MICROS = 1_500_000
TERM_DAYS = 365
SLOTS, CREDITS = 25, 50
CREDIT_PRICE_MICROS = 100_000_000
RUN_DAYS = 30
SANDBOX_NUMBER = 1328  # the test contract that partners were given (xml spec 1)
KEYS = ("events_key", "operator_key", "secret_key")
SEATS = ("recruiter@example.com", "user@example.com")


async def make_partner(database: Database, *, now: datetime, secret_key: str = "") -> dict[str, Any]:
    """Creates a partner with a child application, a funded contract and two hiring contracts; returns the credentials.

    With a ``secret_key`` to seal their secrets both applications may sign requests.
    """
    async with database.transaction() as connection:
        parent = await partners.create_parent(connection, name="Sandbox Partner", now=now)
        draft = ApplicationDraft(
            unique_foreign_id="sandbox-customer",
            name="Sandbox Partner - First Customer",
            description="The first customer",
        )
        child = await partners.create_child(connection, parent=parent.application, draft=draft, now=now)
        contract = await contracts.open_partner_contract(
            connection,
            partner_id=parent.application.id,
            limit=Money(LIMIT_MICROS, CURRENCY),
            click_price_micros=CLICK_PRICE_MICROS,
            # The term starts a little before the first request, and lasts for a year of tests.
            term=(now - timedelta(days=1), now + timedelta(days=TERM_DAYS)),
            now=now,
        )
        customer, _ = await contracts.set_up_customer_contract(
            connection, child=child.application, partner_contract_id=contract.id, now=now
        )
        hiring_contracts = await _make_hiring_contracts(connection, parent, child, now)
        for made in (parent, child) if secret_key else ():
            await signatures.save_signing_secret(
                connection,
                application=made.application,
                secret=made.client_secret,
                secret_key=secret_key,
                now=now,
            )
    return {
        "parent": _serialize(parent),
        "child": _serialize(child),
        "partner_contract_id": contract.id,
        "customer_contract_id": customer.id,
        "currency": CURRENCY,
        "hiring_contracts": hiring_contracts,
    }


async def _make_hiring_contracts(
    connection: Connection, parent: Credentials, child: Credentials, now: datetime
) -> list[dict[str, Any]]:
    """Creates a client's contract with slots and the partner's own with credits: the two use cases of the XML API."""
    contracts = []
    for kind, units in ((HiringKind.SLOTS, SLOTS), (HiringKind.CREDITS, CREDITS)):
        is_reseller = kind is HiringKind.CREDITS
        contract = await hiring.open_hiring_contract(
            connection,
            draft=HiringDraft(
                kind=kind,
                owner_name="Sandbox Partner" if is_reseller else "First Customer",
                owner_application_id=parent.application.id if is_reseller else None,
                is_postpaid=False,
                currency=CURRENCY,
                units=units,
                price_micros=CREDIT_PRICE_MICROS if is_reseller else 0,
                run_days=RUN_DAYS,
                default_poster_email="" if is_reseller else SEATS[0],
                seats=() if is_reseller else SEATS,
                sandbox_number=None if is_reseller else SANDBOX_NUMBER,
                starts_at=now - timedelta(days=1),
                ends_at=now + timedelta(days=TERM_DAYS),
            ),
            now=now,
        )
        for made in (parent, child):
            await hiring.grant(connection, contract=contract, application=made.application, now=now)
        contracts.append({"id": contract.id, "kind": kind, "units": units, "role": contract.role})
    return contracts


def _serialize(made: Credentials) -> dict[str, str]:
    return {
        "client_id": made.application.client_id,
        "client_secret": made.client_secret,
        "urn": made.application.urn,
    }


def make_keys() -> dict[str, str]:
    return {name: make_secret() for name in KEYS}
