"""Owns the statements of upkeep, one function each. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import arrays_of, load_statements
from jobmeter.upkeep.model import ChoreRun

SQL = load_statements("jobmeter.upkeep")


async def save_runs(connection: Connection, runs: list[ChoreRun]) -> None:
    await connection.execute(SQL["save_runs"], arrays_of(ChoreRun, runs))


async def list_runs(connection: Connection) -> list[ChoreRun]:
    return await list_rows(connection, ChoreRun, SQL["list_runs"])
