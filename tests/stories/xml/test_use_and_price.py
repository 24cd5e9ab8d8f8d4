"""A credit is used while the price list changes: whichever is first, the price kept is that of the list."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.credits.model import CreditUse, UsedSpan, UsesPage
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from tests.support.databases.locks import until_someone_waits
from tests.support.xml_scenario import START, XmlScenario, make_document, open_xml_scenario

SECOND = timedelta(seconds=1)
OLD, NEW = 90_000_000, 70_000_000
ALL = UsesPage(after=0, rows_max=100)


async def post(scenario: XmlScenario, connection: Connection, name: str, now: datetime) -> None:
    document = make_document(name, scenario.contracts[HiringKind.CREDITS])
    await xml_jobs.post_job(connection, application=scenario.application, document=document, now=now)


async def list_uses(scenario: XmlScenario, span: UsedSpan, page: UsesPage = ALL) -> list[CreditUse]:
    contract = scenario.contracts[HiringKind.CREDITS]
    async with scenario.database.connection() as connection:
        return await credits_flow.list_uses(connection, contract_id=contract.id, span=span, page=page)


async def find_broken(database: Database) -> list[str]:
    async with database.transaction() as connection:
        return [check.law for check in await check_laws(connection) if check.breaches]


async def set_price(
    database: Database, contract: HiringContract, valid_from: datetime, price_micros: int = NEW
) -> None:
    async with database.transaction() as connection:
        await hiring.set_hiring_price(
            connection, contract=contract, price_micros=price_micros, valid_from=valid_from
        )


async def test_a_price_waits_for_a_credit_that_is_being_used(database: Database) -> None:
    scenario = await open_xml_scenario(database, slot_count=1, credit_count=3)
    contract, now = scenario.contracts[HiringKind.CREDITS], START + SECOND
    async with database.transaction() as connection:
        await post(scenario, connection, "in flight", now)
        changing = asyncio.create_task(refuse(set_price(database, contract, now)))
        await until_someone_waits(database)
    assert await changing
    (use,) = await list_uses(scenario, UsedSpan.of_month(None))
    assert use.price_micros == OLD
    await set_price(database, contract, now + timedelta(microseconds=1))
    assert await find_broken(database) == []


async def refuse(action: Awaitable[None]) -> bool:
    with pytest.raises(Refused) as refused:
        await action
    return refused.value.fault is Fault.OPERATOR_INPUT


async def test_a_credit_waits_for_a_price_that_is_being_set(database: Database) -> None:
    scenario = await open_xml_scenario(database, slot_count=1, credit_count=3)
    contract, now = scenario.contracts[HiringKind.CREDITS], START + SECOND

    async def use(name: str) -> None:
        async with database.transaction() as connection:
            await post(scenario, connection, name, now)

    async with database.transaction() as connection:
        await hiring.set_hiring_price(connection, contract=contract, price_micros=NEW, valid_from=now)
        using = asyncio.create_task(use("waiting"))
        await until_someone_waits(database)
    await using
    (found,) = await list_uses(scenario, UsedSpan.of_month(None))
    assert found.price_micros == NEW
    assert await find_broken(database) == []


async def test_a_use_belongs_to_the_month_of_its_moment(database: Database) -> None:
    """The last millisecond of a month, the first of the next, and both ends of a year."""
    scenario = await open_xml_scenario(database, slot_count=1, credit_count=9)
    edges = [datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)]
    moments = [edge + step for edge in edges for step in (-timedelta(milliseconds=1), timedelta(0))]
    for number, moment in enumerate(moments):
        async with database.transaction() as connection:
            await post(scenario, connection, f"job {number}", moment)
    months = [datetime(2026, month, 1, tzinfo=UTC).date() for month in (11, 12)]
    months.append(edges[1].date())
    found = [[use.external_id for use in await list_uses(scenario, UsedSpan.of_month(one))] for one in months]
    assert found == [["job 0"], ["job 1", "job 2"], ["job 3"]]


async def test_pages_of_uses_at_one_moment_are_complete(database: Database) -> None:
    scenario = await open_xml_scenario(database, slot_count=1, credit_count=9)
    async with database.transaction() as connection:
        for number in range(7):
            await post(scenario, connection, f"job {number}", START + SECOND * (number // 3))
    names, after = [], 0
    for _ in range(4):
        page = await list_uses(scenario, UsedSpan.of_month(None), UsesPage(after=after, rows_max=2))
        names += [use.external_id for use in page]
        after = page[-1].number
    assert names == [f"job {number}" for number in range(7)]


async def test_a_refused_posting_keeps_no_use(database: Database) -> None:
    scenario = await open_xml_scenario(database, slot_count=1, credit_count=1)
    async with database.transaction() as connection:
        await post(scenario, connection, "paid", START + SECOND)
        with pytest.raises(Refused):
            await post(scenario, connection, "unpaid", START + SECOND)
    assert [use.external_id for use in await list_uses(scenario, UsedSpan.of_month(None))] == ["paid"]
    assert await find_broken(database) == []
