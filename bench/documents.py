"""Owns the figures of documents: how fast the PDF of a long invoice is typeset, and how much memory it needs.

Nothing else could typeset the same pages, so there is no limit to compare with.
"""

import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta

import pikepdf

from bench.machine import Machine
from bench.measurement import Measured, Sizes
from jobmeter.billing.formats.flow import Press, render
from jobmeter.billing.formats.model import FileFormat
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

LINES, FEW = 50_000, 4
PAGE_LINES = 1_000
PRICE_MICROS, RATE_MICROS = 1_250_000, 210_000
KILOBYTES_PER_MB = 1_024
MONTH = date(2026, 10, 1)
FIRST_AT = datetime(2026, 10, 1, 8, tzinfo=UTC)
SELLER = Seller(
    legal_name="Board",
    address_lines=("Main street 1",),
    city="Rotterdam",
    postcode="3011 AD",
    country="NL",
    vat_number="NL123456782B90",
    iban="NL91ABNA0417164300",
)
BUYER = Buyer(
    legal_name="Reseller",
    address_lines=("High street 2",),
    city="Amsterdam",
    postcode="1011 AB",
    country="NL",
    vat_number="NL000099998B57",
)


def make_document(lines: int) -> Document:
    net = lines * PRICE_MICROS
    tax = net * RATE_MICROS // 1_000_000
    return Document(
        id=1,
        kind=DocumentKind.INVOICE,
        number="INV-2026-000001",
        account_id=1,
        partner_id=1,
        month=MONTH,
        currency="EUR",
        seller=SELLER,
        buyer=BUYER,
        line_count=lines,
        net_micros=net,
        tax_micros=tax,
        taxes=(
            TaxTotal(
                category=TaxCategory.STANDARD,
                rate_micros=RATE_MICROS,
                reason="",
                base_micros=net,
                tax_micros=tax,
            ),
        ),
        issued_at=datetime(2026, 11, 3, tzinfo=UTC),
        due_on=date(2026, 12, 3),
    )


def make_line(line: int) -> DocumentLine:
    moment = FIRST_AT + timedelta(seconds=40 * line)
    return DocumentLine(
        line=line,
        kind=LineKind.POSTING,
        contract_id=2_008_000_005,
        job_id=7_000_000 + line,
        application_id=1_000_002,
        external_id=f"job-{line}",
        title=f"Harbour pilot, berth {line % 97}",
        company_name="Harbour Logistics",
        customer_job_code="HL-42",
        poster_email="jobs@harbour.example.com",
        first_at=moment,
        last_at=moment,
        quantity=1,
        price_micros=PRICE_MICROS,
        net_micros=PRICE_MICROS,
        category=TaxCategory.STANDARD,
        rate_micros=RATE_MICROS,
    )


def measure_documents(_: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Typesets the lines once; the memory is that of the largest process that typesets and of this one, which joins.

    The peak is higher if other groups were measured in the same process before.
    """
    del now
    lines = min(LINES, sizes.jobs)
    began = time.perf_counter()
    with tempfile.TemporaryFile() as target:
        with Press("") as press, press.open_writer(make_document(lines), FileFormat.PDF, target) as writer:
            for first in range(1, lines + 1, PAGE_LINES):
                last = min(lines, first + PAGE_LINES - 1)
                writer.add([make_line(line) for line in range(first, last + 1)])
        seconds = time.perf_counter() - began
        with pikepdf.open(target) as made:
            pages = len(made.pages)
    memory = sum(
        resource.getrusage(who).ru_maxrss / KILOBYTES_PER_MB
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    note = f"{lines:,} lines, {pages:,} pages"
    few = [make_line(line) for line in range(1, FEW + 1)]
    began = time.perf_counter()
    render(make_document(FEW), few, FileFormat.PDF)
    milliseconds = (time.perf_counter() - began) * 1_000
    return {
        "billing_pdf_small": Measured((milliseconds,), note=f"{FEW} lines, in a process of its own"),
        "billing_pdf": Measured((pages / seconds,), note=note),
        "billing_pdf_peak_memory": Measured((memory,), note=note),
    }
