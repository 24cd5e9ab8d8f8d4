"""Owns many accounts with one top-up each, workers that bill them and die, and the check of what they left."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import (
    AgreementWish,
    Bills,
)
from jobmeter.billing.invoices import flow as invoices
from jobmeter.billing.invoices.model import BilledStep
from jobmeter.billing.model import Seller
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringDraft, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.partners.applications import flow as partners
from tests.support.books import ADDRESS, open_account_of, standard
from tests.support.databases.dying_database import Died

PATIENCE = 1_000
STATEMENTS = 35  # about as many as a transaction has
MONTH = date(2026, 3, 1)
OPENED = datetime(2026, 3, 9, 12, tzinfo=UTC)
FINAL = datetime(2026, 4, 3, tzinfo=UTC)


class MortalConnection:
    """Runs the statements of a transaction until the process dies before one of them."""

    def __init__(self, connection: Connection, die_at: int) -> None:
        self._connection = connection
        self._left = die_at

    def _reach_statement(self) -> None:
        if self._left == 0:
            raise Died
        self._left -= 1

    def cursor(self, *values: Any, **options: Any) -> Any:
        self._reach_statement()
        return self._connection.cursor(*values, **options)

    async def execute(self, *values: Any, **options: Any) -> Any:
        self._reach_statement()
        return await self._connection.execute(*values, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def open_accounts(database: Database, count: int) -> None:
    """Each of another partner, with one top-up of slots in March."""
    async with database.transaction() as connection:
        seller = Seller(legal_name="Seller", **ADDRESS)
        await accounts.set_seller(connection, seller, valid_from=None, now=OPENED)
        for number in range(count):
            await _open_account(connection, number)


async def _open_account(connection: Connection, number: int) -> None:
    partner = (await partners.create_parent(connection, name=f"Partner {number}", now=OPENED)).application
    account_id = await open_account_of(
        connection,
        partner.id,
        first_month=MONTH,
        now=OPENED,
        buyer=f"Buyer {number}",
        rate=standard(210_000),
    )
    slots = HiringDraft(
        kind=HiringKind.SLOTS,
        owner_name=f"Owner {number}",
        owner_application_id=partner.id,
        is_postpaid=False,
        currency="EUR",
        units=number + 1,
        price_micros=10_500_000,
        run_days=30,
        default_poster_email="jo@customer.example",
        seats=("jo@customer.example",),
        sandbox_number=None,
        starts_at=OPENED,
        ends_at=OPENED + timedelta(days=900),
    )
    contract = await hiring.open_hiring_contract(connection, draft=slots, now=OPENED)
    wish = AgreementWish(bills=Bills.TOP_UPS)
    await accounts.set_agreement(
        connection, account_id=account_id, contract_id=contract.id, wish=wish, now=OPENED
    )


async def bill_step(database: Database, *, accounts_max: int, die_at: int | None = None) -> BilledStep | None:
    """One transaction of a worker, which dies before its statement number ``die_at``."""
    async with database.transaction() as connection:
        mortal: Any = connection if die_at is None else MortalConnection(connection, die_at)
        return await invoices.bill_next(
            mortal, final_after_days=3, accounts_max=accounts_max, now=FINAL, until_month=MONTH
        )


async def bill_all(database: Database, *, accounts_max: int = 25) -> None:
    """Bills what is due, also while transactions of other tests are open."""
    for _ in range(PATIENCE):
        step = await bill_step(database, accounts_max=accounts_max)
        async with database.connection() as connection:
            is_waiting = await invoices.is_waiting(
                connection, final_after_days=3, now=FINAL, until_month=MONTH
            )
        if step is None and not is_waiting:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the month was never billed")


async def open_month(database: Database) -> None:
    """Waits until the postings of the month are known, and bills nothing."""
    for _ in range(PATIENCE):
        await bill_step(database, accounts_max=0)
        async with database.connection() as connection:
            found = await connection.execute("SELECT month FROM billing_months")
            if await found.fetchall():
                return
        await asyncio.sleep(0.01)
    raise AssertionError("the month was never opened")


async def work_and_die(database: Database, rng: Random) -> int:
    """Bills until nothing is due, and dies again and again; returns how many times."""
    deaths = 0
    while True:
        die_at = rng.randrange(STATEMENTS) if rng.random() < 0.8 else None
        try:
            if await bill_step(database, accounts_max=2, die_at=die_at) is None:
                return deaths
        except Died:
            deaths += 1
        await asyncio.sleep(0)


async def run_worker(database_url: str) -> None:
    """What a process that is to be killed does: bills account by account."""
    async with Database.opened(database_url, connections_max=2) as database:
        print("ready", flush=True)  # noqa: T201 -- the test waits for it
        await bill_all(database, accounts_max=1)


async def check_numbers(database: Database, count: int) -> None:
    """Numbers 1 to ``count``, one for each account, each with the units of its account; every law holds."""
    async with database.connection() as connection:
        found = await connection.execute(
            "SELECT sequence, count(*) OVER (PARTITION BY account_id), net_micros"
            " FROM billing_documents ORDER BY sequence"
        )
        rows = await found.fetchall()
        assert [(number, times) for number, times, _ in rows] == [
            (number, 1) for number in range(1, count + 1)
        ]
        expected = [10_500_000 * (number + 1) for number in range(count)]
        assert sorted(net for *_, net in rows) == expected
        assert [check for check in await check_laws(connection) if check.breaches] == []
