"""``/portal/operator/contracts``: partner contracts over all tenants; open one, top it up, set its pacing."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from operator import attrgetter
from types import MappingProxyType

from starlette.responses import Response

from jobmeter.base.currencies import CURRENT_DIGITS
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.charts.inline import Meter
from jobmeter.contracts.acts import flow as acts
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import Pacing, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.exports.model import CURRENCY
from jobmeter.http.parameters import IDS_MAX, read_path_id, read_query_id
from jobmeter.metering.filters import flow as filters
from jobmeter.partners.applications import flow as partners
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.fields import Fields, midnight
from jobmeter.portal.pages.operator.programme.tables import AMOUNT, NUMBER, TEXT, TIME, Row, send_table
from jobmeter.reports.overview import flow as overview
from jobmeter.reports.overview.model import ContractMeter

CONTRACTS = "/portal/operator/contracts"
CONTRACT_IDS_MAX = 2**53 - 1
PAGE_ROWS, FILE_ROWS, CUSTOMERS_SHOWN_MAX = 50, 250, 50
PACINGS = {
    Pacing.ASAP: mark("as fast as clicks arrive"),
    Pacing.EVEN: mark("evenly over the run of each job"),
}
COLUMNS = {
    "contract": NUMBER,
    "partner": NUMBER,
    "partnerName": TEXT,
    CURRENCY: TEXT,
    "limit": AMOUNT,
    "final": AMOUNT,
    "estimated": AMOUNT,
    "reserved": AMOUNT,
    "free": AMOUNT,
    "termStartsAt": TIME,
    "termEndsAt": TIME,
    "pacing": TEXT,
}
NEW_FIELDS = ("partner", "currency", "limit", "click_price", "starts", "ends", "pacing", "contract")
NO_PARTNER = mark("There is no partner with this number")
NO_CURRENCY = mark("Choose a currency")
ENDS_EARLY = mark("The term must end after it begins")
IS_TAKEN = mark("This number is taken")
TOO_LARGE = mark("The limit would be too large")
OTHER_TOP_UP = mark("This reference was used for another top-up")


async def list_contracts(visit: Visit) -> Response:
    """In the order of their numbers; ``partner`` selects those of one partner."""
    request = visit.context.request
    after, partner_id = read_query_id(request, "after") or 0, read_query_id(request, "partner")
    async with visit.app.database.snapshot() as connection:
        rows = await _list_rows(connection, visit, after=after, rows_max=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    query = f"partner={partner_id}" if partner_id is not None else ""
    return visit.show(
        "operator/programme/contracts/list.html",
        rows=[
            (contract, name, meter, replace(_make_meter(meter), pace=None)) for contract, name, meter in shown
        ],
        partner_id=partner_id,
        pacings=PACINGS,
        query=query,
        first=f"{CONTRACTS}?{query}" if after else "",
        following=f"?{query}&after={shown[-1][0].id}" if len(rows) > PAGE_ROWS else "",
    )


async def download_contracts(visit: Visit) -> Response:
    return await send_table(visit, "contracts", COLUMNS, _read_lines(visit))


async def show_new(visit: Visit) -> Response:
    partner_id = read_query_id(visit.context.request, "partner")
    return _show_new(visit, {"partner": str(partner_id or "")}, {})


async def open_contract(visit: Visit) -> Response:
    fields = Fields(visit, visit.form)
    draft = _read_draft(fields)
    if not fields.problems:
        try:
            async with visit.app.database.transaction() as connection:
                contract = await acts.open_contract(
                    connection, draft, record=visit.context.record, now=visit.context.now
                )
        except Refused as refused:
            if refused.fault is Fault.OPERATOR_UNKNOWN:
                fields.refuse("partner", NO_PARTNER)
            elif refused.fault is Fault.OPERATOR_INPUT:
                fields.refuse("contract", IS_TAKEN)
            else:
                raise
        else:
            return visit.redirect(f"{CONTRACTS}/{contract.id}", done="contract")
    return _show_new(visit, visit.form, fields.problems)


def _read_draft(fields: Fields) -> acts.ContractDraft:
    currency = fields.get("currency")
    if currency not in CURRENT_DIGITS:
        fields.refuse("currency", NO_CURRENCY)
        currency = "USD"
    starts, ends = fields.read_day("starts"), fields.read_day("ends")
    if "starts" not in fields.problems and starts >= ends:
        fields.refuse("ends", ENDS_EARLY)
    return acts.ContractDraft(
        partner_id=fields.read_number("partner", largest=IDS_MAX),
        limit=Money(fields.read_micros("limit", currency), currency),
        click_price_micros=fields.read_micros("click_price", currency),
        term=(midnight(starts), midnight(ends)),
        contract_id=fields.read_number("contract", largest=CONTRACT_IDS_MAX)
        if fields.get("contract")
        else None,
        pacing=Pacing.EVEN if fields.get("pacing") == Pacing.EVEN else Pacing.ASAP,
    )


def _show_new(visit: Visit, given: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    return visit.show(
        "operator/programme/contracts/new.html",
        problems=problems,
        given={name: given.get(name, "")[:300] for name in NEW_FIELDS},
        currencies=sorted(CURRENT_DIGITS),
        pacings=PACINGS,
    )


async def show_contract(visit: Visit) -> Response:
    """The number of a customer's contract leads to the partner's that it shares. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    number: int = visit.context.request.path_params["contract_id"]
    async with visit.app.database.connection() as connection:
        customer = await contracts.find_customer_contract(connection, contract_id=min(number, IDS_MAX))
    if customer is not None:
        return visit.redirect(f"{CONTRACTS}/{customer.partner_contract.id}")
    return await _show_contract(visit)


async def top_up(visit: Visit) -> Response:
    """The same reference adds its amount once. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    fields = Fields(visit, visit.form)
    reference = fields.read_text("reference")
    async with visit.app.database.connection() as connection:
        contract = await find_contract(connection, visit)
    micros = fields.read_micros("amount", contract.currency)
    if not fields.problems:
        try:
            async with visit.app.database.transaction() as connection:
                contract, is_new = await acts.top_up(
                    connection,
                    contract=await find_contract(connection, visit),
                    amount=Money(micros, contract.currency),
                    reference=top_ups.refer(contract.id, reference, units=None),
                    said=reference,
                    record=visit.context.record,
                    now=visit.context.now,
                )
        except Refused as refused:
            if refused.fault is Fault.REFERENCE_REUSED:
                fields.refuse("reference", OTHER_TOP_UP)
            elif refused.fault is Fault.AMOUNT_TOO_LARGE:
                fields.refuse("amount", TOO_LARGE)
            else:
                raise
        else:
            return visit.redirect(f"{CONTRACTS}/{contract.id}", done="top-up" if is_new else "top-up-again")
    return await _show_contract(visit, fields.problems)


async def set_pacing(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    pacing = Pacing.EVEN if visit.form.get("pacing") == Pacing.EVEN else Pacing.ASAP
    async with visit.app.database.transaction() as connection:
        contract = await find_contract(connection, visit)
        await acts.set_pacing(connection, contract=contract, pacing=pacing, record=visit.context.record)
    return visit.redirect(f"{CONTRACTS}/{contract.id}", done="pacing")


async def _show_contract(visit: Visit, problems: Mapping[str, str] = MappingProxyType({})) -> Response:
    now = visit.context.now
    async with visit.app.database.snapshot() as connection:
        contract = await find_contract(connection, visit)
        partner = await partners.find_application(connection, application_id=contract.partner_id)
        (meter,) = await overview.list_named_meters(connection, contract_ids=[contract.id], now=now)
        prices = await contracts.list_click_prices(connection, contract=contract)
        customers = await contracts.list_customers(
            connection, contract=contract, after=0, rows_max=CUSTOMERS_SHOWN_MAX
        )
        policy = await filters.read_policy(connection, contract_id=contract.id)
    in_force = {
        one.traits: one.valid_from
        for one in sorted(prices, key=attrgetter("valid_from"))
        if one.valid_from <= now
    }
    return visit.show(
        "operator/programme/contracts/contract.html",
        problems=problems,
        contract=contract,
        partner=partner,
        meter_of=_make_meter(meter),
        parts=meter,
        prices=[(one, in_force.get(one.traits) == one.valid_from) for one in prices],
        customers=customers,
        policy=policy,
        pacings=PACINGS,
        given={name: visit.form.get(name, "")[:300] for name in ("amount", "reference")},
    )


async def find_contract(connection: Connection, visit: Visit) -> PartnerContract:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    contract_id = read_path_id(visit.context.request, "contract_id", what="contract")
    return await acts.find_contract(connection, contract_id=min(contract_id, IDS_MAX))


def _make_meter(contract: ContractMeter) -> Meter:
    return Meter(
        limit=contract.limit_micros,
        final=contract.final_micros,
        estimated=contract.estimated_micros,
        reserved=contract.reserved_micros,
        pace=contract.paced_micros,
    )


async def _list_rows(
    connection: Connection, visit: Visit, *, after: int, rows_max: int
) -> list[tuple[PartnerContract, str, ContractMeter]]:
    """Returns contracts with the names of their partners and where their limits are."""
    found = await contracts.list_all_partner_contracts(
        connection,
        after=after,
        rows_max=rows_max,
        partner_id=read_query_id(visit.context.request, "partner"),
    )
    meters = await overview.list_named_meters(
        connection, contract_ids=[one.id for one in found], now=visit.context.now
    )
    names = {}
    for partner_id in {one.partner_id for one in found}:
        partner = await partners.find_application(connection, application_id=partner_id)
        names[partner_id] = "" if partner is None else partner.name
    return [(one, names[one.partner_id], meter) for one, meter in zip(found, meters, strict=True)]


async def _read_lines(visit: Visit) -> AsyncIterator[list[Row]]:
    after = 0
    while True:
        async with visit.app.database.snapshot() as connection:
            rows = await _list_rows(connection, visit, after=after, rows_max=FILE_ROWS)
        yield [_make_line(*row) for row in rows]
        if len(rows) < FILE_ROWS:
            return
        after = rows[-1][0].id


def _make_line(contract: PartnerContract, name: str, meter: ContractMeter) -> Row:
    return (
        *(contract.id, contract.partner_id, name, contract.currency, meter.limit_micros),
        *(meter.final_micros, meter.estimated_micros, meter.reserved_micros, meter.free_micros),
        *(contract.term_starts_at, contract.term_ends_at, contract.pacing),
    )
