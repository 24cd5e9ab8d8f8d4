"""Owns the reminders of overdue invoices as background work: on which days, and what the operator's log says."""

import logging
from datetime import datetime

from jobmeter.base.lists import list_rising_days
from jobmeter.base.settings import Settings
from jobmeter.billing.payments import flow as payments
from jobmeter.database.connection import Connection

log = logging.getLogger("jobmeter.worker")


async def send_reminders(
    connection: Connection, *, settings: Settings, rows_max: int, now: datetime
) -> int:
    """Sends up to ``rows_max`` reminders that are due; returns how many. The last one of an invoice is a warning."""
    days = list_rising_days(settings.reminder_days)
    reminded = await payments.remind_overdue(connection, reminder_days=days, rows_max=rows_max, now=now)
    for document, reminder in reminded:
        level = logging.WARNING if reminder.level == len(days) else logging.INFO
        log.log(level, "invoice %s is overdue: reminder %s was sent", document.number, reminder.level)
    return len(reminded)
