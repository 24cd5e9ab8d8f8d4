"""Daily budgets and even pacing: the rule is compared with plain arithmetic, the charge with the rule, also concurrently."""

import asyncio
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS, day_number, day_of
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.charging.model import ClickCounts
from jobmeter.charging.pacing import flow as pacing
from jobmeter.charging.pacing.rules import DayLimit, count_chargeable, count_paced
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import Pacing
from jobmeter.database.pool import Database
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, make_element, open_scenario

DAYS = st.integers(1, 40)


@given(
    clicks=st.integers(0, 5_000), days=DAYS, begins=st.integers(0, DAY_MS - 1), price=st.integers(1, 9_999)
)
def test_enough_traffic_spends_all_and_evenly(clicks: int, days: int, begins: int, price: int) -> None:
    left, until = clicks * price, begins + days * DAY_MS
    spent = []
    for day in range(days + 1):
        limit = DayLimit(price, left, 0, True, begins, until, 0)
        charged = min(count_paced(limit, day), left // price)
        left -= charged * price
        spent.append(charged)

    assert left < price
    whole_days = spent[1:-1] if begins else spent[:-1]
    even = clicks / days
    assert all(abs(one - even) <= even * 0.1 + 1 for one in whole_days[: int(days * 0.9)])


@given(
    daily=st.integers(0, 50),
    charged=st.integers(0, 60),
    left=st.integers(0, 200),
    is_paced=st.booleans(),
)
def test_the_lower_limit_applies_and_is_never_negative(
    daily: int, charged: int, left: int, is_paced: bool
) -> None:
    limit = DayLimit(3, left * 3, daily * 3, is_paced, 0, 10 * DAY_MS, charged * 3)
    if not daily and not is_paced:
        return
    let_through = count_chargeable(limit, 2)
    assert let_through >= 0
    if daily:
        assert let_through <= max(0, daily - charged)
    if is_paced:
        assert let_through <= max(0, count_paced(limit, 2) - charged)


async def _post(scenario: Scenario, name: str, *, budget: int, daily: str | None = None) -> int:
    element = make_element(scenario.customers[0], name, START, budget_micros=budget)
    if daily is not None:
        element["budget"]["payForPerformanceDailyBudget"] = {"currencyCode": "EUR", "amount": daily}
    task = await scenario.take(scenario.customers[0], element, START)
    await scenario.run_due(START)
    job_id = await scenario.job_of_task(scenario.customers[0], task, START)
    assert job_id is not None
    return job_id


async def _days(scenario: Scenario, job_id: int) -> list[tuple[int, int, int]]:
    return await scenario.rows(
        "SELECT apply_clicks, clicks_charged, charge_micros FROM job_day_sums WHERE job_id = %s ORDER BY day",
        [job_id],
    )


async def test_a_daily_budget_limits_each_day_and_is_renewed_the_next(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await _post(scenario, "daily", budget=30 * PRICE_MICROS, daily="6.00")
        first = START + timedelta(hours=1)
        await scenario.ingest(make_clicks(job_id, 3, first, prefix="a"), first)
        await scenario.ingest(make_clicks(job_id, 9, first, prefix="b"), first)
        next_day = START + timedelta(days=1)
        await scenario.open_day(next_day)
        # late clicks of the first day still count against its budget, in one batch with those of today
        late = make_clicks(job_id, 2, first, prefix="late")
        await scenario.ingest([*late, *make_clicks(job_id, 7, next_day, prefix="c")], next_day)

        assert await _days(scenario, job_id) == [
            (14, 4, 4 * PRICE_MICROS),
            (7, 4, 4 * PRICE_MICROS),
        ]
        assert await scenario.breaches() == []


async def test_a_daily_budget_removed_meanwhile_limits_nothing(database_url: str) -> None:
    """The job was read while it had one; the charge statement detects that the job has changed since."""
    async with open_scenario(database_url) as scenario:
        capped = await _post(scenario, "capped", budget=30 * PRICE_MICROS, daily="3.00")
        freed = await _post(scenario, "freed", budget=30 * PRICE_MICROS, daily="3.00")
        numbers = np.sort(np.array([capped, freed]))
        ones = np.ones(2, dtype=np.int64)
        today = day_number(day_of(START))
        counts = ClickCounts(
            shards=numbers % SHARD_COUNT,
            job_ids=numbers,
            revisions=ones,
            are_capped=ones,
            days=today * ones,
            views=0 * ones,
            clicks=5 * ones,
            refused=0 * ones,
        )
        async with scenario.database.transaction() as connection:
            await pacing.set_daily_budget(connection, shard=freed % SHARD_COUNT, job_id=freed, daily_micros=0)
            found = await pacing.count_chargeable(connection, counts, today)
        assert dict(zip(numbers.tolist(), found.tolist(), strict=True)) == {capped: 2, freed: 5}


async def test_a_contract_with_even_pacing_spends_a_share_each_day(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        async with scenario.database.transaction() as connection:
            await contracts.set_pacing(connection, contract=scenario.contract, pacing=Pacing.EVEN)
        job_id = await _post(scenario, "even", budget=300 * PRICE_MICROS)
        now = START + timedelta(hours=1)
        for number in range(5):
            await scenario.ingest(make_clicks(job_id, 40, now, prefix=f"n{number}-"), now)
        ((clicks, charged, _),) = await _days(scenario, job_id)
        (window,) = await scenario.rows(
            "SELECT live_from_ms, live_until_ms FROM job_budgets WHERE job_id = %s", [job_id]
        )
        limit = DayLimit(PRICE_MICROS, 300 * PRICE_MICROS, 0, True, *window, 0)
        assert (clicks, charged) == (200, count_paced(limit, day_number(day_of(now))))
        assert 5 <= charged <= 8  # 300 clicks in 30 days; the first day has 15 hours
        assert to_ms(START) <= window[0] < window[1]


async def test_concurrent_senders_do_not_exceed_the_daily_budget(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_ids = [
            await _post(scenario, f"race-{n}", budget=40 * PRICE_MICROS, daily="7.50") for n in range(4)
        ]
        others = [await Database.open(database_url, connections_max=2) for _ in range(4)]
        now = START + timedelta(hours=2)

        async def send(number: int) -> None:
            mine = Scenario(others[number], scenario.parent, scenario.contract, scenario.customers)
            for batch in range(6):
                events = [
                    click
                    for job_id in job_ids
                    for click in make_clicks(job_id, 3, now, prefix=f"{number}-{batch}-")
                ]
                await mine.ingest(events, now)

        await asyncio.gather(*(send(number) for number in range(4)))
        for other in others:
            await other.close()
        for job_id in job_ids:
            assert await _days(scenario, job_id) == [(72, 5, 5 * PRICE_MICROS)]
        assert await scenario.breaches() == []
