"""The chain over postings: what is known, what is sealed, and that a changed posting is reported."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from jobmeter.database.pool import Database
from jobmeter.ledger.chain import flow as chain
from jobmeter.ledger.chain.model import ChainCheck
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, open_scenario

LATER = START + timedelta(hours=1)
UNGUARD = "ALTER TABLE charge_postings DISABLE TRIGGER postings_stand"


async def advance(database: Database) -> int:
    """Records the last number and finds it known, unless another transaction is open."""
    for _ in range(2):
        async with database.transaction() as connection:
            await chain.advance_horizon(connection)
    async with database.connection() as connection:
        return await chain.read_known_until(connection)


async def advance_to_last(scenario: Scenario) -> int:
    """One that is just ending holds it, also one of another database."""
    for _ in range(500):
        if await advance(scenario.database) == await last_number(scenario):
            return await last_number(scenario)
        await asyncio.sleep(0.02)
    raise AssertionError("the last posting never became known")


async def seal(database: Database, now=LATER) -> bool:
    async with database.transaction() as connection:
        return await chain.seal_next_round(connection, now=now)


async def verify(database: Database) -> ChainCheck:
    async with database.connection() as connection:
        return await chain.verify_chain(connection)


async def charge_some(scenario: Scenario, name: str = "job") -> int:
    job_id = await scenario.post(name, budget_micros=20 * PRICE_MICROS)
    await scenario.ingest(make_clicks(job_id, 3), LATER)
    await scenario.ingest(make_clicks(job_id, 2, START + timedelta(minutes=1), prefix="more"), LATER)
    return job_id


async def last_number(scenario: Scenario) -> int:
    ((number,),) = await scenario.rows("SELECT last_value FROM ledger_numbers")
    return number


async def test_an_uncommitted_posting_holds_the_horizon_but_not_intake(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        other = await Database.open(database_url, connections_max=1)
        # given a charge with a number, not committed yet, and one with a higher number that is
        async with open_charge(database_url, job_id) as commit:
            before = await last_number(scenario)
            other_job = await scenario.post("other", budget_micros=20 * PRICE_MICROS)
            await scenario.ingest(make_clicks(other_job, 1), LATER)
            assert await last_number(scenario) > before

            # then nothing at or above the open one is known, however often the horizon is advanced
            assert await advance(other) < before
            assert await advance(other) < before
            await commit()

        # and once it is committed, all are
        assert await advance_to_last(scenario) == await last_number(scenario)
        await other.close()


async def test_an_open_transaction_of_another_database_holds_no_horizon(database_url: str) -> None:
    """One that another program of the same server left open for an hour kept bills waiting for as long."""
    async with open_scenario(database_url) as scenario:
        elsewhere = await psycopg.AsyncConnection.connect(make_conninfo(database_url, dbname="postgres"))
        async with elsewhere:
            await elsewhere.execute("SELECT pg_current_xact_id()")
            await charge_some(scenario)
            assert await advance_to_last(scenario) == await last_number(scenario)
            await elsewhere.rollback()


# In place of Citus: what the nodes have prepared, one that is new each time that they are asked.
NODES = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char", repmodel "char");
CREATE TABLE prepared (node text, gid text, answers boolean);
CREATE SEQUENCE newer;
CREATE FUNCTION run_command_on_workers(asked text)
    RETURNS TABLE (nodename text, success boolean, result text) LANGUAGE sql AS $$
    SELECT node, bool_and(answers), string_agg(gid, chr(10)) FROM prepared GROUP BY node
     UNION ALL
    SELECT 'other', true, 'citus_0_1_' || nextval('newer')
     UNION ALL
    SELECT 'third', true, ''
$$
"""


@pytest.mark.parametrize(("gid", "answers"), [("citus_0_7_7_0", True), ("", False)])
async def test_a_posting_that_a_node_has_not_committed_holds_the_horizon(
    database_url: str, gid: str, answers: bool
) -> None:
    async with open_scenario(database_url) as scenario:
        await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        before = await advance_to_last(scenario)
        await scenario.execute(NODES, f"INSERT INTO prepared VALUES ('one', '{gid}', {answers})")
        await scenario.post("other", budget_micros=20 * PRICE_MICROS)
        assert await last_number(scenario) > before
        for _ in range(2):
            assert await advance(scenario.database) == before
        await scenario.execute("DELETE FROM prepared")
        # What the other node prepares all the time is newer.
        assert await advance_to_last(scenario) > before


@asynccontextmanager
async def open_charge(database_url: str, job_id: int):
    """Writes a posting in a separate transaction, which the caller ends."""
    connection = await psycopg.AsyncConnection.connect(database_url)
    async with connection:
        await connection.execute(
            "INSERT INTO ledger_postings (shard, reference, purpose, source_kind, source_id, destination_kind,"
            " destination_id, amount, unit, day, booked_at)"
            " VALUES (%s, gen_random_uuid(), 7, 7, 1, 8, 1, 1, 'CREDIT', '2026-03-02', '2026-03-02')",
            [job_id % 256],
        )
        yield connection.commit


async def test_all_known_postings_are_sealed_once(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await charge_some(scenario)
        await advance_to_last(scenario)
        await seal(scenario.database, START + timedelta(minutes=10))
        found = await verify(scenario.database)
        ((postings,),) = await scenario.rows("SELECT count(*) FROM ledger_postings")
        assert (found.checked, found.breaches) == (postings, 0)

        # when nothing is new, or less than a minute has passed, there is no round
        assert not await seal(scenario.database, START + timedelta(minutes=20))
        await charge_some(scenario, "second")
        await advance_to_last(scenario)
        ((sealed_at,),) = await scenario.rows(
            "SELECT sealed_at FROM ledger_seal_rounds ORDER BY round DESC LIMIT 1"
        )
        assert not await seal(scenario.database, sealed_at + timedelta(seconds=59))
        assert await seal(scenario.database, sealed_at + timedelta(seconds=60))
        assert (await verify(scenario.database)).breaches == 0


TAMPERINGS = {
    "an amount": (UNGUARD, "UPDATE charge_postings SET amount = amount + 1 WHERE number = {charge}"),
    "a time": (
        UNGUARD,
        "UPDATE charge_postings SET booked_at = booked_at - interval '1 microsecond' WHERE number = {charge}",
    ),
    "a posting is missing": (UNGUARD, "DELETE FROM charge_postings WHERE number = {charge}"),
    "a posting is added": (
        (
            "INSERT INTO charge_postings (shard, reference, purpose, source_kind, source_id, destination_kind,"
            " destination_id, amount, unit, day, booked_at, cause, number)"
            " SELECT shard, gen_random_uuid(), purpose, source_kind, source_id, destination_kind, destination_id, amount,"
            " unit, day, booked_at, -cause, number FROM charge_postings WHERE number = {charge}"
        ),
    ),
    "a seal": (
        "ALTER TABLE ledger_seals DISABLE TRIGGER seals_stand",
        "UPDATE ledger_seals SET digest = sha256(digest) WHERE round = 1",
    ),
    "a seal is missing": (
        "ALTER TABLE ledger_seals DISABLE TRIGGER seals_stand",
        "DELETE FROM ledger_seals WHERE round = 1",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_tampering_is_reported(database_url: str, tampering: str) -> None:
    async with open_scenario(database_url) as scenario:
        await charge_some(scenario)
        await advance_to_last(scenario)
        await seal(scenario.database, START + timedelta(hours=2))
        assert (await verify(scenario.database)).breaches == 0
        ((charge,),) = await scenario.rows("SELECT min(number) FROM charge_postings")

        await scenario.execute(*(statement.format(charge=charge) for statement in TAMPERINGS[tampering]))

        found = await verify(scenario.database)
        assert found.breaches >= 1
        assert found.example is not None
        assert "is not as it was sealed" in found.example


async def test_seals_cannot_be_changed_by_accident(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await charge_some(scenario)
        await advance_to_last(scenario)
        await seal(scenario.database, START + timedelta(hours=2))
        with pytest.raises(psycopg.errors.RaiseException):
            await scenario.execute("UPDATE ledger_seals SET postings = postings + 1")


async def test_a_database_restored_from_a_dump_continues(database_url: str) -> None:
    """Such a database counts transactions from the start: the transaction that was waited for may never come."""

    async with open_scenario(database_url) as scenario:
        await charge_some(scenario)
        last = await last_number(scenario)
        await scenario.execute(
            "DELETE FROM ledger_horizon",
            "INSERT INTO ledger_horizon (known_until, next_until, next_transaction)"
            f" VALUES (0, {last}, {2**60})",
        )
        assert await advance(scenario.database) == last
