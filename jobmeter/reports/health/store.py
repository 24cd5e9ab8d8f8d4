"""Owns the statements of health, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_row
from jobmeter.database.statements import load_statements
from jobmeter.reports.health.model import DatabaseState, Progress, QueueLength

SQL = load_statements("jobmeter.reports.health")


async def read_database(connection: Connection) -> DatabaseState:
    return await read_row(connection, DatabaseState, SQL["read_database"])


async def read_progress(connection: Connection, *, last_day_due: date) -> Progress:
    return await read_row(connection, Progress, SQL["read_progress"], {"last_day_due": last_day_due})


async def list_queues(connection: Connection, *, now: datetime) -> list[QueueLength]:
    return await list_rows(connection, QueueLength, SQL["list_queues"], {"now": now})
