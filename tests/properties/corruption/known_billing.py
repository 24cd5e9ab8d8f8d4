"""Owns the changes of billing that were once not noticed, and one at least for each of its laws."""

PAYMENT = (
    "INSERT INTO billing_payments (id, account_id, source, reference, amount_micros, paid_on, note, recorded_at)"
    " SELECT 2, id, 'OPERATOR', 'r', 5000000, date '2026-01-01', '', created_at FROM billing_accounts LIMIT 1"
)

KNOWN_BILLING: dict[str, tuple[str, tuple[str, ...]]] = {
    "an account of a customer": (
        "billing: every account",
        ("UPDATE billing_accounts SET partner_id = (SELECT max(id) FROM applications)",),
    ),
    "an account in another currency": (
        "billing: every agreement",
        ("UPDATE billing_accounts SET currency = 'USD'",),
    ),
    "a logo that nobody kept": (
        "billing: every logo",
        ("UPDATE billing_sellers SET logo = repeat('a', 64)",),
    ),
    "a top-up without the payment that it names": (
        "15: every payment that tops up",
        ("UPDATE billing_payments SET tops_up = NULL, top_up = NULL WHERE top_up IS NOT NULL",),
    ),
    "a payment that is not booked": ("15: every payment", (PAYMENT,)),
    "what is owed after a payment that is not booked": ("15: what an account owes is open", (PAYMENT,)),
    "an open invoice beside credit": ("14: no invoice", (PAYMENT,)),
    "a payment that pays more than it is": (
        "14: every payment",
        (
            (
                "INSERT INTO billing_allocations (payment_id, document_id, amount_micros, allocated_at)"
                " SELECT payment_id, document_id, 1, allocated_at FROM billing_allocations LIMIT 1"
            ),
        ),
    ),
    "a line of clicks that was never charged": (
        "9: every charge of a billed month",
        (
            """UPDATE billing_lines SET quantity = quantity + 1, net_micros = net_micros + price_micros
                WHERE kind = 'CLICKS'""",
        ),
    ),
    "a posting that is on no invoice": (
        "9: every other posting",
        ("DELETE FROM billing_lines WHERE kind = 'POSTING'",),
    ),
    "a credit that is on two lines": (
        "9: every other posting",
        (
            "DROP INDEX billing_line_postings",
            """INSERT INTO billing_lines SELECT document_id, line + 100, kind, contract_id, job_id,
                application_id, posting, external_id, title, company_name, customer_job_code, poster_email,
                first_at, last_at, quantity, price_micros, net_micros, category, rate_micros FROM billing_lines
                WHERE kind = 'RENEWAL'""",
        ),
    ),
    "a raised price of a credit": (
        "9: every line says",
        (
            """UPDATE billing_lines SET price_micros = price_micros + 10000, net_micros = net_micros + 10000
                WHERE kind = 'RENEWAL'""",
        ),
    ),
    "a month whose cut is gone": ("9: every month was billed before", ("DELETE FROM billing_cuts",)),
    "a number that was never given": ("11:", ("UPDATE billing_series SET last = last + 1",)),
    "an invoice removed": ("11:", ("DELETE FROM billing_documents WHERE sequence = 1",)),
    "the net of a document": (
        "12: every document",
        ("UPDATE billing_documents SET net_micros = net_micros + 10000",),
    ),
    "a tax that is a cent low": (
        "12: every tax",
        ("UPDATE billing_taxes SET tax_micros = tax_micros - 10000",),
    ),
    "a month that was skipped": (
        "13:",
        ("DELETE FROM billing_cuts WHERE month = '2026-06-01'",),
    ),
    "a line corrected by more than it was": (
        "14:",
        (
            """UPDATE billing_lines SET price_micros = price_micros * 1000, net_micros = net_micros * 1000
                WHERE kind = 'CORRECTION'""",
        ),
    ),
    "an invoice that is owed twice": (
        "15:",
        ("UPDATE ledger_bookings SET amount = amount * 2 WHERE purpose = 8",),
    ),
    "the address of an issued invoice": (
        "16:",
        ("""UPDATE billing_documents SET buyer = buyer || '{"city": "Delft"}'""",),
    ),
    "the title of an invoiced job": ("16:", ("UPDATE billing_lines SET title = 'Other'",)),
}
