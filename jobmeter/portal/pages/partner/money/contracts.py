"""``/portal/partner/contracts``: what jobs can be posted with: money by the click, slots of clients, credits of one's own."""

from dataclasses import replace

from starlette.responses import Response

from jobmeter.base.days import day_of, month_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT
from jobmeter.billing.accounts import flow as accounts
from jobmeter.charts.inline import Meter
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.credits.model import CreditUse, UsedSpan, UsesPage
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringKind, PartnerHiring
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import Pacing
from jobmeter.database.connection import Connection
from jobmeter.http.parameters import IDS_MAX, read_path_id, read_query_id
from jobmeter.jobs.postings import flow as postings
from jobmeter.ledger.model import AccountKind, BookedMovement, Purpose
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.overview import make_meter
from jobmeter.portal.pages.partner.owned import find_parent, find_partner_id
from jobmeter.reports.overview import flow as overview
from jobmeter.reports.overview.model import ContractMeter

PAGE_ROWS, MOVEMENTS = 50, 100
PACINGS = {
    Pacing.ASAP: mark("jobs spend as fast as clicks arrive"),
    Pacing.EVEN: mark("jobs spend evenly over their runs"),
}
HIRING_KINDS = {HiringKind.SLOTS: mark("Slots"), HiringKind.CREDITS: mark("Credits")}
MOVEMENT_TEXTS = {Purpose.FUND: mark("Top-up"), Purpose.ADJUST: mark("Correction")}


async def list_contracts(visit: Visit) -> Response:
    """The newest first; ``?before=`` and ``?hiringBefore=`` continue its two lists."""
    partner_id, now = find_partner_id(visit), visit.context.now
    async with visit.app.database.snapshot() as connection:
        meters = await overview.list_meters(
            connection, partner_id=partner_id, rows_max=PAGE_ROWS + 1, now=now, before=_read(visit, "before")
        )
        pacings = {
            one.id: one.pacing
            for one in await contracts.list_partner_contracts(connection, partner_id=partner_id)
        }
        shares = await hiring.list_partner_contracts(
            connection,
            partner_id=partner_id,
            before=_read(visit, "hiringBefore"),
            rows_max=PAGE_ROWS + 1,
        )
        seller = await accounts.find_seller(connection, day=day_of(now))
    return visit.show(
        "partner/money/contracts.html",
        contracts=[
            (one, replace(make_meter(one), pace=None), PACINGS[pacings[one.contract_id]])
            for one in meters[:PAGE_ROWS]
        ],
        shares=[(one, _make_meter(one)) for one in shares[:PAGE_ROWS]],
        before=meters[PAGE_ROWS - 1].contract_id if len(meters) > PAGE_ROWS else None,
        hiring_before=shares[PAGE_ROWS - 1].contract.id if len(shares) > PAGE_ROWS else None,
        kinds=HIRING_KINDS,
        operator_email=next(iter(seller.emails), "") if seller is not None else "",
    )


def _read(visit: Visit, name: str) -> int:
    found = read_query_id(visit.context.request, name)
    return IDS_MAX if found is None else found


def _make_meter(share: PartnerHiring) -> Meter | None:
    return None if share.used is None else Meter(limit=share.funded, final=share.used)


async def show_contract(visit: Visit) -> Response:
    """The number is that of a contract paid by the click, or of one with slots or credits."""
    contract_id = read_path_id(visit.context.request, "contract_id", what="contract")
    async with visit.app.database.snapshot() as connection:
        meters = await overview.list_meters(
            connection,
            partner_id=find_partner_id(visit),
            contract_id=contract_id,
            rows_max=1,
            now=visit.context.now,
        )
        if meters:
            return await _show_clicks(connection, visit, meters[0])
        share = await hiring.find_partner_contract(
            connection, partner_id=find_partner_id(visit), contract_id=contract_id
        )
        if share is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="contract", key=contract_id)
        return await _show_hiring(connection, visit, share)


async def _show_clicks(connection: Connection, visit: Visit, meter: ContractMeter) -> Response:
    after, now = read_query_id(visit.context.request, "after") or 0, visit.context.now
    contract = await contracts.find_partner_contract(connection, contract_id=meter.contract_id)
    assert contract is not None, "a contract is never removed"
    in_force, to_come = await contracts.list_current_prices(connection, contract=contract, now=now)
    customers = await contracts.list_customers(
        connection, contract=contract, after=after, rows_max=PAGE_ROWS + 1
    )
    movements = await contracts.list_movements(connection, contract=contract, rows_max=MOVEMENTS)
    return visit.show(
        "partner/money/contract.html",
        contract=meter,
        parts=make_meter(meter),
        urn=contract.urn,
        is_active=contract.is_active(now),
        pacing=PACINGS[contract.pacing],
        in_force=in_force,
        to_come=to_come,
        movements=[_describe_movement(one) for one in movements],
        customers=customers[:PAGE_ROWS],
        first="?" if after else "",
        following=f"?after={customers[PAGE_ROWS - 1].id}" if len(customers) > PAGE_ROWS else "",
        prefix=URN_CONTRACT,
    )


def _describe_movement(one: BookedMovement) -> tuple[BookedMovement, str, int]:
    """Returns a movement, what it is called, and its amount: below zero if units were taken away."""
    is_taken = one.source_kind in {AccountKind.SLOTS_FREE, AccountKind.CREDITS}
    return one, MOVEMENT_TEXTS[one.purpose], -one.amount if is_taken else one.amount


async def _show_hiring(connection: Connection, visit: Visit, share: PartnerHiring) -> Response:
    """Prices, and what was added, are the owner's; a partner that posts on a client's slots sees its own jobs."""
    contract, now = share.contract, visit.context.now
    jobs = await postings.list_contract_postings(
        connection,
        contract_id=contract.id,
        partner_id=find_partner_id(visit),
        before=_read(visit, "before"),
        rows_max=PAGE_ROWS + 1,
    )
    grants = await hiring.list_partner_grants(
        connection, contract=contract, partner_id=find_partner_id(visit), rows_max=PAGE_ROWS
    )
    prices, movements = [], list[BookedMovement]()
    if share.is_owner:
        prices = await hiring.list_hiring_prices(connection, contract=contract)
        movements = await hiring.list_movements(connection, contract=contract, rows_max=MOVEMENTS)
    return visit.show(
        "partner/money/hiring.html",
        share=share,
        contract=contract,
        kinds=HIRING_KINDS,
        parts=_make_meter(share),
        is_active=contract.is_active(now),
        jobs=[(one, visit.site.find_own(f"/portal/partner/jobs/{one.job_id}")) for one in jobs[:PAGE_ROWS]],
        following=f"?before={jobs[PAGE_ROWS - 1].job_id}" if len(jobs) > PAGE_ROWS else "",
        grants=grants,
        price=next((one for one in reversed(prices) if one.valid_from <= now), None),
        to_come=[one for one in prices if one.valid_from > now],
        movements=[_describe_movement(one) for one in movements],
        uses=await _list_uses(connection, visit, contract),
        month=month_of(now),
    )


async def _list_uses(connection: Connection, visit: Visit, contract: HiringContract) -> list[CreditUse]:
    """Returns the first credits that the partner used this month; a month's statements list all."""
    if contract.kind is HiringKind.SLOTS:
        return []
    parent, span = await find_parent(connection, visit), UsedSpan.of_month(month_of(visit.context.now))
    found = await credits_flow.list_partner_credits(connection, application=parent, span=span)
    return await credits_flow.list_partner_uses(
        connection,
        [one for one in found if one.contract_id == contract.id],
        application=parent,
        span=span,
        page=UsesPage(after=0, rows_max=PAGE_ROWS),
    )
