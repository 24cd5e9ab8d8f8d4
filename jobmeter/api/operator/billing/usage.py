"""``GET /operator/billing/accounts/{id}/usage``: what an account's contracts used in a month, and the forecast."""

from typing import Any

from starlette.responses import Response

from jobmeter.base.days import month_of
from jobmeter.base.money import format_amount
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.usage import flow as usage
from jobmeter.billing.usage.model import Amount, Usage, UsageKind, UsageReport
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_path_id, read_query_month
from jobmeter.http.responses import json_response


async def show_usage(context: RequestContext) -> Response:
    """Of the current month, or of ``month`` within the last year."""
    account_id = read_path_id(context.request, "account_id", what="billing account")
    month = read_query_month(context.request) or month_of(context.now)
    async with context.app.database.connection() as connection:
        account = await accounts.find_account(connection, account_id=account_id)
        report = await usage.report_usage(
            connection,
            partner_id=account.partner_id,
            account_id=account.id,
            month=month,
            now=context.now,
        )
    return json_response({"account": account.id} | serialize_report(report))


def serialize_report(report: UsageReport) -> dict[str, Any]:
    """``finalThrough`` is the last day whose clicks are final; used credits are final at once."""
    span = report.span
    return {
        "month": f"{span.month:%Y-%m}",
        "finalThrough": span.final_through.isoformat(),
        "daysLeft": span.days_left,
        "contracts": [serialize_usage(one) for one in report.contracts],
        "totals": _serialize_totals(report),
    }


def serialize_usage(usage: Usage) -> dict[str, Any]:
    """``funded`` and ``unused`` are amounts of a partner contract, and units of a hiring contract."""
    contract, currency = usage.contract, usage.contract.currency
    is_money = contract.kind is UsageKind.CLICKS

    def show(held: int) -> str | int:
        return format_amount(held, currency) if is_money else held

    return {
        "contract": contract.contract_id,
        "kind": contract.kind,
        "account": contract.account_id,
        "bills": contract.bills,
        "currencyCode": currency,
        "final": _serialize_amount(usage.final, currency),
        "estimated": _serialize_amount(usage.estimated, currency),
        "forecast": _serialize_amount(usage.forecast, currency),
        "credited": format_amount(usage.credited_micros, currency),
        "funded": show(usage.funded),
        "unused": None if usage.unused is None else show(usage.unused),
    }


def _serialize_totals(report: UsageReport) -> list[dict[str, Any]]:
    """A row for each currency; what is used is summed whether it is billed by use or by top-up."""
    return [
        {
            "currencyCode": currency,
            **{
                name: format_amount(
                    sum(
                        getattr(one, name).micros
                        for one in report.contracts
                        if one.contract.currency == currency
                    ),
                    currency,
                )
                for name in ("final", "estimated", "forecast")
            },
        }
        for currency in sorted({one.contract.currency for one in report.contracts})
    ]


def _serialize_amount(amount: Amount, currency: str) -> dict[str, Any]:
    return {"quantity": amount.quantity, "amount": format_amount(amount.micros, currency)}
