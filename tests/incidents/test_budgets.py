"""Incidents 9 and 10: clicks beyond a budget are shown and not charged."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmeter.database.pool import Database
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.scenario import PRICE_MICROS, START, clear, few_or_many, make_clicks, set_up

BUDGET = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "4.99"}}
LATER = START + timedelta(hours=1)
CENT = 10_000


def test_clicks_beyond_the_budget_are_counted_free_and_shown(sandbox_client: SandboxClient) -> None:
    """9. Totals were cut at the budget: the customer never saw the free clicks."""
    job_id, day = sandbox_client.post_job("beyond", budget=BUDGET), sandbox_client.now.date()
    assert sandbox_client.send_clicks(job_id, 10)["accepted"] == 10
    sandbox_client.advance_to_midnight()

    report = sandbox_client.report_by_ids("beyond", days=(day, day)).json()["results"]["beyond"]
    (row,) = report["jobPerformanceMetrics"]
    assert (row["applyClickCount"], row["charge"]["amount"]) == (10, "4.50")
    spent = report["lifetimeJobBudgetInfo"]
    assert (spent["lifetimeBudgetSpent"]["amount"], spent["lifetimeBudgetLimit"]["amount"]) == (
        "4.50",
        "4.99",
    )
    found = sandbox_client.client.get(
        f"/operator/explain/jobs/{job_id}/days/{day}",
        headers=bearer(sandbox_client.credentials["operator_key"]),
    ).json()
    assert found["figures"]["clicksBeyondBudget"] == 7
    assert [click["outcome"] for click in found["clicks"]] == ["CHARGED"] * 3 + ["BEYOND_BUDGET"] * 7


@pytest.fixture
def runner():
    with asyncio.Runner() as opened:
        yield opened


@few_or_many(4, 60)
def test_no_budget_goes_below_zero(database_url: str, runner: asyncio.Runner, examples: int) -> None:
    """10. "Remaining" fell below zero. Uses budgets that are not a multiple of the price, and batches of any size."""
    database = runner.run(Database.open(database_url, connections_max=2))

    async def check(budget_cents: int, batches: list[int]) -> None:
        await clear(database)
        scenario = await set_up(database, 10_000_000_000)
        budget = budget_cents * CENT
        job_id = await scenario.post("job", budget_micros=budget)
        for number, count in enumerate(batches):
            await scenario.ingest(make_clicks(job_id, count, prefix=f"b{number}-"), LATER)
        expected = min(sum(batches), budget // PRICE_MICROS) * PRICE_MICROS
        rows = await scenario.rows("SELECT spent_micros, budget_micros - spent_micros >= 0 FROM job_budgets")
        assert rows == [(expected, True)]
        assert await scenario.breaches() == []

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(st.integers(150, 1_500), st.lists(st.integers(1, 6), min_size=1, max_size=4))
    def play(budget_cents: int, batches: list[int]) -> None:
        runner.run(check(budget_cents, batches))

    try:
        play()
    finally:
        runner.run(database.close())
