"""Owns the set-up of the law tests: a database with a partner, two customers and a funded contract, and actions at a
given time without HTTP. Does not own any expectation.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.money import Money, format_amount
from jobmeter.base.settings import Settings
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import CustomerContract, JobTraits, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.integrity.model import LawCheck
from jobmeter.jobs.postings import flow as jobs
from jobmeter.metering.batches import flow as batches
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.metering.model import IntakeReply
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ApplicationDraft
from jobmeter.wire.events import Event, Malformed
from jobmeter.worker import chores

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SETTINGS = Settings()
BEGINNING = (
    "UPDATE job_month_keeping SET kept_through = '1970-01-01'",
    "UPDATE delivery_numbers SET last = 0, dropped = 0",
    "UPDATE contract_spend_cursor SET counted_until = 0",
    "UPDATE poster_retention SET looked_on = '1970-01-01'",
    "UPDATE listed_job_counts SET counted_at = NULL, seen_through = '1970-01-01', counting_through = NULL, reached_job = NULL",
)
PRICE_MICROS = 1_500_000
PRICES_BY_PLACE = {"Lyon, France": PRICE_MICROS, "Leeds, United Kingdom": 2_250_000}


@dataclass(frozen=True, slots=True)
class Customer:
    child: Application
    contract: CustomerContract


@dataclass(frozen=True, slots=True)
class Scenario:
    database: Database
    parent: Application
    contract: PartnerContract
    customers: tuple[Customer, ...]
    known: IntakeCaches = field(default_factory=IntakeCaches)

    async def take(self, customer: Customer, element: dict[str, Any], now: datetime) -> UUID:
        async with self.database.transaction() as connection:
            accepted = await jobs.submit_operation_with_locations(
                connection, child=customer.child, element=element, now=now, version=None
            )
        return accepted.task_id

    async def job_of_task(self, customer: Customer, task_id: UUID, now: datetime) -> int | None:
        async with self.database.connection() as connection:
            found = await jobs.find_tasks(connection, child=customer.child, task_ids=[task_id], now=now)
        return found[task_id].job_id

    async def post(
        self, external_id: str, *, now: datetime = START, place: str = "Lyon, France", budget_micros: int
    ) -> int:
        """Posts a live job of the first customer."""
        customer = self.customers[0]
        element = make_element(customer, external_id, now, place=place, budget_micros=budget_micros)
        task_id = await self.take(customer, element, now)
        await chores.run_interactive(self.database, SETTINGS, now=now)
        job_id = await self.job_of_task(customer, task_id, now)
        assert job_id is not None
        return job_id

    async def close(self, customer: Customer, external_id: str, now: datetime) -> None:
        element = make_element(customer, external_id, now, budget_micros=PRICE_MICROS)
        await self.take(customer, element | {"jobPostingOperationType": "CLOSE"}, now)

    async def ingest(self, events: Sequence[Event | Malformed], now: datetime) -> IntakeReply:
        """Ingests events in one transaction, or, as a server does on nodes, in one for each shard."""
        if self.database.is_distributed:
            return await batches.record_batch(
                self.database,
                events,
                known=self.known,
                now=now,
                future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
            )
        async with self.database.transaction() as connection:
            return await self.ingest_on(connection, events, now)

    async def ingest_on(
        self, connection: Connection, events: Sequence[Event | Malformed], now: datetime
    ) -> IntakeReply:
        """Ingests events in the caller's transaction."""
        return await metering.ingest(
            connection,
            events,
            known=self.known,
            now=now,
            future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
        )

    async def open_day(self, now: datetime) -> None:
        await chores.make_event_days(self.database, now=now)

    async def run_due(self, now: datetime) -> None:
        await chores.run_due(self.database, SETTINGS, now=now)

    async def check(self) -> list[LawCheck]:
        async with self.database.connection() as connection:
            return await check_laws(connection, is_distributed=self.database.is_distributed)

    async def breaches(self) -> list[LawCheck]:
        return [check for check in await self.check() if check.breaches]

    async def rows(self, statement: str, values: Iterable[Any] = ()) -> list[Any]:
        async with self.database.connection() as connection:
            return await (await connection.execute(statement, list(values) or None)).fetchall()

    async def execute(self, *statements: str) -> None:
        """Runs statements in one transaction, like a manual change to the database."""
        async with self.database.transaction() as connection:
            for statement in statements:
                await connection.execute(statement)


@asynccontextmanager
async def open_scenario(database_url: str, *, limit_micros: int = 10_000_000_000) -> AsyncIterator[Scenario]:
    async with Database.opened(database_url, connections_max=2) as database:
        yield await set_up(database, limit_micros)


@contextmanager
def open_for_examples(
    database_url: str, *, connections_max: int = 2
) -> Iterator[tuple[asyncio.Runner, Database]]:
    """Opens the database in a loop of its own, since a property test is a plain function that runs each example in it."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(database_url, connections_max=connections_max))
        try:
            yield runner, database
        finally:
            runner.run(database.close())


def few_or_many(few: int, many: int) -> pytest.MarkDecorator:
    """Gives a test its parameter ``examples``; the larger number is for the slow tests."""
    return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])


def one_of(every: int) -> pytest.MarkDecorator:
    """Gives a test its parameter ``every``: it tries one of so many of its cases, and each of them among the slow tests."""
    return pytest.mark.parametrize("every", [every, pytest.param(1, marks=pytest.mark.slow)])


def in_parts(few: int, many: int, *, parts: int) -> pytest.MarkDecorator:
    """Gives a test ``part`` and ``examples``: the first part is the few; each of the slow ones is of the larger number."""
    slow = [pytest.param(part, many, marks=pytest.mark.slow) for part in range(1, parts + 1)]
    return pytest.mark.parametrize(("part", "examples"), [(0, few), *slow])


async def clear(database: Database) -> None:
    """Empties every table except the day partitions that still exist; much faster than creating a database."""
    async with database.transaction() as connection:
        tables = await (
            await connection.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)",
                [
                    [
                        "schema_migrations",
                        "event_days",
                        "visitor_salts",
                        "poster_retention",
                        "delivery_numbers",
                        "contract_spend_cursor",
                        "filter_revision",
                        "job_month_keeping",
                        "listed_job_counts",
                    ]
                ],
            )
        ).fetchall()
        # Disables foreign keys and the trigger that protects postings, on nodes too, so that a test can start again. Citus passes a setting on
        # with all that is sent with it.
        if database.is_distributed:
            await connection.execute("SET LOCAL citus.propagate_set_commands = 'local'")
            await connection.execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
        await connection.execute("SET LOCAL session_replication_role = replica")
        statements = [f"DELETE FROM {table}" for (table,) in tables] + [*BEGINNING]
        await connection.execute("; ".join(statements), prepare=False)
        await _reopen_days(connection)


async def _reopen_days(connection: Connection) -> None:
    """A day whose events were dropped is a day that does not exist yet; the others take events again."""
    await connection.execute("DELETE FROM event_days WHERE dropped_at IS NOT NULL")
    closed = await connection.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'day_is_closed'"
    )
    for (partition,) in await closed.fetchall():
        await connection.execute(f"DROP TRIGGER day_is_closed ON {partition}")


async def set_up(database: Database, limit_micros: int, *, begins: datetime = START) -> Scenario:
    async with database.transaction() as connection:
        parent = (await partners.create_parent(connection, name="Partner", now=begins)).application
        contract = await contracts.open_partner_contract(
            connection,
            partner_id=parent.id,
            limit=Money(limit_micros, "EUR"),
            click_price_micros=PRICE_MICROS,
            term=(begins - timedelta(days=1), begins + timedelta(days=1_000)),
            now=begins,
        )
        await contracts.set_click_price(
            connection,
            contract=contract,
            traits=JobTraits(country="GB"),
            price_micros=PRICES_BY_PLACE["Leeds, United Kingdom"],
            valid_from=contract.term_starts_at,
        )
        customers = []
        for number in range(2):
            draft = ApplicationDraft(
                unique_foreign_id=f"customer-{number}",
                name=f"Customer {number}",
                description=f"Customer number {number}",
            )
            made = await partners.create_child(connection, parent=parent, draft=draft, now=begins)
            customer_contract, _ = await contracts.set_up_customer_contract(
                connection, child=made.application, partner_contract_id=contract.id, now=begins
            )
            customers.append(Customer(made.application, customer_contract))
    await chores.make_event_days(database, now=begins)
    return Scenario(database, parent, contract, tuple(customers))


def make_element(
    customer: Customer,
    external_id: str,
    now: datetime,
    *,
    place: str = "Lyon, France",
    budget_micros: int,
) -> dict[str, Any]:
    amount = {"currencyCode": "EUR", "amount": format_amount(budget_micros, "EUR")}
    return {
        "externalJobPostingId": external_id,
        "jobPostingOperationType": "CREATE",
        "title": f"Welder {external_id}",
        "description": f"A welder joins what is separate. {external_id} " * 8,
        "companyApplyUrl": "https://careers.example.com/apply",
        "listedAt": to_ms(now) - 1_000,
        "location": place,
        "companyName": "Harbour Logistics",
        "contract": customer.contract.urn,
        "budget": {"payForPerformanceTotalBudget": amount},
    }


def make_event(job_id: int, event_id: str, at: datetime, **changed: Any) -> Event:
    values: dict[str, Any] = {
        "source": "board",
        "id": event_id,
        "type": "applyClick",
        "time": to_ms(at),
        "job": job_id,
        "visitor": f"visitor {event_id}",
    }
    return Event(**(values | changed))


def make_clicks(job_id: int, count: int, at: datetime = START, *, prefix: str = "c") -> list[Event]:
    return [make_event(job_id, f"{prefix}{job_id}-{n}", at + timedelta(milliseconds=n)) for n in range(count)]
