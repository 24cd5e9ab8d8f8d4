"""``/operator/.../contracts``: list, open and show partner contracts, top it up, set its prices and pacing."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.base.money import format_amount, parse_positive_amount
from jobmeter.base.readers.countries import read_country
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import (
    EXPERIENCE_LEVELS,
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
from jobmeter.partners.applications import flow as partners

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
        partner = await partners.find_application(connection, application_id=partner_id)
        if partner is None or partner.parent_id is not None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key=partner_id)
        if body.contract_id is not None and await contracts.find_partner_contract(
            connection, contract_id=body.contract_id
        ):
            raise Refused(Fault.OPERATOR_INPUT, field="contractId", why="is taken")
        contract = await contracts.open_partner_contract(
            connection,
            partner_id=partner.id,
            limit=parse_positive_amount(body.limit, body.currency),
            click_price_micros=parse_positive_amount(body.click_price, body.currency).amount_micros,
            term=(body.term_starts_at, body.term_ends_at),
            now=context.now,
            contract_id=body.contract_id,
            pacing=body.pacing,
        )
        await context.record(
            connection,
            Action.CONTRACT_OPEN,
            contract.id,
            partner_id=partner.id,
            after=serialize_contract(contract) | {"clickPrice": body.click_price},
        )
    return json_response(serialize_contract(contract), status=201)


async def show_contract(context: RequestContext) -> Response:
    """The number may be a customer's own: then ``customer`` names its application, the rest is the partner's contract."""
    contract_id = read_path_id(context.request, "contract_id", what="contract")
    async with context.app.database.connection() as connection:
        customer = await contracts.find_customer_contract(connection, contract_id=contract_id)
        contract = customer.partner_contract if customer else await find_contract(connection, context)
        available = await contracts.read_available(connection, contract=contract)
    content = serialize_contract(contract) | {"available": format_amount(available, contract.currency)}
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
    return page_response(found, page, serialize=serialize_contract, key=lambda one: one.id)


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
        before = contract = await find_contract(connection, context)
        is_new = await contracts.top_up(
            connection,
            contract=contract,
            amount=parse_positive_amount(body.amount, contract.currency),
            reference=top_ups.refer(contract.id, body.reference, units=None),
            now=context.now,
        )
        contract = await find_contract(connection, context)
        if is_new:
            await context.record(
                connection,
                Action.CONTRACT_TOP_UP,
                contract.id,
                partner_id=contract.partner_id,
                before=serialize_contract(before),
                after=serialize_contract(contract) | {"reference": body.reference},
            )
    return json_response(serialize_contract(contract) | {"wasRepeated": not is_new})


async def set_price(context: RequestContext, body: PriceBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await find_contract(connection, context)
        known = await contracts.list_click_prices(connection, contract=contract)
        price = ClickPrice(
            traits=read_traits(body),
            price_micros=parse_positive_amount(body.click_price, contract.currency).amount_micros,
            valid_from=body.valid_from,
        )
        await contracts.set_click_price(
            connection,
            contract=contract,
            traits=price.traits,
            price_micros=price.price_micros,
            valid_from=price.valid_from,
        )
        before = _find_price_before(known, price)
        if before != price:
            await context.record(
                connection,
                Action.CONTRACT_SET_PRICE,
                contract.id,
                partner_id=contract.partner_id,
                before={} if before is None else _describe_amount(before, contract.currency),
                after=_describe_price(price, contract.currency),
            )
    return json_response(serialize_contract(contract))


def read_traits(body: PriceBody) -> JobTraits:
    """Raises ``Refused(OPERATOR_INPUT)`` for a country or a level that no job has: its price would never hold."""
    country, level = read_country(body.country), body.experience_level.strip().upper()
    if body.country.strip() and not country:
        raise Refused(Fault.OPERATOR_INPUT, field="country", why="must be an ISO 3166 code of two letters")
    if level and level not in EXPERIENCE_LEVELS:
        raise Refused(
            Fault.OPERATOR_INPUT,
            field="experienceLevel",
            why=f"must be one of {', '.join(EXPERIENCE_LEVELS)}",
        )
    return JobTraits(country=country, job_function=body.job_function.strip(), experience_level=level)


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
                _describe_price(price, contract.currency)
                | {"isInForce": in_force.get(price.traits) == price.valid_from}
                for price in prices
            ],
        }
    )


async def set_pacing(context: RequestContext, body: PacingBody) -> Response:
    """Applies to jobs that are posted from now on."""
    async with context.app.database.transaction() as connection:
        before = await find_contract(connection, context)
        await contracts.set_pacing(connection, contract=before, pacing=body.pacing)
        contract = await find_contract(connection, context)
        await context.record(
            connection,
            Action.CONTRACT_SET_PACING,
            contract.id,
            partner_id=contract.partner_id,
            before=serialize_contract(before),
            after=serialize_contract(contract),
        )
    return json_response(serialize_contract(contract))


def _find_price_before(prices: Sequence[ClickPrice], price: ClickPrice) -> ClickPrice | None:
    """Returns the price that held for the same jobs at the time from which ``price`` holds."""
    same = [one for one in prices if one.traits == price.traits and one.valid_from <= price.valid_from]
    return max(same, key=lambda one: one.valid_from, default=None)


def _describe_amount(price: ClickPrice, currency: str) -> dict[str, Any]:
    return {
        "clickPrice": format_amount(price.price_micros, currency),
        "validFrom": price.valid_from.isoformat(),
    }


def _describe_price(price: ClickPrice, currency: str) -> dict[str, Any]:
    """With the jobs that it is for."""
    return _describe_amount(price, currency) | {
        "country": price.traits.country or None,
        "jobFunction": price.traits.job_function or None,
        "experienceLevel": price.traits.experience_level or None,
    }


async def find_contract(connection: Connection, context: RequestContext) -> PartnerContract:
    contract_id = read_path_id(context.request, "contract_id", what="contract")
    contract = await contracts.find_partner_contract(connection, contract_id=contract_id)
    if contract is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="contract", key=contract_id)
    return contract


def serialize_contract(contract: PartnerContract) -> dict[str, Any]:
    return {
        "id": contract.id,
        "contract": contract.urn,
        "partner": contract.partner_id,
        "currency": contract.currency,
        "limit": format_amount(contract.limit_micros, contract.currency),
        "termStartsAt": contract.term_starts_at.isoformat(),
        "termEndsAt": contract.term_ends_at.isoformat(),
        "pacing": contract.pacing,
    }


def _serialize_customer(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "contract": customer.urn,
        "application": f"{URN_APPLICATION}{customer.application_id}",
        "createdAt": customer.created_at.isoformat(),
    }
