"""``GET /partner/contracts``: what jobs can be posted with: money by the click, slots of clients, credits of one's own."""

from typing import Any

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT
from jobmeter.base.money import format_amount
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import PartnerHiring
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import IDS_MAX, read_page_size, read_query_id
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import format_time, json_response
from jobmeter.reports.overview import flow as overview
from jobmeter.reports.overview.model import ContractMeter


async def list_contracts(context: RequestContext) -> Response:
    """Contracts paid by the click. The newest first; ``before`` is the ``nextBefore`` of the page before."""
    application = _check_parent(context)
    rows_max = read_page_size(context.request)
    async with context.app.database.snapshot() as connection:
        found = await overview.list_meters(
            connection,
            partner_id=application,
            before=_read_before(context),
            rows_max=rows_max + 1,
            now=context.now,
        )
    shown = found[:rows_max]
    next_before = shown[-1].contract_id if len(found) > rows_max else None
    return json_response({"elements": [_serialize_clicks(one) for one in shown], "nextBefore": next_before})


async def list_hiring_contracts(context: RequestContext) -> Response:
    """Contracts with slots or credits that the caller or its customers own, or may post on; as ``list_contracts``."""
    application = _check_parent(context)
    rows_max = read_page_size(context.request)
    async with context.app.database.snapshot() as connection:
        found = await hiring.list_partner_contracts(
            connection, partner_id=application, before=_read_before(context), rows_max=rows_max + 1
        )
    shown = found[:rows_max]
    next_before = shown[-1].contract.id if len(found) > rows_max else None
    return json_response({"elements": [_serialize_hiring(one) for one in shown], "nextBefore": next_before})


def _check_parent(context: RequestContext) -> int:
    """Contracts are the partner's: its customers' applications see none."""
    if context.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="partner.contracts")
    return context.application.id


def _read_before(context: RequestContext) -> int:
    before = read_query_id(context.request, "before")
    return IDS_MAX if before is None else before


def _serialize_clicks(meter: ContractMeter) -> dict[str, Any]:
    """``urn`` is what a job names. What was spent, with estimates, is in the overview."""
    return {
        "contract": meter.contract_id,
        "urn": f"{URN_CONTRACT}{meter.contract_id}",
        "currencyCode": meter.currency,
        "limit": format_amount(meter.limit_micros, meter.currency),
        "free": format_amount(meter.free_micros, meter.currency),
        "termStartsAt": format_time(meter.term_starts_at),
        "termEndsAt": format_time(meter.term_ends_at),
    }


def _serialize_hiring(one: PartnerHiring) -> dict[str, Any]:
    """``unused`` is ``null`` for a post-paid contract, whose credits are unlimited."""
    return {
        "hiringContract": one.contract.id,
        "kind": one.contract.kind,
        "owner": one.contract.owner_name,
        "isOwned": one.is_owner,
        "runDays": one.contract.run_days,
        "funded": None if one.unused is None else one.funded,
        "unused": one.unused,
        "startsAt": format_time(one.contract.starts_at),
        "endsAt": format_time(one.contract.ends_at),
    }


# fmt: off
CONTRACTS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/contracts", list_contracts, audience=Audience.PARTNER, quota="partner",
             parameters=("before", "count"), summary="List the caller's contracts that are paid by the click, with what is free of each"),
    Endpoint("GET", "/partner/hiringContracts", list_hiring_contracts, audience=Audience.PARTNER, quota="partner",
             parameters=("before", "count"), summary="List the contracts with slots or credits that the caller owns or may post on"),
)
# fmt: on
