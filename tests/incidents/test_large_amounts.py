"""The largest amounts that are accepted at the door fit every sum and product behind it."""

from datetime import timedelta

from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import JobTraits
from tests.support.scenario import START, Scenario, make_clicks, make_element, open_scenario

LARGEST = 999_999_999_999_990_000  # micros: 999999999999.99
CENT = 10_000


async def change_budget(scenario: Scenario, budget_micros: int, minute: int) -> str:
    customer, now = scenario.customers[0], START + timedelta(minutes=minute)
    element = make_element(customer, "large", now, budget_micros=budget_micros)
    try:
        await scenario.take(customer, element | {"jobPostingOperationType": "UPDATE"}, now)
    except Refused as refused:
        return refused.fault.name
    return "accepted"


async def test_clicks_at_the_largest_price_are_counted_and_checked(database_url: str) -> None:
    """A product of ten clicks and their price did not fit a bigint, and the check ended with a traceback."""
    async with open_scenario(database_url, limit_micros=LARGEST) as scenario:
        async with scenario.database.transaction() as connection:
            await contracts.set_click_price(
                connection,
                contract=scenario.contract,
                traits=JobTraits(country="FR"),
                price_micros=LARGEST,
                valid_from=START - timedelta(hours=1),
            )
        job_id = await scenario.post("large", budget_micros=LARGEST)
        reply = await scenario.ingest(make_clicks(job_id, 10), START + timedelta(hours=1))
        assert (reply.accepted, reply.clicks_charged) == (10, 1)
        assert await scenario.breaches() == []
        await scenario.run_due(final_at(day_of(START)))
        assert await scenario.breaches() == []


async def test_a_budget_raised_over_and_over_is_refused_and_not_an_outage(database_url: str) -> None:
    """What was ever reserved only grows; the tenth raise to the largest amount did not fit a bigint."""
    async with open_scenario(database_url, limit_micros=LARGEST) as scenario:
        await scenario.post("large", budget_micros=3_000_000)
        outcomes = []
        for minute in range(1, 25, 2):
            outcomes.append(await change_budget(scenario, LARGEST - CENT, minute))
            await change_budget(scenario, 3_000_000, minute + 1)
        assert outcomes == ["accepted"] * 9 + [Fault.JOB_BUDGET_RAISED_TOO_OFTEN.name] * 3
        # a smaller raise still fits, and all that was reserved is accounted for
        assert await change_budget(scenario, 30_000_000, 30) == "accepted"
        assert await scenario.breaches() == []
