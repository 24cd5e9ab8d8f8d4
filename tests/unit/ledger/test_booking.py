"""Booking: once for each reference, and in the unit of the account."""

from dataclasses import replace
from uuid import UUID

import pytest

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Posting, Purpose
from tests.support.scenario import START, Scenario, open_scenario


def make_funding(scenario: Scenario) -> Posting:
    return Posting(
        reference=UUID(int=7),
        purpose=Purpose.FUND,
        source=scenario.contract.funding,
        destination=scenario.contract.account,
        amount=1,
        unit="EUR",
        day=day_of(START),
        booked_at=START,
    )


async def book(scenario: Scenario, posting: Posting) -> bool:
    async with scenario.database.transaction() as connection:
        return await ledger.book(connection, posting)


async def read_balance(scenario: Scenario) -> int:
    async with scenario.database.connection() as connection:
        return await ledger.read_balance(connection, scenario.contract.account)


async def test_a_posting_is_booked_once_and_its_reference_means_nothing_else(database_url: str) -> None:
    async with open_scenario(database_url, limit_micros=100) as scenario:
        posting = make_funding(scenario)
        assert [await book(scenario, posting) for _ in range(3)] == [True, False, False]
        for other in (replace(posting, amount=2), replace(posting, unit="USD")):
            with pytest.raises(Refused) as refused:
                await book(scenario, other)
            assert refused.value.fault is Fault.REFERENCE_REUSED
        assert await read_balance(scenario) == 101


async def test_an_account_is_kept_in_one_unit(database_url: str) -> None:
    async with open_scenario(database_url, limit_micros=100) as scenario:
        with pytest.raises(Refused) as refused:
            await book(scenario, replace(make_funding(scenario), unit="USD"))
        assert refused.value.fault is Fault.CURRENCY_DIFFERS
        assert await read_balance(scenario) == 100
        assert await scenario.breaches() == []
