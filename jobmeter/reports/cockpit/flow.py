"""Owns the reads of the operator's overview."""

from datetime import datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.database.connection import Connection
from jobmeter.reports.cockpit import rules, store
from jobmeter.reports.cockpit.model import PartnerFigures

SPENT_DAYS = 30


async def list_partner_figures(
    connection: Connection, *, partner_ids: list[int], now: datetime
) -> list[PartnerFigures]:
    """Returns how each of these partners is doing."""
    today = day_of(now)
    rows = await store.list_partner_rows(connection, partner_ids=partner_ids, today=today)
    budgets = await store.list_partner_budgets(
        connection, partner_ids=partner_ids, first=today - timedelta(days=SPENT_DAYS), now=now
    )
    return [rules.make_figures(row, budgets) for row in rows]
