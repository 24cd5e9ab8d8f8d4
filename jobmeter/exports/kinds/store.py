"""Owns the statements of exports, one function each. Does not own when they run.

Events are read with a plan made for the given days: a generic plan reads every partition.
"""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, list_scalars
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.exports.kinds.model import (
    ChargedDay,
    ChargedDaysPage,
    ChargesPage,
    CorrectionsPage,
    EventsPage,
    ExportedCharge,
    ExportedCorrection,
    ExportedEvent,
)
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.exports.kinds", enums=(AccountKind, Purpose))


async def find_jobs(
    connection: Connection, *, shards: list[int], application_ids: list[int], external_ids: list[str]
) -> list[int]:
    """``shards`` are those of the applications."""
    parameters = {"shards": shards, "application_ids": application_ids, "external_ids": external_ids}
    return await list_scalars(connection, int, SQL["find_jobs"], parameters)


async def list_final_days(
    connection: Connection, *, first: date, last: date, as_of: datetime | None
) -> list[date]:
    values = {"first": first, "last": last, "as_of": as_of}
    return await list_scalars(connection, date, SQL["list_final_days"], values)


async def list_charged_days(connection: Connection, page: ChargedDaysPage) -> list[ChargedDay]:
    return await list_rows(connection, ChargedDay, SQL["list_charged_days"], vars_of(page))


async def list_charges(connection: Connection, page: ChargesPage) -> list[ExportedCharge]:
    return await list_rows(connection, ExportedCharge, SQL["list_charges"], vars_of(page))


async def list_corrections(connection: Connection, page: CorrectionsPage) -> list[ExportedCorrection]:
    return await list_rows(connection, ExportedCorrection, SQL["list_corrections"], vars_of(page))


async def list_events(connection: Connection, page: EventsPage) -> list[ExportedEvent]:
    return await list_rows(connection, ExportedEvent, SQL["list_events"], vars_of(page), prepare=False)
