"""Owns the statements of previews of prices. Does not own when they run."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_row
from jobmeter.database.statements import load_statements
from jobmeter.reports.price_previews.model import PostedJob

SQL = load_statements("jobmeter.reports.price_previews")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSum:
    uses: int
    paid_micros: int


async def sum_uses(connection: Connection, *, contract_id: int, since: datetime) -> UsedSum:
    return await read_row(connection, UsedSum, SQL["sum_uses"], {"contract_id": contract_id, "since": since})


async def list_posted_jobs(
    connection: Connection, *, contract_id: int, since_ms: int, rows_max: int
) -> list[PostedJob]:
    parameters = {"contract_id": contract_id, "since_ms": since_ms, "rows_max": rows_max}
    return await list_rows(connection, PostedJob, SQL["list_posted_jobs"], parameters)
