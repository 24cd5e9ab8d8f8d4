"""Owns the statements of the operator's overview, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import NamedTuple

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar, list_rows, read_row
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind
from jobmeter.reports.cockpit.model import PartnerBudget, PartnerRow, Queues

SQL = load_statements("jobmeter.reports.cockpit", enums=(AccountKind,))


class DayFigures(NamedTuple):
    views: int
    clicks: int


async def list_partner_rows(
    connection: Connection, *, partner_ids: list[int], today: date
) -> list[PartnerRow]:
    parameters = {"partner_ids": partner_ids, "today": today}
    return await list_rows(connection, PartnerRow, SQL["list_partner_rows"], parameters)


async def list_partner_budgets(
    connection: Connection, *, partner_ids: list[int], first: date, now: datetime
) -> list[PartnerBudget]:
    parameters = {"partner_ids": partner_ids, "first": first, "now": now}
    return await list_rows(connection, PartnerBudget, SQL["list_partner_budgets"], parameters)


async def read_figures_of_day(connection: Connection, *, day: date) -> DayFigures:
    return await read_row(connection, DayFigures, SQL["read_figures_of_day"], {"day": day})


async def read_newest_event(connection: Connection, *, day: date) -> int | None:
    """Returns the time of the last event of a day in milliseconds; ``None`` without events."""
    return await find_scalar(connection, int, SQL["read_newest_event"], {"day": day})


async def read_queues(connection: Connection) -> Queues:
    return await read_row(connection, Queues, SQL["read_queues"])
