"""Owns the list of what no law checks of payments, each with the reason. Pure."""

from jobmeter.integrity.findings.unchecked import ADDED, ALL, REMOVED, STORY, Unchecked

PAYMENTS: tuple[Unchecked, ...] = (
    Unchecked(
        "billing_payments",
        ("source", "reference", "paid_on", "note", "document_id"),
        "what the bank or a provider said of a payment, of which there is no other copy here",
    ),
    Unchecked("billing_allocations", ("number", "allocated_at"), STORY + ", or in which order"),
    Unchecked(
        "billing_reminders",
        (ALL, ADDED, REMOVED),
        "remembers what was sent: one reminder is sent twice, or not at all",
    ),
    Unchecked(
        "billing_provider_events",
        (ALL, ADDED, REMOVED),
        "remembers what was processed; a repeated payment has the same reference and is one",
    ),
)
