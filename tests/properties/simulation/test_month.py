"""Thirty days of uneven traffic: the spend of budgets, and the measures that detect uneven spending."""

from datetime import date, timedelta

import pytest

from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import Pacing
from tests.properties.simulation.month import Month, Prepare, Run, as_it_is
from tests.support.scenario import Scenario, open_scenario

FIRST = date(2026, 3, 3)


async def pace_evenly(scenario: Scenario) -> None:
    async with scenario.database.transaction() as connection:
        await contracts.set_pacing(connection, contract=scenario.contract, pacing=Pacing.EVEN)


async def play(database_url: str, month: Month, prepare: Prepare = as_it_is) -> list[Run]:
    async with open_scenario(database_url, limit_micros=10**15) as scenario:
        runs = await month.play(scenario, prepare)
        assert await scenario.breaches() == []
        return runs


def check_unpaced(runs: list[Run]) -> None:
    """Every budget with enough clicks is fully spent, none is exceeded, and all are spent early."""
    busy = [run for run in runs if run.has_enough_traffic]
    assert len(busy) > len(runs) / 2
    assert all(run.share_spent <= 1 for run in runs)
    assert [run.share_spent for run in busy] == [1.0] * len(busy)
    assert all(len([day for day in run.days if run.spent.get(day, 0)]) < len(run.days) / 2 for run in busy)
    assert all(run.list_uneven_days(0.1) for run in busy)


@pytest.mark.slow
async def test_budgets_are_spent_as_fast_as_clicks_come(database_url: str) -> None:
    check_unpaced(await play(database_url, Month()))


@pytest.mark.long
async def test_an_even_contract_spends_all_and_evenly(database_url: str) -> None:
    runs = await play(database_url, Month(), pace_evenly)

    busy = [run for run in runs if run.has_enough_traffic]
    assert len(busy) > len(runs) / 2
    assert all(0.99 <= run.share_spent <= 1 for run in busy)
    assert [run.list_uneven_days(0.1) for run in busy] == [[]] * len(busy)
    assert all(run.share_spent <= 1 for run in runs)


def make_run(budget: int, spent: list[int], clicks: int = 100) -> Run:
    days = [FIRST + timedelta(days=number) for number in range(len(spent))]
    return Run(budget, dict.fromkeys(days, clicks), dict(zip(days, spent, strict=True)))


def test_uneven_days_are_found() -> None:
    even = make_run(100, [20, 22, 18, 20, 20])
    assert (even.share_spent, even.list_uneven_days(0.1)) == (1.0, [])
    front = make_run(100, [60, 40, 0, 0, 0])
    assert (front.share_spent, len(front.list_uneven_days(0.1))) == (1.0, 5)
    # a budget of less than ten clicks a day cannot be closer to even than a click
    assert make_run(12, [2, 3, 2, 3, 2]).list_uneven_days(0.1) == []
    assert not make_run(100, [20] * 5, clicks=21).has_enough_traffic
