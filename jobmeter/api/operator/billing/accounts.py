"""``/operator/billing/accounts``: accounts with their profiles, agreements on contracts and tax rates."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from jobmeter.api.operator.billing.parties import (
    BuyerBody,
    Line,
    Word,
    read_buyer,
    serialize_dated,
    serialize_tax_rate,
)
from jobmeter.audit.model import Action
from jobmeter.base.days import day_of, month_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.percents import read_percent
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import (
    RATE_MICROS_MAX,
    Account,
    AccountChange,
    AccountDraft,
    Agreement,
    AgreementWish,
    Bills,
    Issuing,
    TaxRate,
    ZeroMonth,
    find_in_force,
)
from jobmeter.billing.model import TaxCategory
from jobmeter.database.connection import Connection
from jobmeter.http.context import NOTHING, RequestContext
from jobmeter.http.parameters import IDS_MAX, read_page, read_path_id, read_query_day, read_query_id
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import Day, Month, OperatorBody


class AccountBody(OperatorBody):
    """``firstMonth``, such as 2026-11, is the first month that is invoiced: by default the current one."""

    partner_id: Annotated[int, Field(gt=0, le=IDS_MAX)]
    currency: Word
    issues: Issuing = Issuing.ALONE
    zero_month: ZeroMonth = ZeroMonth.NOTHING
    first_month: Month | None = None
    profile: BuyerBody


class AccountChangeBody(OperatorBody):
    """What is absent remains unchanged. ``validFrom`` is that of the ``profile``: by default today."""

    issues: Issuing | None = None
    zero_month: ZeroMonth | None = None
    first_month: Month | None = None
    profile: BuyerBody | None = None
    valid_from: Day | None = None


class AgreementBody(OperatorBody):
    """``USE`` bills what was used in a month, ``TOP_UPS`` what the contract was funded with; slots only by top-up."""

    bills: Bills | None = None
    first_month: Month | None = None


class TaxRateBody(OperatorBody):
    """``category`` is a code of EN 16931 (UNCL 5305). Only ``S`` has a rate; the others, except ``Z``, have a reason."""

    category: TaxCategory
    rate_percent: Word = "0"
    reason: Line = ""
    valid_from: Day | None = None


async def open_account(context: RequestContext, body: AccountBody) -> Response:
    draft = AccountDraft(
        partner_id=body.partner_id,
        currency=body.currency,
        issues=body.issues,
        zero_month=body.zero_month,
        first_month=body.first_month or month_of(context.now),
        buyer=read_buyer(body.profile),
    )
    async with context.app.database.transaction() as connection:
        account = await accounts.open_account(connection, draft, now=context.now)
        content = await _serialize(connection, account, context)
        await _record(connection, context, Action.BILLING_ACCOUNT_OPEN, account, after=content)
    return json_response(content, status=201)


async def list_accounts(context: RequestContext) -> Response:
    """In the order of their ids; ``partnerId`` selects those of one partner."""
    page, partner_id = read_page(context.request), read_query_id(context.request, "partnerId")
    async with context.app.database.connection() as connection:
        found = await accounts.list_accounts(
            connection, after=page.after, rows_max=page.rows_max + 1, partner_id=partner_id
        )
    return page_response(found, page, serialize=_serialize_settings, key=lambda one: one.id)


async def show_account(context: RequestContext) -> Response:
    """With the profile and the tax rate that are in force on ``day``, by default today, and all versions of both."""
    async with context.app.database.connection() as connection:
        account = await accounts.find_account(connection, account_id=_read_account_id(context))
        return json_response(await _serialize(connection, account, context))


async def change_account(context: RequestContext, body: AccountChangeBody) -> Response:
    """Changes settings, and adds a version of the profile; issued documents keep the profile that they name."""
    change = AccountChange(issues=body.issues, zero_month=body.zero_month, first_month=body.first_month)
    if body.valid_from is not None and body.profile is None:
        raise Refused(Fault.OPERATOR_INPUT, field="validFrom", why="needs a profile")
    account_id = _read_account_id(context)
    async with context.app.database.transaction() as connection:
        before = _serialize_settings(await accounts.find_account(connection, account_id=account_id))
        account = await accounts.change_account(connection, account_id=account_id, change=change)
        after = _serialize_settings(account)
        if body.profile is not None:
            known = await accounts.list_buyers(connection, account_id=account.id)
            version = await accounts.set_buyer(
                connection,
                account_id=account.id,
                buyer=read_buyer(body.profile),
                valid_from=body.valid_from,
                now=context.now,
            )
            if (profile := find_in_force(known, version.valid_from)) is not None:
                before |= {"profile": serialize_dated(profile)}
            after |= {"profile": serialize_dated(version)}
        await _record(connection, context, Action.BILLING_ACCOUNT_CHANGE, account, before=before, after=after)
        content = await _serialize(connection, account, context)
    return json_response(content)


# -- agreements


async def put_agreement(context: RequestContext, body: AgreementBody) -> Response:
    """By default, the use of the contract is billed from the first month that is not billed yet."""
    contract_id = read_path_id(context.request, "contract_id", what="contract")
    async with context.app.database.transaction() as connection:
        account = await accounts.find_account(connection, account_id=_read_account_id(context))
        known = await accounts.find_agreement(connection, contract_id=contract_id)
        agreement = await accounts.set_agreement(
            connection,
            account_id=account.id,
            contract_id=contract_id,
            wish=AgreementWish(bills=body.bills, first_month=body.first_month),
            now=context.now,
        )
        before = {} if known is None else {"bills": known.bills, "firstMonth": f"{known.first_month:%Y-%m}"}
        after = _serialize_agreement(agreement)
        if known != agreement:
            await _record(
                connection, context, Action.BILLING_ACCOUNT_SET_AGREEMENT, account, before=before, after=after
            )
    return json_response(after)


async def remove_agreement(context: RequestContext) -> Response:
    contract_id = read_path_id(context.request, "contract_id", what="contract")
    async with context.app.database.transaction() as connection:
        account = await accounts.find_account(connection, account_id=_read_account_id(context))
        known = await accounts.find_agreement(connection, contract_id=contract_id)
        await accounts.remove_agreement(connection, account_id=account.id, contract_id=contract_id)
        before = {} if known is None else _serialize_agreement(known)
        await _record(connection, context, Action.BILLING_ACCOUNT_REMOVE_AGREEMENT, account, before=before)
    return Response(status_code=204)


async def list_agreements(context: RequestContext) -> Response:
    """In the order of the contracts' ids."""
    page, account_id = read_page(context.request), _read_account_id(context)
    async with context.app.database.connection() as connection:
        account = await accounts.find_account(connection, account_id=account_id)
        found = await accounts.list_agreements(
            connection, account_id=account.id, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize_agreement, key=lambda one: one.contract_id)


# -- tax rates


async def add_tax_rate(context: RequestContext, body: TaxRateBody) -> Response:
    """Adds a version, by default from today on; the first one is in force always. Lines keep the rate of their day."""
    rate_micros = read_percent(body.rate_percent)
    if rate_micros is None or rate_micros > RATE_MICROS_MAX:
        raise Refused(Fault.OPERATOR_INPUT, field="ratePercent", why="is not a percentage, such as 21 or 5.5")
    rate = TaxRate(category=body.category, rate_micros=rate_micros, reason=body.reason)
    async with context.app.database.transaction() as connection:
        account = await accounts.find_account(connection, account_id=_read_account_id(context))
        versions = await accounts.list_tax_rates(connection, account_id=account.id)
        version = await accounts.set_tax_rate(
            connection, account_id=account.id, rate=rate, valid_from=body.valid_from, now=context.now
        )
        known = find_in_force(versions, version.valid_from)
        before = {} if known is None else serialize_tax_rate(known)
        after = serialize_tax_rate(version)
        await _record(
            connection, context, Action.BILLING_ACCOUNT_SET_TAX_RATE, account, before=before, after=after
        )
    return json_response(after, status=201)


async def list_tax_rates(context: RequestContext) -> Response:
    """All versions in the order in which they are in force."""
    account_id = _read_account_id(context)
    async with context.app.database.connection() as connection:
        account = await accounts.find_account(connection, account_id=account_id)
        versions = await accounts.list_tax_rates(connection, account_id=account.id)
    return json_response({"elements": list(map(serialize_tax_rate, versions))})


async def _record(
    connection: Connection,
    context: RequestContext,
    action: Action,
    account: Account,
    *,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> None:
    await context.record(
        connection, action, account.id, partner_id=account.partner_id, before=before, after=after
    )


def _read_account_id(context: RequestContext) -> int:
    return read_path_id(context.request, "account_id", what="billing account")


async def _serialize(connection: Connection, account: Account, context: RequestContext) -> dict[str, Any]:
    day = read_query_day(context.request, "day", default=day_of(context.now))
    profiles = await accounts.list_buyers(connection, account_id=account.id)
    rates = await accounts.list_tax_rates(connection, account_id=account.id)
    profile, rate = find_in_force(profiles, day), find_in_force(rates, day)
    return _serialize_settings(account) | {
        "profile": None if profile is None else serialize_dated(profile),
        "taxRate": None if rate is None else serialize_tax_rate(rate),
        "profiles": list(map(serialize_dated, profiles)),
        "taxRates": list(map(serialize_tax_rate, rates)),
    }


def _serialize_settings(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "partner": account.partner_id,
        "currency": account.currency,
        "issues": account.issues,
        "zeroMonth": account.zero_month,
        "firstMonth": f"{account.first_month:%Y-%m}",
    }


def _serialize_agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "contract": agreement.contract_id,
        "account": agreement.account_id,
        "kind": agreement.kind,
        "bills": agreement.bills,
        "firstMonth": f"{agreement.first_month:%Y-%m}",
    }
