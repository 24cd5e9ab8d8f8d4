"""``/operator/invoices/{id}/payments`` and ``/operator/billing/...``: payments, what went back, the age of what is owed."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.api.operator.billing.documents import find_named
from jobmeter.api.operator.billing.parties import Line, Word
from jobmeter.audit.model import Action
from jobmeter.base.days import day_of
from jobmeter.base.money import format_amount, parse_positive_amount
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import (
    AccountAge,
    PaidInvoice,
    Payment,
    PaymentDraft,
    PaymentSource,
    Recorded,
    ReversalDraft,
)
from jobmeter.billing.providers import flow as providers
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.billing.top_ups.model import PaidTopUp, TopUpDraft
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import IDS_MAX, read_page, read_path_id, read_query_day
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.http.schemas import Day, OperatorBody

UNITS_MAX = 1_000_000_000
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class PaymentBody(OperatorBody):
    """Repeats with the same ``reference`` have no further effect. ``paidOn`` is today by default."""

    amount: Word
    reference: Reference
    paid_on: Day | None = None
    note: Line = ""


class PaidTopUpBody(OperatorBody):
    """``units`` are added to a hiring contract, or ``limit`` to that of a partner contract, both without tax.

    ``amount`` is what was paid: by default the price with the tax of today. Repeats with the same ``reference`` have no
    further effect.
    """

    contract: Annotated[int, Field(gt=0, le=IDS_MAX)]
    units: Annotated[int, Field(gt=0, le=UNITS_MAX)] | None = None
    limit: Word | None = None
    amount: Word | None = None
    reference: Reference
    paid_on: Day | None = None
    note: Line = ""


class ReversalBody(OperatorBody):
    """Without an ``amount``, all that is left of the payment went back.

    With ``throughProvider`` its provider pays it back, once for each ``reference``.
    """

    reference: Reference
    amount: Word | None = None
    through_provider: bool = False
    paid_on: Day | None = None
    note: Line = ""


async def pay_invoice(context: RequestContext, body: PaymentBody) -> Response:
    """Pays the invoice; what is more pays the account's other invoices, or is its credit."""
    async with context.app.database.transaction() as connection:
        document = await find_named(connection, context, partner_id=None)
        draft = _read_draft(body, document.account_id, document.currency, document_id=document.id)
        recorded = await payments.record_payment(connection, draft, now=context.now)
        content = await _serialize_one(connection, recorded.payment)
        await _record(connection, context, recorded, content)
    return _reply(recorded, content)


async def pay_account(context: RequestContext, body: PaymentBody) -> Response:
    """Pays the invoice that is due first, then the next; the rest is the account's credit for invoices to come."""
    account_id = read_path_id(context.request, "account_id", what="billing account")
    async with context.app.database.transaction() as connection:
        account = await accounts.find_account(connection, account_id=account_id)
        draft = _read_draft(body, account.id, account.currency)
        recorded = await payments.record_payment(connection, draft, now=context.now)
        content = await _serialize_one(connection, recorded.payment)
        await _record(connection, context, recorded, content)
    return _reply(recorded, content)


async def pay_top_up(context: RequestContext, body: PaidTopUpBody) -> Response:
    """Records a payment and tops up the contract that it is for: both or neither, and once."""
    account_id = read_path_id(context.request, "account_id", what="billing account")
    async with context.app.database.transaction() as connection:
        account = await accounts.find_account(connection, account_id=account_id)
        draft = TopUpDraft(
            account_id=account.id,
            contract_id=body.contract,
            reference=body.reference,
            units=body.units,
            limit_micros=_read_amount(body.limit, account.currency),
            amount_micros=_read_amount(body.amount, account.currency),
            paid_on=body.paid_on,
            note=body.note,
        )
        paid = await top_ups.record_top_up(connection, draft, now=context.now)
        content = await _serialize_one(connection, paid.payment) | {"topUp": _serialize_top_up(paid)}
        recorded = Recorded(paid.payment, paid.is_new)
        await _record(connection, context, recorded, content)
    return _reply(recorded, content)


async def reverse_payment(context: RequestContext, body: ReversalBody) -> Response:
    """Records money that went back; the invoices that it paid are open again, the one that is due last first."""
    payment_id = read_path_id(context.request, "payment_id", what="payment")
    async with context.app.database.connection() as connection:
        payment = await payments.find_payment(connection, payment_id=payment_id)
    draft = ReversalDraft(
        payment_id=payment.id,
        reference=body.reference,
        amount_micros=_read_amount(body.amount, payment.currency),
        paid_on=body.paid_on,
        note=body.note,
    )
    if body.through_provider:
        draft = await _refund(context, payment, draft)
    async with context.app.database.transaction() as connection:
        recorded = await payments.reverse_payment(connection, draft, now=context.now)
        content = await _serialize_one(connection, recorded.payment)
        await _record(connection, context, recorded, content)
    return _reply(recorded, content)


async def _refund(context: RequestContext, payment: Payment, draft: ReversalDraft) -> ReversalDraft:
    """Outside of any transaction: a crash before it is recorded does no harm, as the provider reports it as well."""
    async with context.app.database.connection() as connection:
        is_known = await payments.is_reversed(connection, payment=payment, reference=draft.reference)
    if is_known:
        return draft
    provider = providers.open_provider(context.app.settings)
    return await providers.refund(provider, payment=payment, draft=draft)


async def list_payments(context: RequestContext) -> Response:
    """Payments and reversals in the order in which they were recorded, each with the invoices that it pays."""
    page = read_page(context.request)
    account_id = read_path_id(context.request, "account_id", what="billing account")
    async with context.app.database.connection() as connection:
        account = await accounts.find_account(connection, account_id=account_id)
        found = await payments.list_payments(
            connection, account_id=account.id, after=page.after, rows_max=page.rows_max + 1
        )
        paid = await payments.list_paid_invoices(connection, payments=found)
    return page_response(
        found, page, serialize=lambda one: _serialize(one, paid[one.id]), key=lambda one: one.id
    )


async def list_ages(context: RequestContext) -> Response:
    """Accounts that owe or have credit, by how many days their invoices are overdue on ``day``, by default today."""
    page = read_page(context.request)
    today = read_query_day(context.request, "day", default=day_of(context.now))
    async with context.app.database.connection() as connection:
        found = await payments.list_ages(
            connection, today=today, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize_age, key=lambda one: one.account_id)


def _read_draft(
    body: PaymentBody, account_id: int, currency: str, *, document_id: int | None = None
) -> PaymentDraft:
    return PaymentDraft(
        account_id=account_id,
        source=PaymentSource.OPERATOR,
        reference=body.reference,
        amount_micros=parse_positive_amount(body.amount, currency).amount_micros,
        paid_on=body.paid_on,
        note=body.note,
        document_id=document_id,
    )


def _read_amount(text: str | None, currency: str) -> int | None:
    return None if text is None else parse_positive_amount(text, currency).amount_micros


async def _record(
    connection: Connection, context: RequestContext, recorded: Recorded, content: dict[str, Any]
) -> None:
    if not recorded.is_new:
        return
    payment = recorded.payment
    account = await accounts.find_account(connection, account_id=payment.account_id)
    action = Action.PAYMENT_RECORD if payment.reverses is None else Action.PAYMENT_REVERSE
    # Partners read their records, and not the operator's own note.
    after = {name: value for name, value in content.items() if name != "note"}
    await context.record(connection, action, payment.id, partner_id=account.partner_id, after=after)


def _reply(recorded: Recorded, content: dict[str, Any]) -> Response:
    status = 201 if recorded.is_new else 200
    return json_response(content | {"wasRepeated": not recorded.is_new}, status=status)


async def _serialize_one(connection: Connection, payment: Payment) -> dict[str, Any]:
    paid = await payments.list_paid_invoices(connection, payments=[payment])
    return _serialize(payment, paid[payment.id])


def _serialize(payment: Payment, paid: list[PaidInvoice]) -> dict[str, Any]:
    """With the operator's own note, which partners do not see."""
    return serialize_payment(payment, paid) | {"note": payment.note}


def serialize_payment(payment: Payment, paid: list[PaidInvoice]) -> dict[str, Any]:
    """``credit`` is what pays no invoice yet, ``reversed`` what went back."""

    def amount(micros: int) -> str:
        return format_amount(micros, payment.currency)

    return {
        "id": payment.id,
        "kind": "PAYMENT" if payment.reverses is None else "REVERSAL",
        "account": payment.account_id,
        "source": payment.source,
        "reference": payment.reference,
        "amount": amount(payment.amount_micros),
        "currencyCode": payment.currency,
        "paidOn": payment.paid_on.isoformat(),
        "invoice": payment.document_id,
        "reverses": payment.reverses,
        "topsUp": None if payment.top_up is None else payment.top_up.contract_id,
        "reversed": amount(payment.reversed_micros),
        "credit": amount(payment.credit_micros),
        "recordedAt": payment.recorded_at.isoformat(),
        "pays": [
            {"invoice": one.document_id, "number": one.number, "amount": amount(one.amount_micros)}
            for one in paid
        ],
    }


def _serialize_top_up(paid: PaidTopUp) -> dict[str, Any]:
    """``billedIn`` is the month whose invoice has a line of it, by the same ``posting``; null if use is billed."""
    payment, price = paid.payment, paid.price
    assert payment.top_up is not None, "it was recorded with it"
    return {
        "contract": payment.top_up.contract_id,
        "posting": str(payment.top_up.posting),
        "units": paid.units,
        "net": format_amount(price.net_micros, payment.currency),
        "tax": format_amount(price.tax_micros, payment.currency),
        "total": format_amount(price.total_micros, payment.currency),
        "billedIn": None if paid.billed_in is None else f"{paid.billed_in:%Y-%m}",
    }


def _serialize_age(age: AccountAge) -> dict[str, Any]:
    def amount(micros: int) -> str:
        return format_amount(micros, age.currency)

    overdue = age.days_30_micros + age.days_60_micros + age.days_90_micros + age.older_micros
    return {
        "account": age.account_id,
        "partner": age.partner_id,
        "legalName": age.legal_name,
        "currencyCode": age.currency,
        "invoices": age.invoices,
        "open": amount(age.not_due_micros + overdue),
        "overdue": amount(overdue),
        "notDue": amount(age.not_due_micros),
        "days1To30": amount(age.days_30_micros),
        "days31To60": amount(age.days_60_micros),
        "days61To90": amount(age.days_90_micros),
        "daysOver90": amount(age.older_micros),
        "credit": amount(age.credit_micros),
        "oldestDueOn": format_time(age.oldest_due_on),
        "lastReminder": age.reminder_level or None,
    }
