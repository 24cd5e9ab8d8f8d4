"""``/operator/.../contracts``: list, open and show partner contracts, top it up, set its prices and pacing."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.base.money import format_amount, parse_positive_amount
from jobmeter.base.readers.times import read_instant
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.contracts.acts import flow as acts
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import (
    ClickPrice,
    Customer,
    JobTraits,
    Pacing,
    PartnerContract,
)
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_path_id, read_query_id
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import Instant, OperatorBody
from jobmeter.reports.price_previews import flow as previews
from jobmeter.reports.price_previews.model import PricePreview

Short = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]


class ContractBody(OperatorBody):
    """Amounts are decimal strings in the contract's currency."""

    currency: Short
    limit: Short
    click_price: Short
    term_starts_at: Instant
    term_ends_at: Instant
    contract_id: Annotated[int, Field(gt=0, lt=2**53)] | None = None
    pacing: Pacing = Pacing.ASAP


class PacingBody(OperatorBody):
    """``EVEN`` spends each job's total budget evenly over its run, ``ASAP`` as fast as clicks arrive."""

    pacing: Pacing


class TopUpBody(OperatorBody):
    """Repeats with the same ``reference`` have no further effect."""

    amount: Short
    reference: Annotated[Short, StringConstraints(min_length=1)]


class PriceBody(OperatorBody):
    click_price: Short
    valid_from: Instant
    country: Short = ""
    job_function: Short = ""
    experience_level: Short = ""


async def open_contract(context: RequestContext, body: ContractBody) -> Response:
    if body.term_starts_at >= body.term_ends_at:
        raise Refused(Fault.OPERATOR_INPUT, field="termEndsAt", why="must be after termStartsAt")
    partner_id = context.request.path_params["partner_id"]
    async with context.app.database.transaction() as connection:
        await acts.check_partner(connection, partner_id=partner_id)
        draft = acts.ContractDraft(
            partner_id=partner_id,
            limit=parse_positive_amount(body.limit, body.currency),
            click_price_micros=parse_positive_amount(body.click_price, body.currency).amount_micros,
            term=(body.term_starts_at, body.term_ends_at),
            contract_id=body.contract_id,
            pacing=body.pacing,
        )
        contract = await acts.open_contract(connection, draft, record=context.record, now=context.now)
    return json_response(acts.serialize_contract(contract), status=201)


async def show_contract(context: RequestContext) -> Response:
    """The number may be a customer's own: then ``customer`` names its application, the rest is the partner's contract."""
    contract_id = read_path_id(context.request, "contract_id", what="contract")
    async with context.app.database.connection() as connection:
        customer = await contracts.find_customer_contract(connection, contract_id=contract_id)
        contract = customer.partner_contract if customer else await find_contract(connection, context)
        available = await contracts.read_available(connection, contract=contract)
    content = acts.serialize_contract(contract) | {"available": format_amount(available, contract.currency)}
    if customer is not None:
        content["customer"] = {
            "id": customer.id,
            "contract": customer.urn,
            "application": f"{URN_APPLICATION}{customer.application_id}",
        }
    return json_response(content)


async def list_contracts(context: RequestContext) -> Response:
    """Partner contracts in the order of their ids; ``partnerId`` selects those of one partner."""
    page, partner_id = read_page(context.request), read_query_id(context.request, "partnerId")
    async with context.app.database.connection() as connection:
        found = await contracts.list_all_partner_contracts(
            connection, after=page.after, rows_max=page.rows_max + 1, partner_id=partner_id
        )
    return page_response(found, page, serialize=acts.serialize_contract, key=lambda one: one.id)


async def list_customers(context: RequestContext) -> Response:
    """The contracts of the partner's customers that share this one, in the order of their ids."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        contract = await find_contract(connection, context)
        found = await contracts.list_customers(
            connection, contract=contract, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize_customer, key=lambda one: one.id)


async def top_up_contract(context: RequestContext, body: TopUpBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await find_contract(connection, context)
        contract, is_new = await acts.top_up(
            connection,
            contract=contract,
            amount=parse_positive_amount(body.amount, contract.currency),
            reference=top_ups.refer(contract.id, body.reference, units=None),
            said=body.reference,
            record=context.record,
            now=context.now,
        )
    return json_response(acts.serialize_contract(contract) | {"wasRepeated": not is_new})


async def set_price(context: RequestContext, body: PriceBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await find_contract(connection, context)
        price = ClickPrice(
            traits=read_traits(body),
            price_micros=parse_positive_amount(body.click_price, contract.currency).amount_micros,
            valid_from=body.valid_from,
        )
        await acts.set_price(connection, price, contract=contract, record=context.record)
    return json_response(acts.serialize_contract(contract))


async def preview_price(context: RequestContext) -> Response:
    """What a price would have meant for the jobs of the last 30 days (at most 5,000), if it had applied to them.

    Jobs that are posted already keep their price: ``jobsOpen`` of them are open. Nothing is changed.
    """
    query = context.request.query_params
    named = {name: query.get(name, "") for name in ("country", "jobFunction", "experienceLevel")}
    valid_from = read_instant(query["validFrom"]) if query.get("validFrom") else context.now
    if valid_from is None:
        raise Refused(Fault.PARAMETER_INVALID, name="validFrom")
    async with context.app.database.snapshot() as connection:
        contract = await find_contract(connection, context)
        price = ClickPrice(
            traits=acts.read_traits(
                country=named["country"],
                job_function=named["jobFunction"],
                experience_level=named["experienceLevel"],
            ),
            price_micros=parse_positive_amount(query.get("clickPrice", ""), contract.currency).amount_micros,
            valid_from=valid_from,
        )
        found = await previews.preview_price(connection, price, contract=contract, now=context.now)
    return json_response(_serialize_preview(found, contract.currency))


def _serialize_preview(found: PricePreview, currency: str) -> dict[str, Any]:
    def amount(micros: int) -> str:
        return format_amount(micros, currency)

    changes = [
        {
            "before": amount(one.before_micros),
            "after": amount(one.after_micros),
            "jobs": one.jobs,
            "clicks": one.clicks,
            "difference": amount(one.difference_micros),
        }
        for one in found.changes
    ]
    return {
        "days": found.days,
        "jobs": found.jobs,
        "jobsChanged": found.jobs_changed,
        "jobsOpen": found.jobs_open,
        "currency": currency,
        "difference": amount(found.difference_micros),
        "elements": changes,
    }


def read_traits(body: PriceBody) -> JobTraits:
    """Raises ``Refused(OPERATOR_INPUT)``."""
    return acts.read_traits(
        country=body.country, job_function=body.job_function, experience_level=body.experience_level
    )


async def list_prices(context: RequestContext) -> Response:
    """The price list, including past and future prices; ``isInForce`` marks those that apply to jobs posted now."""
    async with context.app.database.connection() as connection:
        contract = await find_contract(connection, context)
        prices = await contracts.list_click_prices(connection, contract=contract)
    in_force = {
        price.traits: price.valid_from
        for price in sorted(prices, key=lambda price: price.valid_from)
        if price.valid_from <= context.now
    }
    return json_response(
        {
            "currency": contract.currency,
            "elements": [
                acts.serialize_price(price, contract.currency)
                | {"isInForce": in_force.get(price.traits) == price.valid_from}
                for price in prices
            ],
        }
    )


async def set_pacing(context: RequestContext, body: PacingBody) -> Response:
    """Applies to jobs that are posted from now on."""
    async with context.app.database.transaction() as connection:
        contract = await find_contract(connection, context)
        contract = await acts.set_pacing(
            connection, contract=contract, pacing=body.pacing, record=context.record
        )
    return json_response(acts.serialize_contract(contract))


async def find_contract(connection: Connection, context: RequestContext) -> PartnerContract:
    contract_id = read_path_id(context.request, "contract_id", what="contract")
    return await acts.find_contract(connection, contract_id=contract_id)


def _serialize_customer(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "contract": customer.urn,
        "application": f"{URN_APPLICATION}{customer.application_id}",
        "createdAt": customer.created_at.isoformat(),
    }
