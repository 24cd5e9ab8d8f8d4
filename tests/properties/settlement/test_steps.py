"""Settlement under concurrency: late events, two settlements at once, a clock that goes back, retention of events."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from pyarrow import parquet

from jobmeter.base.days import FINAL_AFTER_DAYS, day_of, end_of, final_at
from jobmeter.database.pool import Database
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.metering.retention import flow as retention
from jobmeter.settlement.days import flow as settlement
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, make_event, open_scenario

DAY = day_of(START)
FINAL = final_at(DAY)
AS_OF = (
    "SELECT now.views - coalesce(sum(changed.views), 0), now.apply_clicks - coalesce(sum(changed.apply_clicks), 0),"
    " now.clicks_charged - coalesce(sum(changed.clicks_charged), 0),"
    " now.charge_micros - coalesce(sum(changed.charge_micros), 0)"
    " FROM job_day_sums AS now LEFT JOIN job_day_restatements AS changed ON changed.shard = now.shard"
    " AND changed.job_id = now.job_id AND changed.day = now.day AND changed.recorded_at > %s"
    " WHERE now.day = %s GROUP BY now.views, now.apply_clicks, now.clicks_charged, now.charge_micros"
)
OPEN_DAY = "SELECT min(day) FROM event_days WHERE day NOT IN (SELECT day FROM settled_days)"
DAY_ROWS = "SELECT views, apply_clicks, clicks_charged, charge_micros FROM job_day_sums WHERE day = %s"


async def settle_step(database: Database, now=FINAL) -> bool:
    async with database.transaction() as connection:
        return await settlement.settle_next(connection, final_after_days=FINAL_AFTER_DAYS, now=now)


async def post_and_double_click(scenario: Scenario) -> int:
    """Two clicks of one visitor, and two of others."""
    job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
    clicks = [
        make_event(job_id, f"c{n}", START + timedelta(seconds=n), visitor="ada" if n < 2 else f"other {n}")
        for n in range(4)
    ]
    await scenario.ingest(clicks, START + timedelta(hours=1))
    return job_id


async def test_a_day_is_not_settled_before_its_time(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await post_and_double_click(scenario)
        while await settle_step(scenario.database, FINAL - timedelta(microseconds=1)):
            pass
        assert await scenario.rows("SELECT day FROM settled_days WHERE day >= %s", [DAY]) == []
        assert await scenario.rows(DAY_ROWS, [DAY]) == [(0, 4, 4, 4 * PRICE_MICROS)]


async def test_settlement_waits_for_an_open_intake_and_a_later_one_is_refused(
    database_url: str,
) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post_and_double_click(scenario)
        other = await Database.open(database_url, connections_max=1)
        while await scenario.rows(OPEN_DAY) != [(DAY,)]:
            await settle_step(other)
        # given an intake that read the clock before the day became too old, and is not committed
        just_before = end_of(DAY) + timedelta(hours=47, minutes=59)
        late = make_event(job_id, "late", end_of(DAY) - timedelta(milliseconds=1))
        async with scenario.database.transaction() as connection:
            await metering.ingest(
                connection,
                [late],
                known=IntakeCaches(),
                now=just_before,
                future_tolerance_seconds=0,
            )
            # then settlement waits for it
            with pytest.raises(psycopg.errors.LockNotAvailable):
                await settle_step(other)

        # and once the day is moved and judged, a late batch is refused as a whole, to be sent again
        for _ in range(2):
            await settle_step(other)
        later = make_event(job_id, "later", end_of(DAY) - timedelta(milliseconds=1))
        with pytest.raises(psycopg.errors.SerializationFailure):
            await scenario.ingest([later], just_before)
        again = await scenario.ingest([later], FINAL)
        assert [row.verdict.name for row in again.rejections] == ["TOO_OLD"]
        # the first four clicks of their visitors
        assert await scenario.rows(DAY_ROWS, [DAY]) == [(0, 4, 4, 4 * PRICE_MICROS)]
        await other.close()


async def test_two_settlements_at_once_reverse_once(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await post_and_double_click(scenario)
        others = [await Database.open(database_url, connections_max=1) for _ in range(3)]

        async def settle_all(database: Database) -> None:
            for _ in range(12):
                await settle_step(database)

        await asyncio.gather(*map(settle_all, others))
        # a process that found another at work had nothing to do; one process does the rest
        while await settle_step(scenario.database):
            pass
        assert await scenario.rows(DAY_ROWS, [DAY]) == [(0, 3, 3, 3 * PRICE_MICROS)]
        assert await scenario.rows("SELECT count(*) FROM ledger_postings WHERE purpose = 5") == [(1,)]
        assert await scenario.breaches() == []
        for other in others:
            await other.close()


async def test_a_job_closed_by_a_clock_that_is_ahead_gives_back_what_is_reversed(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await post_and_double_click(scenario)
        await scenario.close(scenario.customers[0], "job", FINAL + timedelta(minutes=30))
        while await settle_step(scenario.database, FINAL):
            pass
        assert await scenario.rows(DAY_ROWS, [DAY]) == [(0, 3, 3, 3 * PRICE_MICROS)]
        assert await scenario.rows(
            "SELECT spent_micros, budget_micros - spent_micros - released_micros FROM job_budgets"
        ) == [(3 * PRICE_MICROS, 0)]
        assert await scenario.breaches() == []


async def test_a_clock_that_goes_back_settles_nothing_twice(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await post_and_double_click(scenario)
        # given a day that is judged and half settled when the clock goes back
        for _ in range(6):
            await settle_step(scenario.database, FINAL + timedelta(hours=1))
        while await settle_step(scenario.database, FINAL):
            pass
        await scenario.run_due(START)
        assert await scenario.rows(DAY_ROWS, [DAY]) == [(0, 3, 3, 3 * PRICE_MICROS)]
        assert await scenario.rows(
            "SELECT settled_at >= %s FROM settled_days WHERE day = %s", [FINAL, DAY]
        ) == [(True,)]
        assert await scenario.breaches() == []


async def test_no_step_of_settlement_is_recorded_before_the_one_before_it(database_url: str) -> None:
    """Another process's clock may be half an hour behind."""
    async with open_scenario(database_url) as scenario:
        for name in "ab":
            job_id = await scenario.post(name, budget_micros=20 * PRICE_MICROS)
            clicks = [make_event(job_id, f"{name}{n}", START, visitor="ada") for n in range(2)]
            await scenario.ingest(clicks, START + timedelta(hours=1))
        clock = ahead = FINAL + timedelta(hours=1)
        is_more = True
        while is_more:
            async with scenario.database.transaction() as connection:
                is_more = await settlement.settle_next(
                    connection, final_after_days=FINAL_AFTER_DAYS, now=clock, jobs_per_step_max=1
                )
            if await scenario.rows("SELECT day FROM settlement_runs WHERE day = %s", [DAY]):
                clock = ahead - timedelta(minutes=30)
        assert (
            await scenario.rows(
                "SELECT recorded_at, settled_at FROM job_day_restatements JOIN settled_days USING (day)"
                " WHERE day = %s",
                [DAY],
            )
            == [(ahead, ahead)] * 2
        )
        assert await scenario.rows(
            "SELECT DISTINCT booked_at FROM ledger_postings WHERE day = %s AND booked_at > %s", [DAY, FINAL]
        ) == [(ahead,)]
        assert await scenario.breaches() == []


async def test_restatements_lead_from_any_moment_to_now(database_url: str) -> None:
    """Figures now less the changes recorded after a moment are the figures of that moment."""

    async with open_scenario(database_url) as scenario:
        job_id = await post_and_double_click(scenario)
        seen = {}
        late = [
            make_clicks(job_id, 2, START + timedelta(hours=2), prefix="late"),
            [make_event(job_id, "view", START, type="view")],
        ]
        for hours, events in enumerate(late):
            moment = end_of(DAY) + timedelta(hours=6 + hours)
            seen[moment - timedelta(minutes=1)] = await scenario.rows(DAY_ROWS, [DAY])
            await scenario.open_day(moment)
            await scenario.ingest(events, moment)
        seen[FINAL - timedelta(minutes=1)] = await scenario.rows(DAY_ROWS, [DAY])
        while await settle_step(scenario.database):
            pass
        seen[FINAL] = await scenario.rows(DAY_ROWS, [DAY])

        assert len({tuple(rows[0]) for rows in seen.values()}) == 4
        for moment, rows in seen.items():
            assert rows == await scenario.rows(AS_OF, [moment, DAY])


@pytest.mark.parametrize(
    "last_ms_of",
    [date(2026, 3, 28), date(2026, 10, 24), date(2026, 12, 31), date(2028, 2, 28), date(2028, 2, 29)],
)
async def test_a_day_is_that_of_utc_and_a_visitor_may_click_again_on_the_next(
    database_url: str, last_ms_of: date
) -> None:
    """Days on which a local clock changes, the last day of a year, and days around a leap day."""

    async with open_scenario(database_url) as scenario:
        midnight = end_of(last_ms_of)
        await scenario.open_day(midnight)
        job_id = await scenario.post(
            "job", now=midnight - timedelta(hours=1), budget_micros=20 * PRICE_MICROS
        )
        times = (-2, -1, 0, 1)
        clicks = [
            make_event(job_id, f"c{n}", midnight + timedelta(milliseconds=n), visitor="ada") for n in times
        ]
        await scenario.ingest(clicks, midnight + timedelta(seconds=1))
        while await settle_step(scenario.database, final_at(day_of(midnight))):
            pass
        for day in (last_ms_of, day_of(midnight)):
            assert await scenario.rows(DAY_ROWS, [day]) == [(0, 1, 1, PRICE_MICROS)]


async def test_events_are_exported_and_dropped_after_their_retention(
    database_url: str, tmp_path: Path
) -> None:
    async def drop(database: Database, days: int) -> object:
        async with database.transaction() as connection:
            dropped = await retention.drop_next_day(
                connection,
                retention_days=days,
                export_folder=str(tmp_path / "events"),
                now=FINAL + timedelta(days=10),
            )
            if dropped is not None:
                await settlement.delete_reversal_marks(connection, day=dropped)
            return dropped

    async with open_scenario(database_url) as scenario:
        job_id = await post_and_double_click(scenario)
        # given events that are old, but whose day is not settled: they stay
        while await drop(scenario.database, 0) is not None:
            pass
        assert await scenario.rows("SELECT count(*) FROM events") == [(4,)]
        while await settle_step(scenario.database):
            pass
        assert await drop(scenario.database, 30) is None

        # when their retention is over
        dropped = []
        while (day := await drop(scenario.database, 2)) is not None:
            dropped.append(day)

        # then they are in a file, and the charges and figures stay
        assert DAY in dropped
        table = parquet.read_table(tmp_path / "events" / f"events-{DAY}.parquet").to_pylist()
        assert {row["job_id"] for row in table} == {job_id}
        assert [row["kind"] for row in table] == ["applyClick"] * 4
        assert await scenario.rows("SELECT count(*) FROM events") == [(0,)]
        assert await scenario.rows(DAY_ROWS, [DAY]) == [(0, 3, 3, 3 * PRICE_MICROS)]
        assert await scenario.breaches() == []
