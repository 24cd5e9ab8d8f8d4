"""Runs the statements of job slots."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.jobs.slots")


async def find_slot_holder(connection: Connection, *, shard: int, job_id: int) -> tuple[int, int] | None:
    """The hiring contract and the number of the run, of a job that has them."""
    row = await (await connection.execute(SQL["find_slot_holder"], locals())).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))
