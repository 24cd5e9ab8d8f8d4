"""Owns waiting until a transaction waits for the lock of another, on one server or on a cluster."""

import asyncio

from jobmeter.database.pool import Database
from tests.support.databases.citus import CITUS_URL

WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pg_blocking_pids(pid) <> '{}'"
if CITUS_URL:  # there the lock of a row is on its node
    WAITS += " UNION ALL SELECT 1 FROM citus_lock_waits"
LOOKS_MAX, LOOK_SECONDS = 1_000, 0.01


async def until_someone_waits(database: Database) -> None:
    """Returns once a statement waits for a lock of another."""
    async with database.connection() as connection:
        for _ in range(LOOKS_MAX):
            if await (await connection.execute(WAITS)).fetchall():
                return
            await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError("nobody waits")
