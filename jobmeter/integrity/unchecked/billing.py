"""Owns the part of the list of what no law checks that concerns billing. Pure."""

from jobmeter.integrity.unchecked.entry import ADDED, ALL, REMOVED, Unchecked

SETTING = "a setting of the operator, in force from then on; what was billed by it is stored in the document"
RETRY = "work in progress: what is lost or changed here is done again"
STORY = "when something happened and what made it, shown and never compared"
OWN_NAME = "a name that nothing else in the database repeats"
STORY = "when something happened, shown and never compared"

UNCHECKED_BILLING: tuple[Unchecked, ...] = (
    Unchecked("credit_uses", ("number",), OWN_NAME + ", and only continues a list"),
    Unchecked(
        "credit_uses",
        ("run_number",),
        "of a job that was upgraded: which of its runs took a slot instead is not kept",
        rows="EXISTS (SELECT FROM job_postings WHERE job_postings.job_id = credit_uses.job_id"
        " AND channel <> 'XML' AND job_postings.run_number > 1)",
    ),
    Unchecked("credit_uses", ("is_backfilled",), "who wrote the row; its price and its job are checked"),
    Unchecked(
        "credit_uses",
        ("title", "company_name", "customer_job_code", "poster_email"),
        "what the job said then, of which there is no other copy once the job was edited",
        rows="NOT EXISTS (SELECT FROM job_postings WHERE job_postings.job_id = credit_uses.job_id"
        " AND channel = 'XML') OR EXISTS (SELECT FROM job_changes"
        " WHERE job_changes.job_id = credit_uses.job_id AND kind = 'EDIT' AND made_at > used_at)",
    ),
    Unchecked("billing_files", ("maker", "made_at"), STORY),
    Unchecked(
        "billing_files",
        ("byte_count",),
        "of a file that is outside the database, or made again when it is wanted: `jobmeter billing check` compares it",
        rows="content IS NULL",
    ),
    Unchecked("billing_file_tasks", ("attempts", "due_at", "last_error"), RETRY),
    Unchecked("billing_mails", (ALL, ADDED, REMOVED), RETRY),
    Unchecked(
        "customer_refunds",
        (ALL, ADDED, REMOVED),
        "the partner's own record; no amount of the platform depends on it",
    ),
    Unchecked("billing_sellers", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("billing_logos", ("recorded_at",), STORY),
    Unchecked("billing_profiles", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("billing_tax_rates", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("billing_accounts", ("issues", "zero_month", "first_month", "created_at"), SETTING),
    Unchecked(
        "billing_accounts",
        ("currency",),
        "of an account that bills no contract yet; a contract's currency is checked",
        rows="NOT EXISTS (SELECT FROM billing_agreements WHERE account_id = billing_accounts.id)",
    ),
    Unchecked("billing_holds", (ALL, ADDED, REMOVED), RETRY),
    Unchecked(
        "billing_months",
        ("late_from", "opened_at", ADDED),
        "where looking for late postings begins; what a month did not know is on the next one",
    ),
    Unchecked(
        "billing_documents",
        ("reference", "note", "minor_digits", "seller", "buyer", "lines_digest", "month"),
        "of a draft, which is made again or checked and issued by the operator",
        rows="digest = ''",
    ),
    Unchecked("billing_agreements", ("bills", "first_month", "agreed_at", REMOVED), SETTING),
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
        "billing_reminder_rounds",
        (ALL, ADDED, REMOVED),
        "until when reminders were sent: an earlier day is looked at again, after a later one a reminder is not sent",
    ),
    Unchecked(
        "billing_provider_events",
        (ALL, ADDED, REMOVED),
        "remembers what was processed; a repeated payment has the same reference and is one",
    ),
)
