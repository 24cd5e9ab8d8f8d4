"""``/operator/billing/runs``: bill a month now, and see how far it is billed."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.invoices import flow as invoices
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import IDS_MAX, read_query_id, read_query_month
from jobmeter.http.responses import json_response
from jobmeter.http.schemas import Month, OperatorBody

ACCOUNTS_MAX = 25  # of one request, which is one transaction
HELD_SHOWN_MAX = 100


class BillingRunBody(OperatorBody):
    """``month``, such as 2026-11, and the months before it are billed, of one account or of all."""

    month: Month
    account: Annotated[int, Field(gt=0, le=IDS_MAX)] | None = None


async def run_billing(context: RequestContext, body: BillingRunBody) -> Response:
    """Bills what is due until the month, some accounts with each request: repeat it while ``hasMore`` is true.

    The worker bills by itself as soon as a month is final. A repeated run changes nothing.
    """
    final_after_days = context.app.settings.final_after_days
    invoices.check_final(body.month, final_after_days=final_after_days, now=context.now)
    async with context.app.database.transaction() as connection:
        account = None
        if body.account is not None:
            account = await accounts.find_account(connection, account_id=body.account)
        await invoices.release_dropped(connection, account_id=body.account, month=body.month)
        step = await invoices.bill_next(
            connection,
            final_after_days=final_after_days,
            accounts_max=ACCOUNTS_MAX,
            now=context.now,
            account_id=body.account,
            until_month=body.month,
        )
        progress = await _describe(connection, context, body.month, body.account)
        if step is not None:
            partner_id = None if account is None else account.partner_id
            after = {"month": f"{body.month:%Y-%m}", "account": body.account, "billed": step.accounts}
            await context.record(
                connection, Action.BILLING_RUN, f"{body.month:%Y-%m}", partner_id=partner_id, after=after
            )
        has_more = step is not None or await invoices.is_waiting(
            connection,
            final_after_days=final_after_days,
            now=context.now,
            account_id=body.account,
            until_month=body.month,
        )
    billed = 0 if step is None else step.accounts
    return json_response(progress | {"billedNow": billed, "hasMore": has_more}, status=202)


async def show_run(context: RequestContext) -> Response:
    """How far ``month`` is billed, and which accounts are held, with the reason."""
    month = read_query_month(context.request)
    if month is None:
        raise Refused(Fault.PARAMETER_REQUIRED, name="month")
    async with context.app.database.connection() as connection:
        account_id = read_query_id(context.request, "account")
        return json_response(await _describe(connection, context, month, account_id))


async def _describe(
    connection: Connection, context: RequestContext, month: date, account_id: int | None
) -> dict[str, Any]:
    progress = await invoices.read_progress(connection, account_id=account_id, month=month)
    held = await invoices.list_held(
        connection, account_id=account_id, until_month=month, now=context.now, rows_max=HELD_SHOWN_MAX
    )
    return {
        "month": f"{month:%Y-%m}",
        "account": account_id,
        "accounts": progress.accounts,
        "billed": progress.billed,
        "remaining": progress.accounts - progress.billed,
        "invoices": progress.invoices,
        "creditNotes": progress.credit_notes,
        "statements": progress.statements,
        "drafts": progress.drafts,
        "held": [
            {"account": hold.account_id, "month": f"{hold.month:%Y-%m}", "reason": hold.reason}
            for hold in held
        ],
    }
