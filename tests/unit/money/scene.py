"""Owns the books that every stored boundary begins with, and the verbs of an attempt; what it writes is rolled back.

A contract of LIMIT, one live job with a budget of TOTAL, three clicks of it charged, one of them taken back by
settlement, the day final.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from jobmeter.base.days import day_of
from jobmeter.charging.budgets import flow as budgets
from jobmeter.charging.pacing import flow as pacing
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.jobs.postings import flow as jobs
from jobmeter.metering.intake import model as intake
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, make_element, open_scenario

NOW = START + timedelta(days=5)
CENT = 10_000
LIMIT = 10_000_000_000
TOTAL = 10 * PRICE_MICROS
CHARGED = 3 * PRICE_MICROS
SPENT = CHARGED - PRICE_MICROS
AVAILABLE = LIMIT - TOTAL
REFERENCE = UUID(int=7)


@dataclass(frozen=True, slots=True)
class Scene:
    """The books, on the connection whose writes are rolled back."""

    scenario: Scenario
    connection: Connection
    job_id: int

    @property
    def contract(self) -> PartnerContract:
        return self.scenario.contract

    @property
    def shard(self) -> int:
        return self.scenario.customers[0].child.shard

    async def operate(self, operation: str, external_id: str, micros: int, **changed: Any) -> None:
        customer = self.scenario.customers[0]
        element = make_element(customer, external_id, NOW, budget_micros=micros)
        element |= {"jobPostingOperationType": operation} | changed
        await jobs.submit_operation_with_locations(
            self.connection, child=customer.child, element=element, now=NOW, version=None
        )

    async def read_total(self, external_id: str = "job") -> int:
        """The total budget of a job."""
        child = self.scenario.customers[0].child
        found = await jobs.resolve_external_ids(self.connection, [(child.id, external_id)])
        held = await budgets.lock_job_budget(
            self.connection, shard=child.shard, job_id=found[child.id, external_id]
        )
        return held.limit_micros

    async def set_total(self, micros: int) -> None:
        held = await budgets.lock_job_budget(self.connection, shard=self.shard, job_id=self.job_id)
        await budgets.change_limit(self.connection, held, self.contract, limit_micros=micros, now=NOW)

    async def set_daily(self, micros: int) -> None:
        await pacing.set_daily_budget(
            self.connection, shard=self.shard, job_id=self.job_id, daily_micros=micros
        )

    async def count_charged(self, clicks: int) -> int:
        reply = await self.scenario.ingest_on(self.connection, make_clicks(self.job_id, clicks, NOW), NOW)
        assert reply.accepted == clicks
        cursor = await self.connection.execute(
            "SELECT clicks_charged FROM job_day_sums WHERE job_id = %s AND day = %s",
            [self.job_id, day_of(NOW)],
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def open_units(self, kind: HiringKind, units: int) -> HiringContract:
        """A contract of slots or credits that the customer may post on."""
        child = self.scenario.customers[0].child
        draft = HiringDraft(
            kind=kind,
            owner_name="Owner",
            owner_application_id=child.id,
            is_postpaid=False,
            currency="EUR",
            units=units,
            price_micros=0,
            run_days=30,
            default_poster_email="jo@customer.example",
            seats=("jo@customer.example",),
            sandbox_number=None,
            starts_at=START,
            ends_at=NOW + timedelta(days=1_000),
        )
        contract = await hiring.open_hiring_contract(self.connection, draft=draft, now=NOW)
        await hiring.grant(self.connection, contract=contract, application=child, now=NOW)
        return contract


@asynccontextmanager
async def open_scene(database_url: str) -> AsyncIterator[tuple[Scenario, int]]:
    async with open_scenario(database_url, limit_micros=LIMIT) as scenario:
        job_id = await scenario.post("job", budget_micros=TOTAL)
        clicks = make_clicks(job_id, 3)
        await scenario.ingest(clicks, START + timedelta(hours=1))
        origin = intake.find_origin(source=clicks[0].source, event_id=clicks[0].id)
        assert origin is not None
        async with scenario.database.transaction() as connection:
            taken_out = Exclusion(
                criterion=Criterion.EVENT, subject=0, origin=origin, day=None, note="testers"
            )
            await click_rules.exclude(connection, taken_out, now=START)
        await scenario.run_due(NOW)
        await scenario.open_day(NOW)
        assert await scenario.rows("SELECT spent_micros FROM job_budgets") == [(SPENT,)]
        yield scenario, job_id
