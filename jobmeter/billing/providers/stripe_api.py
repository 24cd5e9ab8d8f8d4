"""Owns payments by Stripe: its official library makes links and refunds, and checks the signatures of events.

Needs the extra ``stripe``; nothing else loads the library. Does not own what an event leads to (``flow``).
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import Money
from jobmeter.billing.payments.model import PaymentSource
from jobmeter.billing.providers.model import Happening, LinkRequest, ProviderEvent
from jobmeter.billing.providers.rules import (
    STRIPE_DIGITS,
    STRIPE_STEPS,
    from_minor_units,
    to_minor_units,
)
from jobmeter.outbound.waiting import run_apart

SECONDS_MAX = 20
RETRIES_MAX = 2
INVOICE = "jobmeter_invoice"  # the key of a payment's metadata that names the invoice
REVERSAL = "jobmeter_reference"  # of a refund's metadata: under which it is recorded
ID_DIGITS_MAX = 18
NO_EVENT = (ValueError, KeyError, TypeError, AttributeError)
ReplyT = TypeVar("ReplyT")

PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
REFUNDED = ("refund.created", "refund.updated")
WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"


def is_installed() -> bool:
    return importlib.util.find_spec("stripe") is not None


class StripeProvider:
    """``url`` replaces the address of Stripe's API, for tests against a double."""

    def __init__(self, *, key: str, webhook_secret: str, url: str = "") -> None:
        self._stripe = importlib.import_module("stripe")
        self._secret = webhook_secret
        self._client = self._stripe.StripeClient(
            key,
            base_addresses={"api": url} if url else {},
            max_network_retries=RETRIES_MAX,
            http_client=self._stripe.RequestsClient(timeout=SECONDS_MAX),
        )

    @property
    def source(self) -> PaymentSource:
        return PaymentSource.STRIPE

    async def create_link(self, request: LinkRequest) -> str:
        """Repeated for the same amount, it returns the same page, for as long as Stripe remembers the request: a day."""
        named = {INVOICE: str(request.document_id)}
        wanted = {
            "mode": "payment",
            "client_reference_id": str(request.document_id),
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.amount.currency.lower(),
                        "unit_amount": to_minor_units(
                            request.amount, digits=STRIPE_DIGITS, steps=STRIPE_STEPS
                        ),
                        "product_data": {"name": f"Invoice {request.number}"},
                    },
                }
            ],
            "metadata": named,
            "payment_intent_data": {"metadata": named},
            "success_url": request.return_url,
            "cancel_url": request.return_url,
        }
        if request.email:
            wanted["customer_email"] = request.email
        key = str(make_reference("payment link", wanted))
        create = partial(self._client.v1.checkout.sessions.create, wanted, {"idempotency_key": key})
        session = await self._ask(create)
        return str(session.url)

    async def refund(self, *, payment: str, amount: Money, reference: str) -> None:
        wanted = {
            "payment_intent": payment,
            "metadata": {REVERSAL: reference},
            "amount": to_minor_units(amount, digits=STRIPE_DIGITS, steps=STRIPE_STEPS),
        }
        key = str(make_reference("refund", payment, reference))
        create = partial(self._client.v1.refunds.create, wanted, {"idempotency_key": key})
        await self._ask(create)

    async def _ask(self, call: Callable[[], ReplyT]) -> ReplyT:
        try:
            return await run_apart(call, name="a call of Stripe")
        except self._stripe.StripeError as error:
            why = error.user_message or type(error).__name__
            raise Refused(Fault.PROVIDER_FAILED, provider="Stripe", why=why) from error

    def read_event(self, payload: bytes, signature: str) -> ProviderEvent:
        try:
            event = self._stripe.Webhook.construct_event(payload, signature, self._secret)
            return read_happening(event.to_dict())
        except (*NO_EVENT, self._stripe.SignatureVerificationError) as error:
            raise Refused(Fault.PROVIDER_SIGNATURE, provider="Stripe") from error


def read_happening(event: Mapping[str, Any]) -> ProviderEvent:
    """Reads an event that Stripe sent; raises one of ``NO_EVENT`` for other content."""
    about, kind = event["data"]["object"], str(event["type"])
    nothing = ProviderEvent(id=str(event["id"]), kind=kind, happening=Happening.NOTHING)
    if kind in PAID and about["payment_status"] == "paid":
        payment = about["payment_intent"] or about["id"]
        return replace(
            nothing,
            happening=Happening.PAID,
            payment=payment,
            reference=payment,
            amount=_amount(about["amount_total"], about["currency"]),
            document_id=_read_id((about.get("metadata") or {}).get(INVOICE, "")),
        )
    happening = Happening.NOTHING
    if (kind in REFUNDED and about["status"] == "succeeded") or kind == WITHDRAWN:
        happening = Happening.WENT_BACK
    elif kind == REINSTATED:
        happening = Happening.CAME_AGAIN
    if happening is Happening.NOTHING or not about.get("payment_intent"):
        return nothing
    return replace(
        nothing,
        happening=happening,
        payment=about["payment_intent"],
        reference=_name_of(about, happening),
        amount=_amount(about["amount"], about["currency"]),
    )


def _read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX else None


def _name_of(about: Mapping[str, Any], happening: Happening) -> str:
    """A refund that was asked for by us has our reference; others have Stripe's."""
    if happening is Happening.CAME_AGAIN:
        return f"{about['id']} reinstated"
    return str((about.get("metadata") or {}).get(REVERSAL) or about["id"])


def _amount(units: int, currency: str) -> Money | None:
    """``None`` for a currency that is none of ours: the payment is of another business of the same Stripe account."""
    try:
        return from_minor_units(units, currency.upper(), digits=STRIPE_DIGITS)
    except Refused:
        return None
