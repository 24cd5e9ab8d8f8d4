"""``GET /partner/overview``: contracts, spend by day, jobs by state, the most spent, and what needs somebody."""

from typing import Any

from starlette.responses import Response

from jobmeter.api.partner.lists.jobs import serialize_job
from jobmeter.base.money import format_amount
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import format_time, json_response
from jobmeter.reports.overview import flow as overview
from jobmeter.reports.overview.model import ContractMeter, Need, Overview

AMOUNTS = {
    "limit": "limit_micros",
    "spentFinal": "final_micros",
    "spentEstimated": "estimated_micros",
    "reserved": "reserved_micros",
    "free": "free_micros",
    "evenPace": "paced_micros",
}


async def show_overview(context: RequestContext) -> Response:
    """Of a parent application with all its customers, or of a customer's application, which sees no contract's limit."""
    async with context.app.database.snapshot() as connection:
        found = await overview.read_overview(connection, application=context.application, now=context.now)
    return json_response(serialize_overview(found))


def serialize_overview(found: Overview) -> dict[str, Any]:
    """Days after ``finalThrough`` are estimates."""
    return {
        "figuresAt": format_time(found.counted_at),
        "finalThrough": format_time(found.final_through),
        "contracts": [_serialize_meter(meter) for meter in found.contracts],
        "days": [
            {
                "day": one.day.isoformat(),
                "contract": one.contract_id,
                "currencyCode": one.currency,
                "spent": format_amount(one.charge_micros, one.currency),
                "state": "FINAL" if one.day <= found.final_through else "ESTIMATED",
            }
            for one in found.days
        ],
        "states": {one.state: one.jobs for one in found.states},
        "mostSpent": [serialize_job(job) for job in found.most_spent],
        "needsYou": [_serialize_need(need) for need in found.needs],
    }


def _serialize_meter(meter: ContractMeter) -> dict[str, Any]:
    """``spentFinal``, ``spentEstimated``, ``reserved`` and ``free`` together are the ``limit``."""
    amounts = {name: format_amount(getattr(meter, field), meter.currency) for name, field in AMOUNTS.items()}
    return {
        "contract": meter.contract_id,
        "currencyCode": meter.currency,
        **amounts,
        "termStartsAt": format_time(meter.term_starts_at),
        "termEndsAt": format_time(meter.term_ends_at),
    }


def _serialize_need(need: Need) -> dict[str, Any]:
    has_amount = need.amount_micros is not None
    return {
        "kind": need.kind,
        "subject": need.subject or None,
        "count": need.count or None,
        "currencyCode": need.currency if has_amount else None,
        "amount": None if need.amount_micros is None else format_amount(need.amount_micros, need.currency),
        "on": format_time(need.on),
    }


# fmt: off
OVERVIEW: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/overview", show_overview, audience=Audience.PARTNER, quota="partner",
             summary="Get the caller's contracts, spend by day, jobs by state and what needs somebody"),
)
# fmt: on
