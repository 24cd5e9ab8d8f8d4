"""On nodes a check sees each at a moment of its own: what seems broken is checked again while nobody writes."""

import asyncio

from jobmeter.database.rows import read_scalar
from jobmeter.integrity.flow import check_laws

LAW = "4: every stored balance is the sum of its postings, and none is negative"
BREAK = "INSERT INTO ledger_balances (shard, kind, owner_id, unit, amount) VALUES (1, 2, 5, 'USD', 7)"
CORRECT = "DELETE FROM ledger_balances WHERE shard = 1 AND owner_id = 5"
OWN_LOCKS = "FROM pg_locks WHERE mode = 'ShareLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
IS_WAITING = f"SELECT count(*) > 0 {OWN_LOCKS} AND NOT granted"
HELD = f"SELECT count(*) {OWN_LOCKS} AND granted"


async def list_broken(database):
    async with database.transaction() as connection:
        found = await check_laws(connection, is_distributed=True)
    return [one.law for one in found if one.breaches]


async def test_what_is_broken_stays_broken(database):
    async with database.transaction() as connection:
        await connection.execute(BREAK)
    assert LAW in await list_broken(database)


async def test_what_a_writer_was_about_to_complete_is_no_breach(database):
    async with database.transaction() as connection:
        await connection.execute(BREAK)
    async with database.transaction() as writer:
        await writer.execute(CORRECT)
        checking = asyncio.create_task(list_broken(database))
        async with database.connection() as watcher:
            while not await read_scalar(watcher, bool, IS_WAITING):
                await asyncio.sleep(0.01)
                assert not checking.done()
    assert LAW not in await checking


async def test_writers_continue_after_the_check(database):
    await list_broken(database)
    async with database.connection() as connection:
        held = await read_scalar(connection, int, HELD)
    assert held == 0
