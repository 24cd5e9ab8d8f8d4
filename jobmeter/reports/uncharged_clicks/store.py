"""Owns the statement of clicks that were not charged. Does not own when it runs."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.reports.uncharged_clicks.model import NotCharged, NotChargedPage

SQL = load_statements("jobmeter.reports.uncharged_clicks")


async def list_not_charged(connection: Connection, page: NotChargedPage) -> list[NotCharged]:
    return await list_rows(connection, NotCharged, SQL["list_not_charged"], vars_of(page))
