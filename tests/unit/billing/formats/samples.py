"""Owns sample documents for the tests of the formats: parties, lines and totals that add up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from jobmeter.base.money import MICROS_PER_UNIT, minor_digits
from jobmeter.billing.model import (
    Buyer,
    Document,
    DocumentKind,
    DocumentLine,
    LineKind,
    Seller,
    TaxCategory,
    TaxTotal,
)

ISSUED_AT = datetime(2026, 11, 3, 0, 0, 7, tzinfo=UTC)
MONTH = date(2026, 10, 1)

SELLER = Seller(
    legal_name="Board B.V.",
    address_lines=("Coolsingel 1",),
    city="Rotterdam",
    postcode="3011 AD",
    country="NL",
    vat_number="NL123456782B90",
    registration_number="12345678",
    registration_scheme="0106",
    endpoint="12345678",
    endpoint_scheme="0106",
    emails=("billing@board.example.com",),
    iban="NL91ABNA0417164300",
    bic="ABNANL2A",
)
BUYER = Buyer(
    legal_name="Wiederverkäufer GmbH",
    address_lines=("Hauptstraße 2", "Hinterhaus"),
    city="Berlin",
    postcode="10115",
    country="DE",
    vat_number="DE136695976",
    endpoint="DE136695976",
    endpoint_scheme="9930",
    purchase_order="PO-2026-118",
)
LINE = DocumentLine(
    line=1,
    kind=LineKind.POSTING,
    contract_id=2_008_000_005,
    job_id=7_000_001,
    application_id=1_000_002,
    external_id="job-1",
    title="Harbour pilot",
    company_name="Harbour Logistics",
    customer_job_code="HL-42",
    poster_email="jobs@harbour.example.com",
    first_at=datetime(2026, 10, 2, 9, 30, tzinfo=UTC),
    last_at=datetime(2026, 10, 2, 9, 30, tzinfo=UTC),
    quantity=1,
    price_micros=150_000_000,
    net_micros=150_000_000,
    category=TaxCategory.STANDARD,
    rate_micros=210_000,
)


def make_line(line=1, **changes):
    """A line whose net is its quantity times its price."""
    made = replace(LINE, line=line, **changes)
    return replace(made, net_micros=made.quantity * made.price_micros)


def make_lines(count=4, **changes):
    """Postings, renewals, clicks and a correction, in turn."""
    kinds = (
        {"kind": LineKind.POSTING, "title": "Harbour pilot"},
        {"kind": LineKind.RENEWAL, "title": "ممرضة في مستشفى الملك", "company_name": "شركة الميناء"},
        {"kind": LineKind.CLICKS, "title": "Kranführer", "quantity": 37, "price_micros": 1_250_000},
        {
            "kind": LineKind.CORRECTION,
            "title": "Deckhand",
            "quantity": -1,
            "price_micros": 3_750_000,
            "corrects_number": "INV-2026-000007",
            "corrects_line": 12,
        },
    )
    made = []
    for at in range(count):
        moment = LINE.first_at + timedelta(minutes=at % 30_000)
        times = {"first_at": moment, "last_at": moment, "external_id": f"job-{at + 1}"}
        made.append(make_line(at + 1, **{**kinds[at % len(kinds)], **times, **changes}))
    return made


def make_document(lines, **changes):
    """A document of these lines, with the taxes that follow from them."""
    groups: dict[tuple[TaxCategory, int], int] = {}
    for line in lines:
        key = (line.category, line.rate_micros)
        groups[key] = groups.get(key, 0) + line.net_micros
    currency = changes.get("currency", "EUR")
    taxes = tuple(
        TaxTotal(
            category=category,
            rate_micros=rate,
            reason="",
            base_micros=base,
            tax_micros=round_half_up(base, rate, minor=10 ** (6 - minor_digits(currency))),
        )
        for (category, rate), base in groups.items()
    )
    made = Document(
        id=5_000_001,
        kind=DocumentKind.INVOICE,
        number="INV-2026-000042",
        account_id=5_000_000,
        partner_id=1_000_001,
        month=MONTH,
        currency=currency,
        seller=SELLER,
        buyer=BUYER,
        line_count=len(lines),
        net_micros=sum(line.net_micros for line in lines),
        tax_micros=sum(tax.tax_micros for tax in taxes),
        taxes=taxes,
        issued_at=ISSUED_AT,
        due_on=date(2026, 12, 3),
    )
    return replace(made, **changes)


def round_half_up(base_micros, rate_micros, *, minor):
    """Half away from zero, in whole minor units."""
    minors = (2 * abs(base_micros) * rate_micros + MICROS_PER_UNIT * minor) // (2 * MICROS_PER_UNIT * minor)
    return (-1 if base_micros < 0 else 1) * minors * minor
