"""``/operator/billing/runs``: bill a month now, and see how far it is billed."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.billing.runs import flow as runs
from jobmeter.billing.runs.model import MonthRun, MonthSum
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import IDS_MAX, read_query_id, read_query_month
from jobmeter.http.responses import json_response
from jobmeter.http.schemas import Month, OperatorBody


class BillingRunBody(OperatorBody):
    """``month``, such as 2026-11, and the months before it are billed, of one account or of all."""

    month: Month
    account: Annotated[int, Field(gt=0, le=IDS_MAX)] | None = None


async def run_billing(context: RequestContext, body: BillingRunBody) -> Response:
    """Bills what is due until the month, some accounts with each request: repeat it while ``hasMore`` is true.

    The worker bills by itself as soon as a month is final. A repeated run changes nothing.
    """
    async with context.app.database.transaction() as connection:
        step = await runs.run_step(
            connection,
            month=body.month,
            account_id=body.account,
            final_after_days=context.app.settings.final_after_days,
            record=context.record,
            now=context.now,
        )
    content = _serialize(step.run, body.month, body.account)
    return json_response(content | {"billedNow": step.billed_now, "hasMore": step.has_more}, status=202)


async def show_run(context: RequestContext) -> Response:
    """How far ``month`` is billed, which accounts are held, with the reason, and what its invoices ask for (``sums``)."""
    month = read_query_month(context.request)
    if month is None:
        raise Refused(Fault.PARAMETER_REQUIRED, name="month")
    async with context.app.database.connection() as connection:
        account_id = read_query_id(context.request, "account")
        run = await runs.read_run(connection, month=month, account_id=account_id, now=context.now)
        sums = await runs.sum_month(connection, month=month) if account_id is None else []
    return json_response(_serialize(run, month, account_id) | {"sums": [_serialize_sum(one) for one in sums]})


def _serialize(run: MonthRun, month: date, account_id: int | None) -> dict[str, Any]:
    progress = run.progress
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
            for hold in run.held
        ],
    }


def _serialize_sum(one: MonthSum) -> dict[str, Any]:
    def amount(micros: int) -> str:
        return format_amount(micros, one.currency)

    return {
        "currencyCode": one.currency,
        "invoices": one.invoices,
        "total": amount(one.total_micros),
        "credited": amount(one.credited_micros),
        "paid": amount(one.paid_micros),
        "open": amount(one.open_micros),
    }
