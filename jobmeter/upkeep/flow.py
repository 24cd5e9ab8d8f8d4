"""Owns the verbs of upkeep: save when chores ran, and list it."""

from jobmeter.database.connection import Connection
from jobmeter.upkeep import store
from jobmeter.upkeep.model import ChoreRun


async def save_runs(connection: Connection, runs: list[ChoreRun]) -> None:
    """Keeps the latest times of each chore, whichever process ran it."""
    await store.save_runs(connection, runs)


async def list_runs(connection: Connection) -> list[ChoreRun]:
    """Returns the chores that ran, by name."""
    return await store.list_runs(connection)
