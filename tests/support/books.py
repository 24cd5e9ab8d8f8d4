"""Owns the set-up of billing tests without HTTP: a seller, the partner's account, contracts that it bills, a moving clock.

Does not own any expectation.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from jobmeter.base.days import FINAL_AFTER_DAYS, day_of, month_of, start_of
from jobmeter.base.settings import Settings
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import (
    AccountDraft,
    AgreementWish,
    Bills,
    Issuing,
    TaxRate,
    ZeroMonth,
)
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import DocumentFilter
from jobmeter.billing.invoices import flow as invoices
from jobmeter.billing.model import Buyer, Document, DocumentLine, Seller, TaxCategory
from jobmeter.charging.corrections import flow as corrections
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.wire.xml.job.keys import JobKey
from jobmeter.worker import chores
from tests.support.scenario import SETTINGS, START, Scenario, make_event, open_scenario
from tests.support.xml_scenario import POSTER, make_document

ADDRESS: dict[str, Any] = {
    "address_lines": ("Kade 1",),
    "city": "Rotterdam",
    "postcode": "3011 AB",
    "country": "NL",
}
DAY = timedelta(days=1)
TICK = timedelta(milliseconds=1)
PATIENCE_TURNS = 10


def standard(rate_micros: int) -> TaxRate:
    return TaxRate(category=TaxCategory.STANDARD, rate_micros=rate_micros, reason="")


class Books:
    """``now`` moves forward only. On the way everything due runs at the midnight at which a month is final and billed,
    and at the last one: days in between are settled together, as after an outage of the worker.
    """

    def __init__(self, scenario: Scenario, *, account_id: int, currency: str) -> None:
        self.scenario = scenario
        self.account_id = account_id
        self.currency = currency
        self.now = START

    # -- time

    async def move_to(self, wanted: datetime) -> None:
        while self.now < wanted:
            midnight = start_of(day_of(self.now) + DAY)
            self.now = min(midnight, wanted)
            is_last = wanted < midnight + DAY
            if self.now == midnight and (is_last or self.now.day == FINAL_AFTER_DAYS):
                await self.scenario.open_day(self.now)
                await self._run_due()

    async def _run_due(self) -> None:
        """Billing waits for the transactions that are open in the whole server, including those of other tests."""
        await self._run_until_billed(partial(self.scenario.run_due, self.now))

    async def settle(self, settings: Settings, *, now: datetime) -> None:
        """Settles and bills what is due at ``now``, and makes no files of it."""
        self.now = now
        await self._run_until_billed(
            partial(chores.run_settlement, self.scenario.database, settings, now=now)
        )

    async def _run_until_billed(self, run: Callable[[], Awaitable[None]]) -> None:
        days = SETTINGS.final_after_days
        for _ in range(PATIENCE_TURNS):
            await run()
            async with self.scenario.database.connection() as connection:
                if not await invoices.is_waiting(connection, final_after_days=days, now=self.now):
                    return
            await asyncio.sleep(1)

    async def finish_month(self) -> None:
        """Moves to when the current month is final: the third day of the next one."""
        begin = month_of(self.now)
        await self.move_to(datetime((begin + 31 * DAY).year, (begin + 31 * DAY).month, 3, tzinfo=UTC))

    # -- what is billed

    async def click(self, job_id: int, count: int, at: datetime | None = None) -> None:
        """Apply clicks of different visitors, all at the same instant."""
        at = at or self.now
        name = f"{job_id}-{at.isoformat()}"
        await self.scenario.ingest(
            [make_event(job_id, f"{name}-{number}", at) for number in range(count)], max(at, self.now)
        )

    async def credit_charge(self, day: date, amount_micros: int, reference: str = "late") -> UUID:
        """Credits a part of the first charge of a day."""
        ((charge, _),) = await self.scenario.rows(
            "SELECT reference, amount FROM charge_postings WHERE day = %s ORDER BY number LIMIT 1", [day]
        )
        async with self.scenario.database.transaction() as connection:
            await corrections.credit_charge(
                connection, charge=charge, amount_micros=amount_micros, reference=reference, now=self.now
            )
        return UUID(str(charge))

    async def open_hiring(
        self,
        kind: HiringKind = HiringKind.CREDITS,
        *,
        price_micros: int = 90_000_000,
        is_postpaid: bool = True,
        units: int = 0,
        bills: Bills | None = None,
    ) -> HiringContract:
        """A hiring contract of the partner's first customer that the account bills."""
        child = self.scenario.customers[0].child
        draft = HiringDraft(
            kind=kind,
            owner_name="Owner",
            owner_application_id=child.id,
            is_postpaid=is_postpaid,
            currency=self.currency,
            units=units,
            price_micros=price_micros,
            run_days=30,
            default_poster_email=POSTER,
            seats=(POSTER,),
            sandbox_number=None,
            starts_at=self.now - DAY,
            ends_at=self.now + 1_000 * DAY,
        )
        async with self.scenario.database.transaction() as connection:
            contract = await hiring.open_hiring_contract(connection, draft=draft, now=self.now)
            await hiring.grant(connection, contract=contract, application=child, now=self.now)
            await accounts.set_agreement(
                connection,
                account_id=self.account_id,
                contract_id=contract.id,
                wish=AgreementWish(bills=bills),
                now=self.now,
            )
        return contract

    async def post_xml(self, name: str, contract: HiringContract, *, at: datetime | None = None) -> None:
        async with self.scenario.database.transaction() as connection:
            await xml_jobs.post_job(
                connection,
                application=self.scenario.customers[0].child,
                document=make_document(name, contract),
                now=at or self.now,
            )

    async def renew_xml(self, name: str, contract: HiringContract) -> None:
        async with self.scenario.database.transaction() as connection:
            await xml_jobs.change_job(
                connection,
                application=self.scenario.customers[0].child,
                key=JobKey(partner_job_id=name, job_id=None),
                document=replace(make_document(name, contract), renewal=True),
                now=self.now,
            )

    async def set_tax(self, rate: TaxRate, valid_from: date | None = None) -> None:
        async with self.scenario.database.transaction() as connection:
            await accounts.set_tax_rate(
                connection, account_id=self.account_id, rate=rate, valid_from=valid_from, now=self.now
            )

    # -- what came of it

    async def documents(self) -> list[Document]:
        async with self.scenario.database.connection() as connection:
            return await documents.list_documents(
                connection, DocumentFilter(), after=0, rows_max=1_000, today=day_of(self.now)
            )

    async def lines(self, document: Document) -> list[DocumentLine]:
        async with self.scenario.database.connection() as connection:
            return await documents.list_lines(connection, document=document, after=0)

    async def cuts(self) -> list[date]:
        return [row[0] for row in await self.scenario.rows("SELECT month FROM billing_cuts ORDER BY month")]


@asynccontextmanager
async def open_books(
    database_url: str,
    *,
    currency: str = "EUR",
    issues: Issuing = Issuing.ALONE,
    zero_month: ZeroMonth = ZeroMonth.NOTHING,
    first_month: date | None = None,
    rate: TaxRate | None = None,
    limit_micros: int = 10_000_000_000,
) -> AsyncIterator[Books]:
    """The partner's contract is in EUR; an account in another currency bills hiring contracts only."""
    async with open_scenario(database_url, limit_micros=limit_micros) as scenario:
        account_id = await open_account(
            scenario,
            currency=currency,
            issues=issues,
            zero_month=zero_month,
            first_month=first_month or month_of(START),
        )
        async with scenario.database.transaction() as connection:
            if rate is not None:
                await accounts.set_tax_rate(
                    connection, account_id=account_id, rate=rate, valid_from=None, now=START
                )
            if currency == "EUR":
                await accounts.set_agreement(
                    connection,
                    account_id=account_id,
                    contract_id=scenario.contract.id,
                    wish=AgreementWish(),
                    now=START,
                )
        yield Books(scenario, account_id=account_id, currency=currency)


async def open_account(
    scenario: Scenario,
    *,
    first_month: date,
    currency: str = "EUR",
    issues: Issuing = Issuing.ALONE,
    zero_month: ZeroMonth = ZeroMonth.NOTHING,
) -> int:
    """Sets the seller, and opens the partner's account, which bills nothing yet."""
    async with scenario.database.transaction() as connection:
        seller = Seller(legal_name="Seller", **ADDRESS)
        await accounts.set_seller(connection, seller, valid_from=None, now=START)
        return await open_account_of(
            connection,
            scenario.parent.id,
            first_month=first_month,
            currency=currency,
            issues=issues,
            zero_month=zero_month,
            now=START,
        )


async def open_account_of(
    connection: Connection,
    partner_id: int,
    *,
    first_month: date,
    now: datetime,
    buyer: str = "Buyer",
    currency: str = "EUR",
    issues: Issuing = Issuing.ALONE,
    zero_month: ZeroMonth = ZeroMonth.NOTHING,
    rate: TaxRate | None = None,
) -> int:
    """Opens an account, with ``rate`` from its beginning; returns its number."""
    draft = AccountDraft(
        partner_id=partner_id,
        currency=currency,
        issues=issues,
        zero_month=zero_month,
        first_month=first_month,
        buyer=Buyer(legal_name=buyer, **ADDRESS),
    )
    account = await accounts.open_account(connection, draft, now=now)
    if rate is not None:
        await accounts.set_tax_rate(connection, account_id=account.id, rate=rate, valid_from=None, now=now)
    return account.id
