"""Runs the statements of the list of changed jobs."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_scalars
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.job_changes")


async def enqueue_job_changes(connection: Connection, *, job_ids: list[int]) -> None:
    await connection.execute(SQL["enqueue_job_changes"], {"job_ids": job_ids})


async def claim_job_changes(connection: Connection, *, rows_max: int) -> list[int]:
    return await list_scalars(connection, int, SQL["claim_job_changes"], {"rows_max": rows_max})
