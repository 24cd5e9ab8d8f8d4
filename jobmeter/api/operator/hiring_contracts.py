"""``/operator/hiringContracts``: list, open, show, grant, top up, adjust, price and end contracts for slots or credits.

Their price lists, and the credits used of them.
"""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.base.money import format_amount, parse_amount
from jobmeter.base.readers.times import read_instant
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.credits.model import UsedSpan, UsesPage, serialize_use
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import Grant, HiringContract, HiringDraft, HiringKind
from jobmeter.contracts.hiring_acts import flow as acts
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_month
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import Email, Instant, OperatorBody
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.reports.price_previews import flow as previews

Short = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Units = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


class HiringContractBody(OperatorBody):
    """``ownerApplication`` is the reseller's application, as a client id or a URN."""

    kind: HiringKind
    owner: Short
    owner_application: Short | None = None
    is_postpaid: bool = False
    currency: Short
    units: Units = 0
    price: Short = "0"
    run_days: Annotated[int, Field(ge=1, le=365)] = 30
    default_poster_email: Email | None = None
    seats: Annotated[tuple[Email, ...], Field(max_length=10_000)] = ()
    sandbox_number: Annotated[int, Field(gt=0, lt=2**53)] | None = None
    starts_at: Instant
    ends_at: Instant


class GrantBody(OperatorBody):
    """``withSigningSecret`` creates another client secret, for signing requests (OAuth 1.0a)."""

    application: Short
    with_signing_secret: bool = False


class RevocationBody(OperatorBody):
    application: Short


class UnitsBody(OperatorBody):
    """Repeats with the same ``reference`` have no further effect. Only an adjustment may be negative."""

    units: Units
    reference: Short


class HiringPriceBody(OperatorBody):
    price: Short
    valid_from: Instant


class EndBody(OperatorBody):
    ends_at: Instant | None = None


async def open_hiring_contract(context: RequestContext, body: HiringContractBody) -> Response:
    async with context.app.database.transaction() as connection:
        owner = None
        if body.owner_application is not None:
            owner = await acts.find_application(connection, body.owner_application)
        draft = HiringDraft(
            kind=body.kind,
            owner_name=body.owner,
            owner_application_id=None if owner is None else owner.id,
            is_postpaid=body.is_postpaid,
            currency=body.currency,
            units=body.units,
            price_micros=_read_price(body.price, body.currency),
            run_days=body.run_days,
            default_poster_email=body.default_poster_email or "",
            seats=body.seats,
            sandbox_number=body.sandbox_number,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
        )
        contract = await acts.open_contract(connection, draft, record=context.record, now=context.now)
        content = await acts.describe(connection, contract, now=context.now)
    return json_response(content, status=201)


async def show_hiring_contract(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        contract = await _find_contract(connection, context)
        return json_response(await acts.describe(connection, contract, now=context.now))


async def list_hiring_contracts(context: RequestContext) -> Response:
    """In the order of their ids; one by its id shows its price, grants and unused units too."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await hiring.list_hiring_contracts(connection, after=page.after, rows_max=page.rows_max + 1)
    return page_response(found, page, serialize=acts.serialize_terms, key=lambda one: one.id)


async def list_hiring_grants(context: RequestContext) -> Response:
    """The applications that may use a contract, in the order of their ids."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        contract = await _find_contract(connection, context)
        found = await hiring.page_grants(
            connection, contract=contract, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize_grant, key=lambda one: one.application_id)


async def grant_hiring_contract(context: RequestContext, body: GrantBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await _find_contract(connection, context)
        application = await acts.find_application(connection, body.application)
        await acts.grant(
            connection,
            contract=contract,
            application=application,
            with_secret=body.with_signing_secret,
            record=context.record,
            now=context.now,
        )
        content = await acts.describe(connection, contract, now=context.now)
        if body.with_signing_secret:
            content["signingSecret"] = await signatures.make_signing_secret(
                connection,
                application=application,
                secret_key=context.app.settings.secret_key,
                now=context.now,
            )
    return json_response(content)


async def revoke_hiring_grant(context: RequestContext, body: RevocationBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await _find_contract(connection, context)
        application = await acts.find_application(connection, body.application)
        await acts.revoke(connection, contract=contract, application=application, record=context.record)
        content = await acts.describe(connection, contract, now=context.now)
    return json_response(content)


async def top_up_hiring_contract(context: RequestContext, body: UnitsBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await _find_contract(connection, context)
        is_new = await acts.top_up(
            connection,
            acts.Units(units=body.units, reference=body.reference),
            contract=contract,
            reference=top_ups.refer(contract.id, body.reference, units=body.units),
            record=context.record,
            now=context.now,
        )
        content = await acts.describe(connection, contract, now=context.now)
    return json_response(content | {"wasRepeated": not is_new})


async def adjust_hiring_contract(context: RequestContext, body: UnitsBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await _find_contract(connection, context)
        changed = acts.Units(units=body.units, reference=body.reference)
        is_new = await acts.adjust(
            connection, changed, contract=contract, record=context.record, now=context.now
        )
        content = await acts.describe(connection, contract, now=context.now)
    return json_response(content | {"wasRepeated": not is_new})


async def set_hiring_price(context: RequestContext, body: HiringPriceBody) -> Response:
    async with context.app.database.transaction() as connection:
        contract = await _find_contract(connection, context)
        await acts.set_price(
            connection,
            contract=contract,
            price_micros=_read_price(body.price, contract.currency),
            valid_from=body.valid_from,
            record=context.record,
        )
        content = await acts.describe(connection, contract, now=context.now)
    return json_response(content)


async def preview_hiring_price(context: RequestContext) -> Response:
    """What the credits of the last 30 days cost, and what they would have cost. Nothing is changed."""
    query = context.request.query_params
    valid_from = read_instant(query["validFrom"]) if query.get("validFrom") else context.now
    if valid_from is None:
        raise Refused(Fault.PARAMETER_INVALID, name="validFrom")
    async with context.app.database.snapshot() as connection:
        contract = await _find_contract(connection, context)
        found = await previews.preview_hiring_price(
            connection,
            contract=contract,
            price_micros=_read_price(query.get("price", ""), contract.currency),
            valid_from=valid_from,
            now=context.now,
        )
    content = {
        "days": found.days,
        "currency": contract.currency,
        "present": format_amount(found.present_micros, contract.currency),
        "uses": found.uses,
        "paid": format_amount(found.paid_micros, contract.currency),
        "wouldHavePaid": format_amount(found.would_micros, contract.currency),
        "difference": format_amount(found.difference_micros, contract.currency),
    }
    return json_response(content)


async def list_hiring_prices(context: RequestContext) -> Response:
    """The price list, including past and future prices; ``isInForce`` marks the one that applies now."""
    async with context.app.database.connection() as connection:
        contract = await _find_contract(connection, context)
        prices = await hiring.list_hiring_prices(connection, contract=contract)
    in_force = max((price.valid_from for price in prices if price.valid_from <= context.now), default=None)
    elements = [
        {
            "price": format_amount(price.price_micros, contract.currency),
            "validFrom": price.valid_from.isoformat(),
            "isInForce": price.valid_from == in_force,
        }
        for price in prices
    ]
    return json_response({"currency": contract.currency, "elements": elements})


async def list_credit_uses(context: RequestContext) -> Response:
    """The credits used of a contract in the order of their time, each at the price that it had; ``month`` selects one."""
    page, month = read_page(context.request), read_query_month(context.request)
    async with context.app.database.connection() as connection:
        contract = await _find_contract(connection, context)
        found = await credits_flow.list_uses(
            connection,
            contract_id=contract.id,
            span=UsedSpan.of_month(month),
            page=UsesPage(after=page.after, rows_max=page.rows_max + 1),
        )
    currencies = {contract.id: contract.currency}
    return page_response(
        found, page, serialize=lambda use: serialize_use(use, currencies), key=lambda use: use.number
    )


async def end_hiring_contract(context: RequestContext, body: EndBody) -> Response:
    """Ends the contract at once or at ``endsAt``. Live jobs continue until they expire or are closed."""
    async with context.app.database.transaction() as connection:
        ended = await acts.end(
            connection,
            contract=await _find_contract(connection, context),
            ends_at=body.ends_at or context.now,
            record=context.record,
            now=context.now,
        )
        content = await acts.describe(connection, ended, now=context.now)
    return json_response(content)


def _read_price(text: str, currency: str) -> int:
    price = parse_amount(text, currency).amount_micros
    if price < 0:
        raise Refused(Fault.OPERATOR_INPUT, field="price", why="must not be negative")
    return price


async def _find_contract(connection: Connection, context: RequestContext) -> HiringContract:
    return await acts.find_contract(connection, contract_id=context.request.path_params["contract_id"])


def _serialize_grant(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.application_id,
        "application": f"{URN_APPLICATION}{grant.application_id}",
        "grantedAt": grant.granted_at.isoformat(),
    }
