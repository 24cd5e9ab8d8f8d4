"""Runs the statements of the list of changed jobs."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.job_changes")


async def enqueue_job_changes(connection: Connection, *, job_ids: list[int]) -> None:
    await connection.execute(SQL["enqueue_job_changes"], locals())


async def claim_job_changes(connection: Connection, *, rows_max: int) -> list[int]:
    rows = await (await connection.execute(SQL["claim_job_changes"], locals())).fetchall()
    return [row[0] for row in rows]
