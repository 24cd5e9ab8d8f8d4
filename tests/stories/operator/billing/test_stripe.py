"""Invoices paid by Stripe: links, events taken once, refunds and disputes, against a double of the library's own types."""

from collections.abc import Iterator
from typing import Any

import pytest

from jobmeter.base.clock import read_machine_clock
from tests.stories.operator.billing.scene import InvoicedPartner, open_invoiced_partner
from tests.stories.operator.billing.stripe_double import (
    SECRET,
    StripeDouble,
    make_dispute,
    make_event,
    make_refund,
    make_session,
    run_stripe_double,
    sign,
)
from tests.stories.operator.billing.test_payments import find_broken, state_of
from tests.support.sandbox_client import bearer, open_sandbox_client

COMPLETED = "checkout.session.completed"
RETURN = "https://ats.example.com/paid"
LINK = f"paymentLink?returnUrl={RETURN}"


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with run_stripe_double() as double:
        yield double


@pytest.fixture
def partner(database_url: str, double: StripeDouble) -> Iterator[InvoicedPartner]:
    keys = {"stripe_key": "sk_test_key", "stripe_webhook_secret": SECRET, "stripe_url": double.url}
    with open_sandbox_client(database_url, **keys) as client:
        yield open_invoiced_partner(client)


def send(partner: InvoicedPartner, payload: bytes, headers: dict[str, str] | None = None) -> Any:
    chosen = sign(payload) if headers is None else headers
    return partner.sandbox_client.client.post("/payments/stripe/events", content=payload, headers=chosen)


def test_an_invoice_is_paid_at_its_link_and_the_event_is_taken_once(
    partner: InvoicedPartner, double: StripeDouble, database_url: str
) -> None:
    partner.use_credits("a", "b")
    (invoice,) = partner.end_month()
    partner.pay("50.00", "bank 1", invoice)

    # a link asks for what is open, in cents; asked for again, it is the same
    link = partner.read(f"invoices/{invoice['id']}/{LINK}")
    assert (link["amount"], link["provider"], link["url"]) == (
        "150.00",
        "STRIPE",
        "https://checkout.stripe.com/c/pay/cs_1",
    )
    headers = bearer(partner.sandbox_client.token("parent"))
    own = partner.sandbox_client.client.get(f"/partner/invoices/{invoice['id']}/{LINK}", headers=headers)
    assert own.json() == link
    ((path, sent),) = double.requests.values()
    price = sent["line_items"]["0"]["price_data"]
    assert (path, price["currency"], price["unit_amount"]) == ("/v1/checkout/sessions", "usd", "15000")
    assert price["product_data"]["name"] == f"Invoice {invoice['number']}"

    # the event pays it, once; another event of the same payment is the same payment
    paid = make_session(invoice["id"], units=15_000)
    for event_id, outcome, repeated in (
        ("evt_1", "RECORDED", False),
        ("evt_1", "", True),
        ("evt_2", "RECORDED", False),
    ):
        answer = send(partner, make_event(COMPLETED, paid, event_id))
        assert answer.json() == {"received": True, "outcome": outcome, "wasRepeated": repeated}
    assert state_of(partner, invoice) == ("PAID", "200.00", "0.00")
    listed = partner.read(f"billing/accounts/{partner.account_id}/payments")["elements"]
    assert [(one["source"], one["reference"]) for one in listed] == [
        ("OPERATOR", "bank 1"),
        ("STRIPE", "pi_1"),
    ]
    answer = partner.operate("GET", f"invoices/{invoice['id']}/{LINK}")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_PAYABLE")
    assert find_broken(database_url) == []


@pytest.mark.long
def test_refunds_and_disputes_open_the_invoice_again(
    partner: InvoicedPartner, double: StripeDouble, database_url: str
) -> None:
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    send(partner, make_event(COMPLETED, make_session(invoice["id"], units=10_000)))
    (payment,) = partner.read(f"billing/accounts/{partner.account_id}/payments")["elements"]
    reversals = f"billing/payments/{payment['id']}/reversals"

    # by the operator: Stripe pays back once, and its event is the same reversal
    body = {"reference": "complaint 7", "amount": "30.00", "throughProvider": True}
    first, again = (partner.operate("POST", reversals, body) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()["amount"]) == (201, 200, "30.00"), first.text
    ((path, sent),) = double.requests.values()
    assert (path, sent["payment_intent"], sent["amount"]) == ("/v1/refunds", "pi_1", "3000")
    ours = make_refund(3_000, metadata={"jobmeter_reference": "complaint 7"})
    assert send(partner, make_event("refund.updated", ours, "evt_2")).json()["outcome"] == "RECORDED"
    assert state_of(partner, invoice) == ("PARTLY_PAID", "70.00", "30.00")
    # at Stripe: a refund that is pending is none yet
    pending = make_refund(2_000, id="re_9", status="pending")
    assert send(partner, make_event("refund.created", pending, "evt_3")).json()["outcome"] == "IGNORED"
    done = make_refund(2_000, id="re_9")
    assert send(partner, make_event("refund.updated", done, "evt_4")).json()["outcome"] == "RECORDED"
    assert state_of(partner, invoice)[2] == "50.00"
    # a dispute withdraws the rest, and brings it back when it is won
    dispute = make_dispute(5_000)
    send(partner, make_event("charge.dispute.funds_withdrawn", dispute, "evt_5"))
    assert state_of(partner, invoice)[2] == "100.00"
    send(partner, make_event("charge.dispute.funds_reinstated", dispute, "evt_6"))
    assert state_of(partner, invoice)[2] == "50.00"
    # more than what is left is kept for the operator, and changes nothing
    beyond = make_event("refund.updated", make_refund(9_999, id="re_10"), "evt_7")
    assert send(partner, beyond).json()["outcome"] == "PAYMENT_NOT_REVERSIBLE"
    assert find_broken(database_url) == []


@pytest.mark.long
def test_only_stripe_can_report_a_payment(partner: InvoicedPartner, database_url: str) -> None:
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    payload = make_event(COMPLETED, make_session(invoice["id"], units=10_000))
    old = int(read_machine_clock().timestamp()) - 3_600
    for headers in (
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "t=1,v1=00"},
        {"Stripe-Signature": "nonsense"},
        sign(payload, secret="whsec_guessed"),
        sign(payload, at=old),
        sign(payload.replace(b"10000", b"99999")),
    ):
        answer = send(partner, payload, headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "SIGNATURE_INVALID"), headers
    for content in (b"", b"{}", b"[]", b"\xff", b'{"id": 1}'):
        answer = send(partner, content, sign(content) if content != b"\xff" else sign(b"x"))
        assert answer.status_code == 400, (content, answer.text)
    assert state_of(partner, invoice) == ("OPEN", "0.00", "100.00")
    assert find_broken(database_url) == []


@pytest.mark.long
def test_what_cannot_be_recorded_is_kept_with_its_reason_and_not_sent_again(
    partner: InvoicedPartner, database_url: str
) -> None:
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    number = invoice["id"]
    cases = [
        (make_session(999_999, units=100), "OPERATOR_UNKNOWN"),
        (make_session(number, units=100, currency="eur"), "CURRENCY_DIFFERS"),
        (make_session(number, units=100, payment_status="unpaid"), "IGNORED"),
        (make_session(number, units=100, metadata={}), "IGNORED"),
        (make_session(number, units=100, metadata={"jobmeter_invoice": "x"}), "IGNORED"),
        (make_session(number, units=0), "AMOUNT_NOT_POSITIVE"),
    ]
    for position, (session, outcome) in enumerate(cases):
        payload = make_event(COMPLETED, session, f"evt_{position}")
        answer = send(partner, payload)
        assert (answer.status_code, answer.json()["outcome"]) == (200, outcome), answer.text
        assert send(partner, payload).json()["wasRepeated"] is True
    refund = make_event("refund.updated", make_refund(100, payment_intent="pi_9"), "evt_r")
    assert send(partner, refund).json()["outcome"] == "IGNORED"
    assert state_of(partner, invoice) == ("OPEN", "0.00", "100.00")
    assert find_broken(database_url) == []


@pytest.mark.long
def test_a_failure_of_stripe_is_reported_and_changes_nothing(
    partner: InvoicedPartner, double: StripeDouble
) -> None:
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    double.failures.extend([402])
    answer = partner.operate("GET", f"invoices/{invoice['id']}/{LINK}")
    assert (answer.status_code, answer.json()["code"]) == (502, "PROVIDER_FAILED")
    assert "Stripe is not well" in answer.json()["message"]
    # one of the bank is not Stripe's to pay back
    payment = partner.pay("10.00", "bank 1", invoice).json()
    path = f"billing/payments/{payment['id']}/reversals"
    answer = partner.operate("POST", path, {"reference": "back", "throughProvider": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_REVERSIBLE")
    for wrong in ("paymentLink", "paymentLink?returnUrl=javascript:alert(1)", "paymentLink?returnUrl=x"):
        answer = partner.operate("GET", f"invoices/{invoice['id']}/{wrong}")
        assert (answer.status_code, "returnUrl" in answer.json()["message"]) == (400, True), wrong


@pytest.mark.long
def test_without_a_key_there_are_no_links(sandbox_client: Any) -> None:
    partner = open_invoiced_partner(sandbox_client)
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    answer = partner.operate("GET", f"invoices/{invoice['id']}/{LINK}")
    assert (answer.status_code, answer.json()["code"]) == (409, "NO_PROVIDER")
    assert send(partner, b"{}", {}).status_code == 409
