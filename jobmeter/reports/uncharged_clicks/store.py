"""Owns the statement of clicks that were not charged. Does not own when it runs."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.reports.uncharged_clicks.model import NotCharged

SQL = load_statements("jobmeter.reports.uncharged_clicks")


async def list_not_charged(
    connection: Connection,
    *,
    application_id: int,
    contract_ids: list[int],
    external_id: str | None,
    first: date,
    last: date,
    after_job: int,
    after_day: date,
    rows_max: int,
) -> list[NotCharged]:
    rows = await (await connection.execute(SQL["list_not_charged"], locals())).fetchall()
    return [NotCharged(*row) for row in rows]
