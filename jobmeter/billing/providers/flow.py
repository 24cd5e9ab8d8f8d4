"""Owns the verbs of payment providers: a link to pay an invoice, a refund, and taking an event once."""

import logging
from dataclasses import replace
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money
from jobmeter.base.settings import Settings
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.model import Document
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import Payment, PaymentDraft, Recorded, ReversalDraft
from jobmeter.billing.payments.rules import check_payable
from jobmeter.billing.providers import store
from jobmeter.billing.providers.model import Happening, LinkRequest, ProviderEvent, TakenEvent
from jobmeter.billing.providers.protocol import PaymentProvider
from jobmeter.billing.providers.stripe_api import StripeProvider, is_installed
from jobmeter.database.connection import Connection

log = logging.getLogger("jobmeter.billing")
IGNORED, RECORDED = "IGNORED", "RECORDED"


def open_provider(settings: Settings) -> PaymentProvider:
    """Raises ``Refused(PROVIDER_MISSING)`` if none is configured."""
    if not settings.stripe_key or not is_installed():
        raise Refused(Fault.PROVIDER_MISSING)
    return StripeProvider(
        key=settings.stripe_key, webhook_secret=settings.stripe_webhook_secret, url=settings.stripe_url
    )


async def make_link(provider: PaymentProvider, *, document: Document, return_url: str) -> str:
    """Returns the address at which what is open of the invoice can be paid.

    Raises ``Refused``: DOCUMENT_NOT_PAYABLE, also for an invoice of which nothing is open, PROVIDER_FAILED.
    """
    check_payable(document)
    if document.open_micros == 0:
        raise Refused(Fault.DOCUMENT_NOT_PAYABLE, document=document.number)
    return await provider.create_link(
        LinkRequest(
            document_id=document.id,
            number=document.number,
            amount=Money(document.open_micros, document.currency),
            return_url=return_url,
            email=document.buyer.emails[0] if document.buyer.emails else "",
        )
    )


async def refund(provider: PaymentProvider, *, payment: Payment, draft: ReversalDraft) -> ReversalDraft:
    """Pays money of a payment back through its provider; returns the reversal to record, with its amount.

    Raises ``Refused``: PAYMENT_NOT_REVERSIBLE, also for a payment that the provider did not receive, PAYMENT_EXCEEDED,
    PROVIDER_FAILED. The provider reports the refund as well, under the same reference.
    """
    if payment.source is not provider.source:
        raise Refused(Fault.PAYMENT_NOT_REVERSIBLE, payment=payment.id)
    amount = Money(payments.choose_amount(payment, draft), payment.currency)
    await provider.refund(payment=payment.reference, amount=amount, reference=draft.reference)
    return replace(draft, amount_micros=amount.amount_micros)


async def take_event(
    connection: Connection, provider: PaymentProvider, event: ProviderEvent, *, now: datetime
) -> TakenEvent:
    """Records what an event reports, once; what cannot be recorded is kept with the reason, for the operator."""
    if await store.is_event_taken(connection, provider=provider.source, event_id=event.id):
        return TakenEvent(outcome="", payment_id=None, is_new=False)
    outcome, payment_id = IGNORED, None
    try:
        async with connection.transaction():
            recorded = await _record(connection, provider, event, now)
        if recorded is not None:
            outcome, payment_id = RECORDED, recorded.payment.id
    except Refused as refused:
        outcome = refused.fault.name
        log.warning("event %s of %s was not recorded: %s", event.id, provider.source, refused.message)
    is_new = await store.insert_provider_event(
        connection,
        provider=provider.source,
        event_id=event.id,
        kind=event.kind,
        payment_id=payment_id,
        outcome=outcome,
        now=now,
    )
    return TakenEvent(outcome=outcome, payment_id=payment_id, is_new=is_new)


async def _record(
    connection: Connection, provider: PaymentProvider, event: ProviderEvent, now: datetime
) -> Recorded | None:
    if event.happening is Happening.NOTHING or event.amount is None:
        return None
    if event.happening is Happening.PAID:
        if event.document_id is None:
            return None
        document = await documents.find_document(connection, document_id=event.document_id)
        _check_currency(event.amount, document.currency)
        return await _receive(
            connection, provider, event, account_id=document.account_id, document_id=document.id, now=now
        )
    payment = await payments.find_received(connection, source=provider.source, reference=event.payment)
    if payment is None:
        return None
    _check_currency(event.amount, payment.currency)
    if event.happening is Happening.CAME_AGAIN:
        return await _receive(
            connection, provider, event, account_id=payment.account_id, document_id=None, now=now
        )
    draft = ReversalDraft(
        payment_id=payment.id, reference=event.reference, amount_micros=event.amount.amount_micros
    )
    return await payments.reverse_payment(connection, draft, now=now)


async def _receive(
    connection: Connection,
    provider: PaymentProvider,
    event: ProviderEvent,
    *,
    account_id: int,
    document_id: int | None,
    now: datetime,
) -> Recorded:
    assert event.amount is not None, "a payment has an amount"
    draft = PaymentDraft(
        account_id=account_id,
        source=provider.source,
        reference=event.reference,
        amount_micros=event.amount.amount_micros,
        document_id=document_id,
    )
    return await payments.record_payment(connection, draft, now=now)


def _check_currency(amount: Money, expected: str) -> None:
    if amount.currency != expected:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=amount.currency, expected=expected)
