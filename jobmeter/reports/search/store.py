"""Owns the statements of a search, one function each. Does not own when they run."""

from typing import NamedTuple

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, list_rows
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.reports.search")


class FoundJob(NamedTuple):
    job_id: int
    title: str
    partner_id: int


class FoundInvoice(NamedTuple):
    document_id: int
    number: str
    partner_id: int


async def find_job(connection: Connection, *, job_id: int) -> FoundJob | None:
    return await find_row(connection, FoundJob, SQL["find_job"], {"job_id": job_id})


async def find_invoices(connection: Connection, *, number: str, rows_max: int) -> list[FoundInvoice]:
    return await list_rows(
        connection, FoundInvoice, SQL["find_invoices"], {"number": number, "rows_max": rows_max}
    )
