"""Owns the reads of the operator's overview."""

from datetime import datetime, timedelta

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_of
from jobmeter.database.connection import Connection
from jobmeter.reports.cockpit import rules, store
from jobmeter.reports.cockpit.model import Activity, PartnerFigures

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


async def read_activity(connection: Connection, *, now: datetime) -> Activity:
    """Returns what the installation is doing. Views and clicks are those that reports count, of the UTC day so far."""
    today = day_of(now)
    figures = await store.read_figures_of_day(connection, day=today)
    newest_ms = await store.read_newest_event(connection, day=today)
    return Activity(
        views=figures.views,
        clicks=figures.clicks,
        newest_event_at=None if newest_ms is None else from_ms(newest_ms),
        queues=await store.read_queues(connection),
    )
