"""Owns the verbs of runs: bill a month step by step, as somebody asks for; read how far it is billed and paid.

Does not own how a month is billed (``invoices``).
"""

from datetime import date, datetime

from jobmeter.audit.flow import Recorder
from jobmeter.audit.model import Action
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.invoices import flow as invoices
from jobmeter.billing.runs import store
from jobmeter.billing.runs.model import MonthRun, MonthSum, RunStep
from jobmeter.database.connection import Connection

ACCOUNTS_MAX = 25  # of one request, which is one transaction
HELD_SHOWN_MAX = 100


async def run_step(
    connection: Connection,
    *,
    month: date,
    account_id: int | None,
    final_after_days: int,
    record: Recorder,
    now: datetime,
) -> RunStep:
    """Bills what is due until the month, of one account or some accounts of all. A repeated run changes nothing.

    Raises ``Refused``: MONTH_NOT_FINAL, OPERATOR_UNKNOWN.
    """
    invoices.check_final(month, final_after_days=final_after_days, now=now)
    account = None
    if account_id is not None:
        account = await accounts.find_account(connection, account_id=account_id)
    await invoices.release_dropped(connection, account_id=account_id, month=month)
    step = await invoices.bill_next(
        connection,
        final_after_days=final_after_days,
        accounts_max=ACCOUNTS_MAX,
        now=now,
        account_id=account_id,
        until_month=month,
    )
    run = await read_run(connection, month=month, account_id=account_id, now=now)
    if step is not None:
        partner_id = None if account is None else account.partner_id
        after = {"month": f"{month:%Y-%m}", "account": account_id, "billed": step.accounts}
        await record(connection, Action.BILLING_RUN, f"{month:%Y-%m}", partner_id=partner_id, after=after)
    has_more = step is not None or await invoices.is_waiting(
        connection, final_after_days=final_after_days, now=now, account_id=account_id, until_month=month
    )
    return RunStep(run=run, billed_now=0 if step is None else step.accounts, has_more=has_more)


async def read_run(connection: Connection, *, month: date, account_id: int | None, now: datetime) -> MonthRun:
    progress = await invoices.read_progress(connection, account_id=account_id, month=month)
    held = await invoices.list_held(
        connection, account_id=account_id, until_month=month, now=now, rows_max=HELD_SHOWN_MAX
    )
    return MonthRun(progress=progress, held=tuple(held))


async def sum_month(connection: Connection, *, month: date) -> list[MonthSum]:
    """Returns what the invoices of a month ask for, and what was credited and paid of it, by currency."""
    return await store.sum_month(connection, month=month)
