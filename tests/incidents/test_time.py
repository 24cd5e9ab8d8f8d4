"""Incidents 14, 21 and 22: events outside a job's run, the edges of days and months, a clock that goes backwards."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, end_of, final_at, start_of
from jobmeter.base.money import Money
from jobmeter.contracts.partner import flow as contracts
from tests.support.sandbox_client import SandboxClient, bearer, make_event
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, open_scenario
from tests.support.scenario import make_event as make_click

LATER = START + timedelta(hours=1)
FIGURES = "SELECT day, apply_clicks, clicks_charged FROM job_day_sums ORDER BY day"
MS = timedelta(milliseconds=1)


def test_nothing_is_charged_outside_a_jobs_live_window(sandbox_client: SandboxClient) -> None:
    """14. Events from before a meter existed were billed when it was created."""
    before = sandbox_client.now_ms - 60_000
    job_id = sandbox_client.post_job("window")
    during = sandbox_client.now_ms
    assert sandbox_client.close_job("window")["status"] == 202
    after = sandbox_client.now_ms + 1
    clicks = [
        make_event(job_id, name, at, type="applyClick")
        for name, at in (("before", before), ("during", during), ("after", after))
    ]

    reply = sandbox_client.send(clicks).json()

    assert [(row["index"], row["reason"]) for row in reply["rejections"]] == [
        (0, "JOB_NOT_LIVE"),
        (2, "JOB_NOT_LIVE"),
    ]
    # the one in between came after the close, when the budget had been returned: it counts, and is free
    assert reply["accepted"] == 1
    headers = bearer(sandbox_client.credentials["operator_key"])
    found = sandbox_client.client.get(f"/operator/explain/jobs/{job_id}", headers=headers).json()
    assert found["spent"] == "0.00"
    assert "CHARGE" not in {posting["purpose"] for posting in found["postings"]}


@pytest.mark.parametrize(
    "last", [date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 30), date(2027, 12, 31), date(2028, 2, 29)]
)
async def test_an_event_belongs_to_its_own_utc_day(database_url: str, last: date) -> None:
    """21. Reports disagreed around local midnights, clock changes, leap days and ends of months.

    The day is that of the event's own time in UTC, whenever it arrives, up to exactly 48 hours later.
    """

    async with open_scenario(database_url) as scenario:
        midnight = end_of(last)
        await scenario.open_day(midnight)
        job_id = await scenario.post(
            "job", now=midnight - timedelta(hours=1), budget_micros=20 * PRICE_MICROS
        )
        last_ms, first_ms = midnight - MS, midnight
        # given an event of each day that arrives at once, and one of the last millisecond that arrives late
        early = [make_click(job_id, "a", last_ms), make_click(job_id, "b", first_ms)]
        await scenario.ingest(early, midnight + timedelta(seconds=1))
        assert await scenario.rows(FIGURES) == [(last, 1, 1), (day_of(midnight), 1, 1)]

        at_the_limit = last_ms + timedelta(hours=48)
        await scenario.open_day(at_the_limit)
        late = await scenario.ingest([make_click(job_id, "late", last_ms)], at_the_limit - MS)
        too_late = await scenario.ingest([make_click(job_id, "too late", last_ms)], at_the_limit)
        assert (late.accepted, [row.verdict.name for row in too_late.rejections]) == (1, ["TOO_OLD"])
        assert await scenario.rows(FIGURES) == [(last, 2, 2), (day_of(midnight), 1, 1)]
        ((restated,),) = await scenario.rows(
            "SELECT count(*) FROM job_day_restatements WHERE day = %s", [last]
        )
        assert restated == 2  # both came when the day was over

        # and final figures do not change
        await scenario.run_due(final_at(last))
        await scenario.ingest([make_click(job_id, "much too late", last_ms)], final_at(last))
        assert await scenario.rows(FIGURES) == [(last, 2, 2), (day_of(midnight), 1, 1)]
        assert await scenario.breaches() == []


def test_an_offset_in_the_events_time_changes_no_day(sandbox_client: SandboxClient) -> None:
    """21. The same instant, written with three offsets, is one time: it belongs to its UTC day."""
    job_id, at = sandbox_client.post_job("offsets"), sandbox_client.now_ms
    instant = datetime.fromtimestamp(at // 1_000, UTC) + timedelta(seconds=1)
    times = [
        instant.isoformat(),
        instant.astimezone(datetime.strptime("+1400", "%z").tzinfo).isoformat(),
        instant.astimezone(datetime.strptime("-1100", "%z").tzinfo).isoformat(),
    ]
    clicks = [make_event(job_id, "one", time, type="applyClick") for time in times]
    assert (
        sandbox_client.send(clicks).json()["accepted"],
        sandbox_client.send(clicks).json()["duplicate"],
    ) == (1, 3)


async def read_money(scenario: Scenario) -> list:
    return await scenario.rows(
        "SELECT job_id, spent_micros, released_micros FROM job_budgets ORDER BY job_id"
    )


async def test_a_clock_that_goes_backwards_undoes_nothing(database_url: str) -> None:
    """22. The machine's clock jumped back: ages became negative, and finished work was repeated."""

    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        double = [make_click(job_id, f"d{n}", START, visitor="ada") for n in range(2)]
        await scenario.ingest([*double, *make_clicks(job_id, 3)], LATER)

        # when an hour occurs twice
        now = LATER + timedelta(hours=1)
        ahead = make_click(job_id, "ahead", now)
        assert (await scenario.ingest([ahead], now)).accepted == 1
        back = await scenario.ingest(make_clicks(job_id, 2, now, prefix="x"), LATER)
        assert {row.verdict.name for row in back.rejections} == {"IN_FUTURE"}
        assert (await scenario.ingest([ahead], LATER)).accepted == 0

        # and so do midnights: days are settled once, and no day before it can be complete
        for moment in (final_at(day_of(START)), START, LATER, final_at(day_of(START))):
            await scenario.run_due(moment)
        settled = await scenario.rows("SELECT day, settled_at FROM settled_days")
        assert all(at >= final_at(day) for day, at in settled)
        once = await read_money(scenario)
        await scenario.run_due(start_of(day_of(START)))
        await scenario.run_due(final_at(day_of(START)))
        assert await read_money(scenario) == once
        assert await scenario.rows("SELECT count(*) FROM ledger_postings WHERE purpose = 5") == [(1,)]
        assert await scenario.rows("SELECT count(*) FROM settlement_runs WHERE touched_at < judged_at") == [
            (0,)
        ]
        assert await scenario.breaches() == []


async def test_a_batch_judged_by_an_earlier_clock_still_counts_once(database_url: str) -> None:
    """22. Two servers with different clocks, each with a part of the same events."""

    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        clicks = make_clicks(job_id, 6)
        behind, ahead = LATER, LATER + timedelta(minutes=4)
        assert (await scenario.ingest(clicks[:4], ahead)).accepted == 4
        assert (await scenario.ingest(clicks[2:], behind)).accepted == 2
        assert await scenario.rows("SELECT apply_clicks, clicks_charged FROM job_day_sums") == [(6, 6)]
        assert to_ms(behind) < to_ms(ahead)


async def test_a_contract_that_is_topped_up_after_the_clock_went_back_breaks_no_law(
    database_url: str,
) -> None:
    """22. What was first is known by its number: the opening of a contract seemed to be later than its top-up."""

    async with open_scenario(database_url) as scenario:
        earlier = START - timedelta(days=2)
        async with scenario.database.transaction() as connection:
            amount = Money(1_000_000, scenario.contract.currency)
            assert await contracts.top_up(
                connection, contract=scenario.contract, amount=amount, reference=uuid4(), now=earlier
            )
        assert await scenario.breaches() == []
