"""Owns the statements of the operator's overview, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind
from jobmeter.reports.cockpit.model import PartnerBudget, PartnerRow

SQL = load_statements("jobmeter.reports.cockpit", enums=(AccountKind,))


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
