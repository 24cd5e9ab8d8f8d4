"""Which statements reach more than one shard, how far, and why. What is not in this list names one shard.

The list is exact: a statement that names its shard now is taken out of it. Checks (``integrity``) read all that there is.
"""

from collections.abc import Mapping

from tests.tidy.sql_shards import Reach

CHECKING = "integrity"

EACH, EVERY = Reach.EACH, Reach.EVERY

# By reason: the room, how far it reaches, and the statements.
WIDE: Mapping[str, tuple[tuple[str, Reach, str], ...]] = {
    "Before a batch is divided by shard, and after: which jobs it names, and the last fifty events that did not count.": (
        ("jobs", EACH, "resolve_external_ids"),
        ("metering/filters", EACH, "add_refused_events"),
    ),
    "Settlement gives back what it found, of some jobs at a time, by their keys.": (
        ("ledger/bulk", EACH, "book_requested_postings"),
        ("ledger/bulk", EVERY, "add_requested_to_balances"),
        ("settlement/click_rules", EACH, "gather_touched record_reversals sum_marks"),
        ("settlement/click_rules", EVERY, "delete_reversal_marks"),
        ("settlement/days", EACH, "schedule_jobs"),
        ("settlement/days", EVERY, "find_next_shard"),
    ),
    "Settlement looks at a day of all jobs at once.": (
        ("charging/months", EVERY, "archive_day archive_contract_day delete_months"),
        ("metering/retention", EVERY, "stream_event_day"),
        (
            "settlement/click_rules",
            EVERY,
            "gather_clicks list_visitors_without_view mark_clicks_without_view",
        ),
        (
            "settlement/days",
            EVERY,
            "list_days_before list_days list_single_day list_effects list_reversed_jobs list_late_jobs",
        ),
    ),
    "A chore takes what is due, whosever it is.": (
        ("charging/charge", EVERY, "find_past_day move_contract_day move_days_until"),
        ("charging/retention", EVERY, "has_folded_days list_contracts_to_compact compact_job_days"),
        ("job_lists", EACH, "copy_jobs count_listed_jobs"),
        ("job_lists", EVERY, "claim_notes"),
        ("jobs/campaigns", EVERY, "claim_due_campaigns list_ending_campaigns next_campaign_due"),
        ("jobs", EVERY, "lock_expired next_expiry claim_tasks"),
        ("jobs/runs", EVERY, "lock_overdue"),
        ("promotion", EVERY, "list_waiting_for_time"),
    ),
    "Everything in the order of its numbers: of the ledger, or of what followers read.": (
        ("charging/corrections", EVERY, "insert_restatement_seal"),
        ("jobs", EVERY, "list_postings"),
        ("ledger/chain", EVERY, "insert_seals check_chain"),
        ("promotion/alerts", EVERY, "add_spends"),
        ("promotion", EACH, "list_promotion_states save_promotion_states list_changes"),
        ("promotion", EVERY, "stream_promoted"),
        (
            "reports/charge_stream",
            EVERY,
            "list_charge_entries list_correction_entries list_restatement_entries",
        ),
    ),
    "Rows that were found are looked up by their keys: one page at most.": (
        ("exports/kinds", EACH, "find_jobs list_corrections"),
        ("job_lists/open_jobs", EACH, "list_open_jobs list_newer_jobs list_sitemap_jobs find_next_job"),
        ("job_lists", EACH, "list_by_number list_by_title list_by_title_backwards list_newest"),
        ("jobs/members", EACH, "read_figures"),
        ("jobs", EACH, "lock_postings"),
        (
            "reports/job_reports",
            EACH,
            "read_reports_by_external_id find_jobs_by_code read_reports sum_days sum_days_as_of",
        ),
        ("reports/job_reports", EVERY, "sum_contract_spend"),
        ("reports/price_previews", EACH, "list_posted_jobs"),
        ("sandbox/traffic", EACH, "list_markets list_closings"),
    ),
    "A page of contracts, each with its balance in its own shard.": (
        ("contracts/hiring", EACH, "list_partner_contracts"),
        ("reports/cockpit", EACH, "list_partner_budgets"),
        ("reports/overview", EACH, "list_contracts list_named_contracts list_hiring_contracts"),
    ),
    "A person asks with a reference or an identifier alone.": (
        ("charging/corrections", EVERY, "sum_corrections"),
        ("metering/filters", EVERY, "count_refusals"),
        ("explain", EVERY, "list_job_postings list_corrections find_stored_event"),
        ("jobs", EVERY, "list_postings_by_external_id is_poster"),
        ("sandbox/traffic", EVERY, "list_outcomes"),
    ),
    "A person is erased, or an address that is not needed any more: wherever it is.": (
        ("contracts/credits", EVERY, "erase_poster"),
        ("jobs/members", EVERY, "count_open_jobs erase_poster erase_poster_of_changes list_former_posters"),
        ("metering/pseudonyms", EVERY, "replace_visitor"),
    ),
    "A person's list, newest first, of all customers of a partner.": (
        ("contracts/credits", EVERY, "read_last_use list_credit_uses list_partner_credits list_partner_uses"),
        ("jobs/members", EVERY, "list_owned_jobs list_slot_uses list_changes"),
        ("jobs", EVERY, "list_owned_postings list_contract_postings list_live_postings"),
        ("reports/happenings", EVERY, "list_happenings"),
    ),
    "Sums of a contract's jobs, which are its customers': by contract and day, whose index does not begin with the shard.": (
        ("job_lists", EVERY, "add_uncounted count_contract_days"),
        ("reports/cockpit", EVERY, "read_figures_of_day"),
        ("reports/price_previews", EVERY, "sum_uses"),
        ("reports/sources", EVERY, "probe_contract_charges"),
        ("reports/uncharged_clicks", EVERY, "list_not_charged sum_by_reason sum_by_day sum_by_job"),
    ),
    "A month of an account: its contracts and its customers' jobs, once.": (
        ("billing/credit_notes", EACH, "list_creditable_lines"),
        ("billing/credit_notes", EVERY, "list_charges_left"),
        ("billing/documents", EVERY, "list_day_charges"),
        ("billing/invoices", EVERY, "has_unknown_posting insert_month insert_click_lines"),
        ("billing/invoices", EACH, "insert_credit_lines insert_top_up_lines insert_correction_lines"),
        ("billing/statements", EVERY, "list_customers list_credit_lines"),
        ("billing/statements", EACH, "list_correction_lines"),
        ("billing/usage", EVERY, "list_click_use list_credit_use"),
        ("billing/usage", EACH, "list_bookings"),
    ),
    "How long queues are, and how old: for the operator.": (
        ("reports/cockpit", EVERY, "read_newest_event read_queues"),
        ("reports/health", EVERY, "list_queues"),
    ),
    "The jobs of a feed, which belong to one customer; by their keys.": (),
}

MORE_THAN_ONE: Mapping[str, Mapping[str, Reach]] = {
    room: {
        name: reach
        for listed in WIDE.values()
        for of_room, reach, names in listed
        if of_room == room
        for name in names.split()
    }
    for listed_rooms in WIDE.values()
    for room, _, _ in listed_rooms
}
