"""Owns the statements of runs. Does not own when they run."""

from datetime import date

from jobmeter.billing.runs.model import MonthSum
from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.billing.runs")


async def sum_month(connection: Connection, *, month: date) -> list[MonthSum]:
    return await list_rows(connection, MonthSum, SQL["sum_month"], {"month": month})
