"""Owns what billing reports to the operator's log: accounts that are not billed, reminders of overdue invoices."""

import logging
from datetime import datetime

from jobmeter.base.lists import list_rising_days
from jobmeter.base.settings import Settings
from jobmeter.billing.invoices import flow as invoices
from jobmeter.billing.payments import flow as payments
from jobmeter.database.connection import Connection

log = logging.getLogger("jobmeter.worker")


async def send_reminders(connection: Connection, *, settings: Settings, rows_max: int, now: datetime) -> int:
    """Sends up to ``rows_max`` reminders that are due; returns how many. The last one of an invoice is a warning."""
    days = list_rising_days(settings.reminder_days)
    reminded = await payments.remind_overdue(connection, reminder_days=days, rows_max=rows_max, now=now)
    for document, reminder in reminded:
        level = logging.WARNING if reminder.level == len(days) else logging.INFO
        log.log(level, "invoice %s is overdue: reminder %s was sent", document.number, reminder.level)
    return len(reminded)


async def record_held(connection: Connection, *, settings: Settings, rows_max: int, now: datetime) -> int:
    """Records up to ``rows_max`` accounts that became held, each once for each reason; returns how many."""
    held = await invoices.record_held(
        connection, final_after_days=settings.final_after_days, rows_max=rows_max, now=now
    )
    for hold in held:
        log.warning(
            "account %s is not billed for %s: %s", hold.account_id, f"{hold.month:%Y-%m}", hold.reason
        )
    return len(held)
