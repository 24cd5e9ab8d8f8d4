"""Each law of the money: a history without a breach, and a manual breach in the database that the check reports."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest

from jobmeter.base.days import day_of, final_at
from jobmeter.cli.law_checks import Checked, describe_checks, print_checks
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import LAWS, check_laws
from jobmeter.integrity.model import LawCheck
from tests.conftest import TEMPLATE, make_database
from tests.support.databases.citus import CITUS_URL
from tests.support.scenario import START, Scenario, make_clicks, make_event, open_scenario

UNGUARDED = "ALTER TABLE {} DISABLE TRIGGER postings_stand"


async def play(scenario: Scenario) -> None:
    """Two days with views, clicks within and beyond a budget, refused clicks, repeats; a job closed, a day settled."""
    open_job = await scenario.post("open", budget_micros=4_000_000)
    closed_job = await scenario.post("closed", budget_micros=30_000_000, place="Leeds, United Kingdom")
    clicks = [*make_clicks(open_job, 5), *make_clicks(closed_job, 3)]
    views = [make_event(job, f"v{job}", START, type="view") for job in (open_job, closed_job)]
    robot = make_event(open_job, "robot", START, user_agent="Googlebot/2.1")
    await scenario.ingest([*clicks, *views, robot], START + timedelta(hours=1))
    next_day = START + timedelta(days=1)
    await scenario.open_day(next_day)
    await scenario.ingest([*clicks, *make_clicks(closed_job, 2, next_day)], next_day)
    await scenario.close(scenario.customers[0], "closed", next_day)
    await run_until_sealed(scenario, final_at(day_of(START)))


async def run_until_sealed(scenario: Scenario, now: datetime) -> None:
    """The worker seals postings that no open transaction of the server can still precede, once a minute."""
    for minute in range(200):
        await scenario.run_due(now + timedelta(minutes=minute))
        if await scenario.rows(
            "SELECT round FROM ledger_seal_rounds"
            " WHERE until_number >= (SELECT max(number) FROM ledger_postings)"
        ):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the last posting was never sealed")


@pytest.fixture(scope="module")
def played_url(cluster_url: str) -> Iterator[str]:
    """A database with the history, which no test changes for good."""
    for database_url in make_database(cluster_url, TEMPLATE):
        asyncio.run(play_in(database_url))
        yield database_url


async def play_in(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await play(scenario)
        assert await scenario.breaches() == []


async def find_broken(played_url: str, *statements: str) -> list[str]:
    """Runs statements on the history; returns the laws that are broken, and takes the change back."""
    async with (
        Database.opened(played_url, connections_max=2) as database,
        database.connection() as connection,
        connection.transaction(force_rollback=True),
    ):
        for statement in statements:
            await connection.execute(statement)
        found = await check_laws(connection, is_distributed=database.is_distributed)
        return [check.law for check in found if check.breaches]


async def test_a_history_keeps_every_law(played_url: str) -> None:
    async with (
        Database.opened(played_url, connections_max=2) as database,
        database.connection() as connection,
    ):
        checks = await check_laws(connection)
    assert [check.law for check in checks] == [law for law, _ in LAWS]
    assert [(check.breaches, check.example) for check in checks] == [(0, None)] * len(checks)


async def test_an_empty_database_keeps_every_law(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        assert await scenario.breaches() == []


FALSE_POSTING = (
    "INSERT INTO ledger_postings (shard, reference, purpose, source_kind, source_id, destination_kind, destination_id,"
    " amount, unit, day, booked_at, corrects) "
)

BREAKS = {
    "amounts are whole numbers": ("ALTER TABLE contract_days ALTER charge_micros TYPE numeric",),
    "two accounts and an amount above zero": (
        "ALTER TABLE ledger_postings DROP CONSTRAINT ledger_postings_amount_check",
        UNGUARDED.format("ledger_bookings"),
        "UPDATE ledger_bookings SET amount = -amount WHERE purpose = 4",
    ),
    "unchanged since it was sealed": (
        UNGUARDED.format("charge_postings"),
        "UPDATE charge_postings SET booked_at = booked_at + interval '1 second'",
    ),
    "guarded against change": (UNGUARDED.format("charge_postings"),),
    "every correction names": (
        FALSE_POSTING
        + "SELECT shard, gen_random_uuid(), 6, source_kind, source_id, destination_kind, destination_id,"
        " 1, unit, day, booked_at, gen_random_uuid() FROM charge_postings LIMIT 1",
    ),
    "takes back no more": (
        FALSE_POSTING
        + "SELECT shard, gen_random_uuid(), 5, 4, destination_id, 3, source_id, amount + 1, unit, day,"
        " booked_at, reference FROM charge_postings LIMIT 1",
    ),
    "stored balance": ("UPDATE ledger_balances SET amount = amount + 1",),
    "job's budget row": ("UPDATE job_budgets SET spent_micros = spent_micros + 1 WHERE released_micros = 0",),
    "daily charge is the sum": ("UPDATE job_days SET charge_micros = charge_micros + 1",),
    "what every job spent": ("UPDATE job_budgets SET credited_micros = credited_micros + 1",),
    "every month that reports read": ("UPDATE job_months SET figures = figures || figures",),
    "what a budget report reads": ("UPDATE contract_days SET charge_micros = charge_micros + 1",),
    "charged clicks at the job's price": ("UPDATE job_days SET clicks_charged = clicks_charged - 1",),
    "daily count": ("UPDATE job_days SET views = views + 1",),
    "settlement marked is reversed": (
        (
            "INSERT INTO event_reversals (shard, event_key, job_id, batch, rule, charge, amount_micros)"
            " SELECT shard, event_key, job_id, batch, 4, NULL, 0 FROM events WHERE kind = 1 LIMIT 1"
        ),
    ),
    "no event is stored twice": (
        "ALTER TABLE events DROP CONSTRAINT events_pkey",
        (
            "INSERT INTO events (shard, event_key, job_id, kind, verdict, visitor, address, batch)"
            " SELECT shard, event_key, job_id, kind, verdict, visitor, address, batch FROM events"
            " ORDER BY event_key DESC LIMIT 1"  # a settled day takes no event
        ),
    ),
    "as many counted clicks": ("UPDATE events SET verdict = 6 WHERE kind = 1",),
    "more than its total budget": (
        FALSE_POSTING
        + "SELECT shard, gen_random_uuid(), 3, source_kind, source_id, destination_kind, destination_id,"
        " 100000000, unit, day, booked_at, NULL FROM charge_postings LIMIT 1",
    ),
    "limit is what it was funded with": ("UPDATE partner_contracts SET limit_micros = limit_micros + 1",),
    "available, reserved in jobs and earned": (
        "UPDATE job_budgets SET released_micros = released_micros - 1 WHERE released_micros > 0",
    ),
    "on a day after it was settled": (
        (
            "UPDATE settled_days SET settled_at = booked_at - interval '1 hour'"
            " FROM charge_postings WHERE charge_postings.day = settled_days.day"
        ),
    ),
    "in its contract's currency": (
        UNGUARDED.format("charge_postings"),
        "UPDATE charge_postings SET unit = 'USD'",
    ),
    "job's budget is in its contract's currency": ("UPDATE job_budgets SET currency = 'USD'",),
    "kept in one unit": (
        FALSE_POSTING
        + "VALUES (7, gen_random_uuid(), 1, 1, 77, 7, 77, 5, 'CREDIT', '2026-03-02', '2026-03-02', NULL),"
        " (7, gen_random_uuid(), 1, 1, 77, 7, 77, 5, 'SLOT', '2026-03-02', '2026-03-02', NULL)",
    ),
}


@pytest.mark.parametrize("law", BREAKS)
async def test_a_breach_is_reported(played_url: str, law: str) -> None:
    try:
        broken = await find_broken(played_url, *BREAKS[law])
    except (psycopg.errors.UndefinedObject, psycopg.errors.FeatureNotSupported) as error:
        if not CITUS_URL:
            raise
        pytest.skip(f"nodes refuse what would break it: {error.diag.message_primary}")
    assert any(law in title for title in broken), broken


@pytest.mark.slow
async def test_what_looks_broken_while_others_write_all_the_time_is_undecided(played_url: str) -> None:
    """On nodes, which are seen one after another; here a writer never ends, and each look waits for it."""
    async with Database.opened(played_url, connections_max=2) as database:
        async with database.connection() as writer, writer.transaction(force_rollback=True):
            await writer.execute("UPDATE job_budgets SET credited_micros = credited_micros")
            async with database.connection() as connection, connection.transaction(force_rollback=True):
                await connection.execute("UPDATE ledger_balances SET amount = amount + 1")
                found = await check_laws(connection, is_distributed=True)
        assert [one for one in found if one.breaches] == []
        undecided = [one for one in found if one.is_undecided]
        assert any("stored balance" in one.law and one.example for one in undecided)
        shown = describe_checks(Checked(tuple(found), None))["laws"]
        assert sum(one["undecided"] for one in shown) == len(undecided)
        async with database.connection() as connection, connection.transaction(force_rollback=True):
            await connection.execute("UPDATE ledger_balances SET amount = amount + 1")
            found = await check_laws(connection, is_distributed=True)
        assert any("stored balance" in one.law for one in found if one.breaches and not one.is_undecided)


def test_undecided_laws_are_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    seen = LawCheck(law="9: a law", checked=4, breaches=0, example="job 7", is_undecided=True)
    assert not Checked((seen,), None).is_proof(())
    print_checks(Checked((seen,), None))
    shown = capsys.readouterr().out
    assert "UNDECIDED: 1 of 1" in shown
    assert "job 7" in shown
    assert "All laws hold" not in shown


@pytest.mark.parametrize("views", [0, 9])
async def test_changed_figures_of_a_settled_day_are_reported(played_url: str, views: int) -> None:
    broken = await find_broken(
        played_url, f"UPDATE job_days SET views = {views} WHERE day = '{day_of(START)}'"
    )
    assert {law.partition(" ")[0] for law in broken} == {"4:", "5:"}
