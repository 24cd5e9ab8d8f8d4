"""Owns a double of Stripe's API, written from the types of its official library, and events signed by the library.

It refuses parameters that the library's types do not have, and answers with the library's own objects.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import stripe
from stripe.params import RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from jobmeter.base.clock import read_machine_clock
from tests.support.webhook_receiver import POLLING

SECRET = "whsec_of_the_tests"
TYPES = {
    "/v1/checkout/sessions": (SessionCreateParams, stripe.checkout.Session),
    "/v1/refunds": (RefundCreateParams, stripe.Refund),
}


def fields_of(kind: Any) -> set[str]:
    """The fields that a type of the library declares."""
    return {name for base in kind.__mro__ for name in vars(base).get("__annotations__", {})}


@dataclass(frozen=True)
class StripeDouble:
    """``requests`` are those that were carried out, by their idempotency keys."""

    url: str
    requests: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def answer(self, path: str, sent: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        if self.failures:
            return self.failures.pop(), {"error": {"type": "api_error", "message": "Stripe is not well"}}
        if path not in TYPES:
            return 404, {"error": {"type": "invalid_request_error", "message": f"no {path}"}}
        params, kind = TYPES[path]
        unknown = set(sent) - (fields_of(params))
        if unknown:
            return 400, {"error": {"type": "invalid_request_error", "message": f"Unknown: {unknown}"}}
        if key in self.requests and self.requests[key] != (path, sent):
            return 400, {"error": {"type": "idempotency_error", "message": "another request has this key"}}
        self.requests[key] = (path, sent)
        return 200, self.replies.setdefault(key, self._make(kind, sent))

    def _make(self, kind: Any, sent: dict[str, Any]) -> dict[str, Any]:
        number = next(self.numbers)
        if kind is stripe.Refund:
            made = {"id": f"re_{number}", "object": "refund", "status": "succeeded", "currency": "usd"} | sent
        else:
            made = {
                "id": f"cs_{number}",
                "object": "checkout.session",
                "url": f"https://checkout.stripe.com/c/pay/cs_{number}",
                "status": "open",
            }
        assert set(made) <= (fields_of(kind)), made
        return kind.construct_from(made, "sk_test").to_dict()


@contextmanager
def run_stripe_double() -> Iterator[StripeDouble]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert self.headers["Authorization"] == "Bearer sk_test_key"
            status, reply = double.answer(self.path, read_form(body), self.headers["Idempotency-Key"])
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double = StripeDouble(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs=POLLING, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def read_form(body: str) -> dict[str, Any]:
    """Reads nested names, such as ``line_items[0][quantity]``; lists are dictionaries by their index."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        *outer, last = name.replace("]", "").split("[")
        place = found
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def make_event(kind: str, about: Any, event_id: str = "evt_1") -> bytes:
    """An event as Stripe sends it; ``about`` is an object of the library."""
    content = {
        "id": event_id,
        "object": "event",
        "api_version": stripe.api_version,
        "created": int(read_machine_clock().timestamp()),
        "livemode": False,
        "pending_webhooks": 1,
        "type": kind,
        "data": {"object": about.to_dict()},
    }
    return json.dumps(stripe.Event.construct_from(content, "sk_test").to_dict()).encode()


def sign(payload: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(payload.decode(), secret, at)
    return {"Stripe-Signature": header, "Content-Type": "application/json"}


def make_session(document_id: int, *, units: int, currency: str = "usd", **changed: Any) -> Any:
    """A checkout session that was paid."""
    content = {
        "id": "cs_1",
        "object": "checkout.session",
        "amount_total": units,
        "currency": currency,
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "status": "complete",
        "client_reference_id": str(document_id),
        "metadata": {"jobmeter_invoice": str(document_id)},
    } | changed
    assert set(content) <= (fields_of(stripe.checkout.Session)), content
    return stripe.checkout.Session.construct_from(content, "sk_test")


def make_refund(units: int, **changed: Any) -> Any:
    content = {
        "id": "re_1",
        "object": "refund",
        "amount": units,
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "succeeded",
        "metadata": {},
    } | changed
    assert set(content) <= (fields_of(stripe.Refund)), content
    return stripe.Refund.construct_from(content, "sk_test")


def make_dispute(units: int) -> Any:
    content = {
        "id": "du_1",
        "object": "dispute",
        "amount": units,
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "needs_response",
        "metadata": {},
    }
    assert set(content) <= (fields_of(stripe.Dispute)), content
    return stripe.Dispute.construct_from(content, "sk_test")
