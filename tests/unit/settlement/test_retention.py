"""Retention: report days are compacted after a year, events are exported and dropped, and no sum ever changes."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import AccountChange, AgreementWish, Bills
from jobmeter.charging.retention import flow as charging
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explain
from jobmeter.ledger.model import Purpose
from jobmeter.metering.retention import flow as metering
from jobmeter.reports.job_reports import flow as reports
from jobmeter.worker import chores
from tests.support.books import open_account, open_books, standard
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_event, open_scenario

DAYS = 5
FIRST = day_of(START)
SUMS = (
    "SELECT job_id, sum(views), sum(apply_clicks), sum(clicks_charged), sum(clicks_reversed), sum(charge_micros)::bigint"
    " FROM job_day_sums GROUP BY job_id ORDER BY job_id"
)
COMPACTED_DAY = date(1970, 1, 1)  # that of the statements: no report can request it
KEPT_DAYS = "SELECT DISTINCT day FROM job_day_sums ORDER BY day"


async def live_through(scenario: Scenario) -> None:
    """Two jobs, each with a double click, a click and a view on each of some days; every day becomes final."""
    jobs = [await scenario.post(f"job-{n}", budget_micros=40 * PRICE_MICROS) for n in range(2)]
    for number in range(DAYS):
        at = START + timedelta(days=number, hours=1)
        await scenario.open_day(at)
        for job in jobs:
            events = [
                make_event(job, f"{job}-{number}-{n}", at, visitor="ada" if n < 2 else f"v{n}")
                for n in range(3)
            ]
            await scenario.ingest([*events, make_event(job, f"{job}-view-{number}", at, type="view")], at)
    await scenario.run_due(final_at(FIRST + timedelta(days=DAYS)))


async def age(scenario: Scenario, days: int, settings: Settings) -> None:
    await chores.run_due(scenario.database, settings, now=START + timedelta(days=days))


async def test_report_days_are_compacted_after_a_year_and_no_sum_changes(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        sums = await scenario.rows(SUMS)
        now = START + timedelta(days=368)
        budget = {"parent": scenario.parent, "contract_id": None, "now": now}
        async with scenario.database.connection() as connection:
            before = await reports.report_budget(connection, **budget)

        # a year and a little: two of the days can no longer be requested, whatever the setting
        await age(scenario, 368, Settings(report_retention_days=10, event_retention_days=30))

        kept = [row[0] for row in await scenario.rows(KEPT_DAYS)]
        assert kept == [COMPACTED_DAY, *(FIRST + timedelta(days=n) for n in range(2, DAYS))]
        assert await scenario.rows(SUMS) == sums
        async with scenario.database.connection() as connection:
            assert await reports.report_budget(connection, **budget) == before
        assert await scenario.breaches() == []

        # and every charge can still be explained by its postings
        await check_charges(scenario)

        # and again, and much later
        await age(scenario, 368, Settings(event_retention_days=30))
        await age(scenario, 500, Settings(event_retention_days=30))
        assert await scenario.rows(KEPT_DAYS) == [(COMPACTED_DAY,)]
        assert await scenario.rows(SUMS) == sums
        await check_charges(scenario)
        assert await scenario.breaches() == []


async def check_charges(scenario: Scenario) -> None:
    for job_id, spent in await scenario.rows("SELECT job_id, spent_micros FROM job_budgets"):
        async with scenario.database.connection() as connection:
            found = await explain.explain_job(connection, job_id=job_id)
        amounts = dict.fromkeys(Purpose, 0)
        for posting in found.page.postings:
            amounts[Purpose(posting.purpose)] += posting.amount
        assert amounts[Purpose.CHARGE] - amounts[Purpose.REVERSE] == spent


async def test_a_compaction_that_lost_data_is_reported(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        await age(scenario, 368, Settings(event_retention_days=30))
        await scenario.execute("DELETE FROM job_days WHERE day = (SELECT max(day) FROM job_days)")
        assert any("daily charge is the sum" in check.law for check in await scenario.breaches())


async def test_a_compaction_continues_where_it_was_interrupted(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        await age(scenario, 100, Settings(event_retention_days=30))
        sums, rounds = await scenario.rows(SUMS), 0
        while True:
            async with scenario.database.transaction() as connection:
                folded = await charging.compact_old_days(
                    connection, retention_days=366, rows_max=3, now=START + timedelta(days=500)
                )
            if folded == 0:
                break
            rounds += 1
            assert await scenario.rows(SUMS) == sums
            assert await scenario.breaches() == []
        assert rounds == 4
        assert await scenario.rows(KEPT_DAYS) == [(COMPACTED_DAY,)]


async def test_days_whose_events_are_kept_are_not_compacted(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        await age(scenario, 500, Settings(event_retention_days=1_000))
        assert len(await scenario.rows(KEPT_DAYS)) == DAYS
        assert await scenario.breaches() == []


async def dropped_days(scenario: Scenario) -> int:
    """How many of the days on which something happened have lost their events."""
    ((count,),) = await scenario.rows(
        "SELECT count(*) FROM event_days WHERE dropped_at IS NOT NULL AND day BETWEEN %s AND %s",
        [FIRST, FIRST + timedelta(days=DAYS - 1)],
    )
    return int(count)


async def test_events_are_kept_a_quarter_and_half_a_year_once_clicks_are_invoiced(database_url: str) -> None:
    async with open_books(database_url, rate=standard(210_000)) as books:
        scenario = books.scenario
        await live_through(scenario)
        await age(scenario, 100, Settings())
        assert await dropped_days(scenario) == 0
        await age(scenario, 183, Settings())
        assert await dropped_days(scenario) == 3
        # a retention that is set applies to invoiced clicks too
        await age(scenario, 183, Settings(event_retention_days=30))
        assert await dropped_days(scenario) == DAYS


async def test_events_are_kept_a_quarter_where_no_clicks_are_invoiced(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        await age(scenario, 90, Settings())
        assert await dropped_days(scenario) == 0
        await age(scenario, 93, Settings())
        assert await dropped_days(scenario) == 3


async def test_a_contract_is_invoiced_by_use_only_from_months_whose_days_are_kept(database_url: str) -> None:
    """The lines of clicks are made from days: of a folded one nothing would be invoiced."""
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        # given folded days: the third of March is the last
        await age(scenario, 368, Settings(event_retention_days=30))
        now = START + timedelta(days=368)
        account_id = await open_account(scenario, first_month=date(2026, 3, 1))

        async def agree(bills: Bills, first_month: date | None) -> None:
            async with scenario.database.transaction() as connection:
                await accounts.set_agreement(
                    connection,
                    account_id=account_id,
                    contract_id=scenario.contract.id,
                    wish=AgreementWish(bills=bills, first_month=first_month),
                    now=now,
                )

        for first_month in (None, date(2026, 3, 1)):
            with pytest.raises(Refused, match=r"before 2026-03-04 .* 2026-04 or later") as refused:
                await agree(Bills.USE, first_month)
            assert refused.value.fault is Fault.DAYS_FOLDED
        # top-ups are postings, which are never folded
        await agree(Bills.TOP_UPS, None)
        await agree(Bills.USE, date(2026, 4, 1))

        # an account whose first month moves takes its agreements along
        async def begin(first_month: date) -> None:
            change = AccountChange(first_month=first_month)
            async with scenario.database.transaction() as connection:
                await accounts.change_account(connection, account_id=account_id, change=change)

        await begin(date(2026, 4, 1))
        with pytest.raises(Refused, match="2026-04 or later"):
            await begin(date(2026, 3, 1))
        assert await scenario.breaches() == []


async def is_somebody_waiting(connection: Connection) -> bool:
    # The connection's own transaction sees each look at the activity again otherwise.
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    found = await connection.execute(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    return await found.fetchone() == (True,)


async def test_days_are_not_folded_while_a_contract_is_agreed_on(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        await age(scenario, 368, Settings(event_retention_days=30))
        kept = await scenario.rows(KEPT_DAYS)

        async def fold() -> int:
            async with scenario.database.transaction() as connection:
                return await charging.compact_old_days(
                    connection, retention_days=366, rows_max=100, now=START + timedelta(days=500)
                )

        account_id = await open_account(scenario, first_month=date(2026, 3, 1))
        async with scenario.database.transaction() as connection:
            await accounts.set_agreement(
                connection,
                account_id=account_id,
                contract_id=scenario.contract.id,
                wish=AgreementWish(first_month=date(2026, 4, 1)),
                now=START + timedelta(days=368),
            )
            folding = asyncio.create_task(fold())
            while not await is_somebody_waiting(connection):
                assert not folding.done()
                await asyncio.sleep(0.01)
        # what is before the first month may still be folded: all of March
        assert await folding > 0
        assert len(await scenario.rows(KEPT_DAYS)) < len(kept)


async def test_the_export_contains_reversals(database_url: str, tmp_path: Path) -> None:
    """The file is all that remains of a click, so it contains the outcome. Uses a URL, as of an object store."""
    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        folder = f"file://{tmp_path}/events"
        await age(scenario, 40, Settings(event_retention_days=30, export_folder=folder))
        assert await scenario.rows("SELECT count(*) FROM event_reversals") == [(0,)]
        rows = parquet.read_table(tmp_path / "events" / f"events-{FIRST}.parquet").to_pylist()
        charges = {
            str(row[0]): row[1]
            for row in await scenario.rows("SELECT reference, source_id FROM charge_postings")
        }
        taken_back = [row for row in rows if row["settlement_rule"] is not None]
        assert [(row["settlement_rule"], row["kind"]) for row in taken_back] == [(4, "applyClick")] * 2
        assert all(charges[row["charge"]] == row["job_id"] for row in taken_back)
        assert len(rows) == 2 * 4
        assert await scenario.breaches() == []


async def test_two_processes_never_end_the_same_day(database_url: str, tmp_path: Path) -> None:
    """The second would overwrite the first one's file with an empty one, since the events are gone by then;
    and two that drop days at the same time would wait for each other.
    """
    ending = {
        "retention_days": 30,
        "export_folder": str(tmp_path),
        "now": START + timedelta(days=33),
    }

    async def end_next_day(scenario: Scenario) -> object:
        async with scenario.database.transaction() as connection:
            return await metering.drop_next_day(connection, **ending)

    async with open_scenario(database_url) as scenario:
        await live_through(scenario)
        await age(scenario, 33, Settings(event_retention_days=1_000))
        while (ended := await scenario.rows("SELECT min(day) FROM event_days WHERE dropped_at IS NULL")) < [
            (FIRST,)
        ]:
            assert await end_next_day(scenario) == ended[0][0]
        async with scenario.database.transaction() as connection:
            first = await metering.drop_next_day(connection, **ending)
            assert [first, await asyncio.wait_for(end_next_day(scenario), 5)] == [FIRST, None]
        assert await end_next_day(scenario) == FIRST + timedelta(days=1)
        assert len(parquet.read_table(tmp_path / f"events-{FIRST}.parquet")) == 2 * 4
