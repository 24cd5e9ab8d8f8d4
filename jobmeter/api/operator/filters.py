"""The filter policy of a contract, what applications excluded, and the last refused events of all senders."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from jobmeter.api.operator.contracts import find_contract
from jobmeter.audit.model import Action
from jobmeter.base.days import LATE_WINDOW_HOURS, day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_day
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import (
    FUTURE_TOLERANCE_SECONDS,
    FilterPolicy,
    OwnedExclusion,
    serialize_refused_event,
)
from jobmeter.metering.intake.model import show_network
from jobmeter.metering.model import VERDICTS

DAYS_MAX = 31


class PolicyBody(OperatorBody):
    """Omitted fields have their defaults."""

    refuses_crawlers: bool = True
    refuses_other_markets: bool = True
    refuses_excluded: bool = True
    late_window_hours: Annotated[int, Field(ge=1, le=LATE_WINDOW_HOURS)] = LATE_WINDOW_HOURS
    future_tolerance_seconds: Annotated[int, Field(ge=0, le=FUTURE_TOLERANCE_SECONDS)] = (
        FUTURE_TOLERANCE_SECONDS
    )
    refuses_non_browsers: bool = False
    counts_absent_agents: bool = True
    refuses_bursts: bool = False
    burst_window_seconds: Annotated[int, Field(ge=1, le=3_600)] = 60
    visitor_clicks_max: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    network_clicks_max: Annotated[int, Field(ge=1, le=1_000_000)] = 100


async def show_policy(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        contract = await find_contract(connection, context)
        policy = await filters.read_policy(connection, contract_id=contract.id)
    return json_response(serialize_policy(policy))


async def set_policy(context: RequestContext, body: PolicyBody) -> Response:
    """Applies from the next batch on."""
    policy = FilterPolicy(**body.model_dump())
    async with context.app.database.transaction() as connection:
        contract = await find_contract(connection, context)
        before = await filters.read_policy(connection, contract_id=contract.id)
        await filters.set_policy(connection, contract_id=contract.id, policy=policy)
        await context.record(
            connection,
            Action.CONTRACT_SET_FILTERS,
            contract.id,
            partner_id=contract.partner_id,
            before=serialize_policy(before),
            after=serialize_policy(policy),
        )
    return json_response(serialize_policy(policy))


async def list_all_excluded(context: RequestContext) -> Response:
    """Visitors and networks that applications excluded, in the order of their ids. A visitor's identifier is not kept."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await filters.list_all_excluded(connection, after_id=page.after, rows_max=page.rows_max + 1)
    return page_response(found, page, serialize=_serialize_excluded, key=lambda one: one.id)


def _serialize_excluded(one: OwnedExclusion) -> dict[str, Any]:
    return {
        "id": one.id,
        "application": f"{URN_APPLICATION}{one.application_id}",
        "kind": "ADDRESS_NETWORK" if one.is_address else "VISITOR",
        "network": show_network(one.subject) if one.is_address else None,
        "hash": f"{one.subject:016x}",
        "note": one.note,
        "createdAt": one.created_at.isoformat(),
    }


async def list_all_refused(context: RequestContext) -> Response:
    """The last 50 events of all senders that did not count, including malformed ones."""
    async with context.app.database.connection() as connection:
        found = await filters.list_refused(connection, owner_id=filters.OPERATOR)
    return json_response({"elements": [serialize_refused_event(event) for event in found]})


async def count_refused(context: RequestContext) -> Response:
    """Of all partners, at most 31 days; without ``from`` and ``to`` the last 7 days and today."""
    today = day_of(context.now)
    first = read_query_day(context.request, "from", default=today - timedelta(days=7))
    last = read_query_day(context.request, "to", default=today)
    if not 0 <= (last - first).days < DAYS_MAX:
        raise Refused(Fault.PARAMETER_INVALID, name="from, to")
    async with context.app.database.connection() as connection:
        found = await filters.count_refusals(connection, first=first, last=last)
    elements = [
        {"day": one.day.isoformat(), "reason": VERDICTS[one.verdict].name, "clicks": one.clicks}
        for one in found
    ]
    return json_response({"elements": elements})


def serialize_policy(policy: FilterPolicy) -> dict[str, Any]:
    return {
        "refusesCrawlers": policy.refuses_crawlers,
        "refusesOtherMarkets": policy.refuses_other_markets,
        "refusesExcluded": policy.refuses_excluded,
        "lateWindowHours": policy.late_window_hours,
        "futureToleranceSeconds": policy.future_tolerance_seconds,
        "refusesNonBrowsers": policy.refuses_non_browsers,
        "countsAbsentAgents": policy.counts_absent_agents,
        "refusesBursts": policy.refuses_bursts,
        "burstWindowSeconds": policy.burst_window_seconds,
        "visitorClicksMax": policy.visitor_clicks_max,
        "networkClicksMax": policy.network_clicks_max,
    }


async def list_filter_lists(context: RequestContext) -> Response:
    """For each day, newest first: the versions of the lists by which its user agents were judged."""
    async with context.app.database.connection() as connection:
        found = await filters.list_day_lists(connection)
    rows = [
        {"day": row.day.isoformat(), "lists": row.lists, "firstUsedAt": row.first_used_at.isoformat()}
        for row in found
    ]
    return json_response({"elements": rows})
