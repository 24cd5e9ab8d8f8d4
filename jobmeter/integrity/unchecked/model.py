"""Owns the list of what no law checks, each with the reason why a change of it does no harm or cannot be known. Pure.

A test plants a change in every column of every table, and demands a broken law or an entry here.
"""

from jobmeter.integrity.unchecked.access import UNCHECKED_ACCESS
from jobmeter.integrity.unchecked.billing import UNCHECKED_BILLING
from jobmeter.integrity.unchecked.entry import ADDED, ALL, REMOVED, Unchecked
from jobmeter.integrity.unchecked.privacy import UNCHECKED_PRIVACY

SETTING = (
    "a setting of the operator, in force from then on; what was decided by it is stored where it was decided"
)
LOG = "a record for reading; nothing is decided or summed from it"
RETRY = "work in progress: what is lost or changed here is done again"
OWN_NAME = "a name that nothing else in the database repeats"
ONLY_COPY = "the partner's own text, of which there is no other copy; no amount depends on it"
SHOWN = "a sum of days for a chart; reports and invoices read the days themselves"
STORY = "when something happened, shown and never compared"
GONE = "events of the day were dropped after their retention, and nothing is left to compare with"

UNCHECKED: tuple[Unchecked, ...] = (
    *UNCHECKED_ACCESS,
    *UNCHECKED_PRIVACY,
    Unchecked("call_counters", (ALL, ADDED, REMOVED), "the calls of one day, which only limit the same day"),
    Unchecked("repeat_claims", (ALL, ADDED, REMOVED), "answers kept a day for repeated requests"),
    Unchecked("logged_requests", (ALL, ADDED, REMOVED), LOG),
    Unchecked("chore_runs", (ALL, ADDED, REMOVED), LOG),
    Unchecked("stream_positions", (ALL, ADDED, REMOVED), RETRY + "; an event that is read again counts once"),
    Unchecked("stream_consumers", (ALL, ADDED, REMOVED), RETRY),
    Unchecked("listed_job_notes", (ALL, ADDED, REMOVED), RETRY + "; the law of the list finds a lost one"),
    Unchecked("listed_job_counts", (ALL, ADDED, REMOVED), RETRY),
    Unchecked("uncounted_jobs", (ALL, ADDED, REMOVED), RETRY),
    Unchecked(
        "listed_jobs", ("final_through",), "up to which day figures were counted for good: they are compared"
    ),
    Unchecked("listed_contract_days", (ALL, ADDED, REMOVED), SHOWN),
    Unchecked("schema_migrations", (ALL, ADDED, REMOVED), "a server that finds another list does not start"),
    Unchecked("sandbox_clock", (ALL, ADDED, REMOVED), "a sandbox alone has a clock that can be moved"),
    Unchecked(
        "sandbox_traffic", (ALL, ADDED, REMOVED), "a sandbox alone has visitors that come by themselves"
    ),
    Unchecked("sandbox_events", (ALL, ADDED, REMOVED), "the visitors of a sandbox, who are nobody"),
    Unchecked("sandbox_failure", (ALL, ADDED, REMOVED), "a sandbox alone returns errors on purpose"),
    Unchecked(
        "applications",
        (
            "client_id",
            "unique_foreign_id",
            "name",
            "description",
            "callback_urls",
            "js_domains",
            "created_at",
            "may_make_tokens",
            "reference",
        ),
        "what a partner or its operator set; who pays for a job is checked by id and parent",
    ),
    Unchecked(
        "applications",
        (REMOVED, ADDED),
        "an application without jobs or contracts is nobody's payer",
        rows="NOT EXISTS (SELECT FROM job_postings WHERE application_id = applications.id)"
        " AND NOT EXISTS (SELECT FROM customer_contracts WHERE application_id = applications.id)",
    ),
    Unchecked(
        "ledger_postings",
        ("booked_at",),
        "of a posting that is not sealed yet, which is within a minute: any time in which its day was open",
        rows="number > coalesce((SELECT max(until_number) FROM ledger_seal_rounds), 0)",
    ),
    Unchecked(
        "audit_records",
        (ALL, ADDED, REMOVED),
        "an audit record that is not sealed yet, which is within a minute",
        rows="number > coalesce((SELECT max(until_number) FROM ledger_seal_rounds), 0)",
    ),
    Unchecked("blocked_networks", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("settlement_rules", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("settlement_exclusions", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("filter_policies", (ALL, ADDED, REMOVED), SETTING),
    Unchecked(
        "recent_clicks", (ALL, ADDED, REMOVED), "the clicks of two days, which only limit the same windows"
    ),
    Unchecked("day_filter_lists", (ALL, ADDED, REMOVED), LOG),
    Unchecked("excluded_visitors", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("filter_revision", (ALL, ADDED, REMOVED), "a mark at which processes read the filters again"),
    Unchecked("hiring_grants", (ALL, ADDED, REMOVED), SETTING),
    Unchecked("hiring_prices", (ADDED,), SETTING),
    Unchecked(
        "hiring_prices",
        ("price_micros",),
        SETTING + "; a used credit keeps its price",
        rows="NOT EXISTS (SELECT FROM credit_uses WHERE credit_uses.contract_id = hiring_prices.contract_id"
        " AND used_at >= valid_from AND NOT EXISTS (SELECT FROM hiring_prices AS later"
        " WHERE later.contract_id = hiring_prices.contract_id"
        " AND later.valid_from > hiring_prices.valid_from AND later.valid_from <= used_at))",
    ),
    Unchecked("click_prices", ("price_micros", ADDED), SETTING + "; a job keeps its price"),
    Unchecked(
        "click_prices",
        (ALL, REMOVED),
        SETTING + "; a job keeps its price",
        rows="country || job_function || experience_level <> ''",
    ),
    Unchecked("partner_contracts", ("pacing",), SETTING + "; a job keeps its pacing"),
    Unchecked(
        "partner_contracts",
        ("term_ends_at",),
        SETTING + "; a term that ends the window of a live job is checked",
        rows="NOT EXISTS (SELECT FROM job_postings WHERE partner_contract_id = partner_contracts.id"
        " AND state = 'LIVE' AND expires_at > term_ends_at)",
    ),
    Unchecked(
        "customer_contracts",
        ("id", "created_at"),
        OWN_NAME + "; a job that names it is checked",
        rows="NOT EXISTS (SELECT FROM job_postings WHERE strpos(content ->> 'contract', customer_contracts.id::text) > 0)",
    ),
    Unchecked("customer_contracts", ("created_at",), STORY),
    Unchecked(
        "customer_contracts",
        (REMOVED, ADDED),
        "without jobs it is set up again by the next call",
        rows="NOT EXISTS (SELECT FROM job_postings WHERE job_postings.application_id"
        " = customer_contracts.application_id AND partner_contract_id IS NOT NULL)",
    ),
    Unchecked(
        "hiring_contracts",
        ("owner_name", "owner_application_id", "currency", "run_days", "seats", "sandbox_number", "ends_at"),
        SETTING,
    ),
    Unchecked(
        "hiring_contracts",
        ("default_poster_email",),
        SETTING + "; a job keeps its poster",
        rows="NOT EXISTS (SELECT FROM job_postings WHERE hiring_contract_id = hiring_contracts.id"
        " AND channel = 'XML' AND content ->> 'poster_email' IS NULL)",
    ),
    Unchecked("feed_runs", (ALL, ADDED, REMOVED), LOG),
    Unchecked("feed_errors", (ALL, ADDED, REMOVED), LOG),
    Unchecked("feed_jobs", ("fingerprint", "renew_at"), RETRY),
    Unchecked(
        "job_feeds",
        (
            "location",
            "interval_minutes",
            "due_at",
            "may_close_all",
            "etag",
            "last_modified",
            "read_at",
            "created_at",
            "claimed_at",
            "defaults",
            ADDED,
        ),
        SETTING + ", and the progress of reading",
    ),
    Unchecked("refused_events", (ALL, ADDED, REMOVED), LOG),
    Unchecked("events", ("visitor", "address"), "read by settlement until the day is final, then by nothing"),
    Unchecked(
        "events",
        ("event_key", "batch"),
        "of a view or an uncounted click: source and id are not stored, so that its key has no other copy",
        rows="kind = 0 OR verdict <> 0",
    ),
    Unchecked(
        "events",
        ("event_key",),
        "source and id are not stored, so that its key has no other copy",
        rows="NOT EXISTS (SELECT FROM event_reversals WHERE event_reversals.event_key = events.event_key)",
    ),
    Unchecked("event_days", ("dropped_at",), STORY, rows="dropped_at IS NOT NULL"),
    Unchecked("job_budgets", ("revision", "clicks_taken"), "a mark for processes at work, of the moment"),
    Unchecked("job_budgets", ("market",), "found from the locations by the gazetteer of the time"),
    Unchecked(
        "job_budgets", ("is_paced",), "the contract's pacing when the job was posted, which has no other copy"
    ),
    Unchecked(
        "job_budgets",
        ("click_price_micros",),
        "the price when the job was posted, of which there is no other copy before the first charge",
        rows="partner_contract_id <> 0 AND NOT EXISTS (SELECT FROM charge_postings WHERE source_id = job_id)",
    ),
    Unchecked(
        "job_budgets",
        ("daily_micros",),
        "set by an UPGRADE, whose element is not kept; it stays between a click and the total",
        rows="EXISTS (SELECT FROM job_tasks WHERE job_tasks.job_id = job_budgets.job_id"
        " AND operation IN ('UPGRADE', 'DOWNGRADE'))",
    ),
    Unchecked(
        "job_budgets",
        ("is_downgraded",),
        "decided before an UPDATE, which earlier versions took for an UPGRADE",
        rows="EXISTS (SELECT FROM job_tasks WHERE job_tasks.job_id = job_budgets.job_id"
        " AND operation = 'UPDATE')",
    ),
    Unchecked(
        "events",
        ("batch",),
        "of a job of which not all clicks were charged: which batch a free click came in matters to nothing",
        rows="EXISTS (SELECT FROM job_day_sums WHERE job_day_sums.job_id = events.job_id"
        " AND apply_clicks > clicks_charged)",
    ),
    Unchecked(
        "job_budgets",
        ("live_from_ms",),
        "from when a job counted that has ended, or whose campaign decides",
        rows="job_id IN (SELECT job_id FROM job_postings WHERE closed_at IS NOT NULL"
        " OR partner_job_campaign IS NOT NULL)",
    ),
    Unchecked(
        "job_campaigns",
        ("name", "starts_at", "ends_at", "changed_at", "posted_contract_id"),
        "what the partner set; whether the campaign runs is its status, which is checked",
    ),
    Unchecked("job_campaigns", ("jobs_ended",), RETRY, rows="ended_at IS NOT NULL"),
    Unchecked("job_changes", ("actor", "changed_fields", "made_at", "poster_email"), LOG),
    Unchecked("job_changes", (ALL, ADDED, REMOVED), LOG, rows="kind = 'EDIT'"),
    Unchecked(
        "job_day_folds",
        (ALL, ADDED, REMOVED),
        "where the next compaction begins: later is earlier work done again, and only days whose events were dropped are taken to be compacted",
    ),
    Unchecked(
        "job_day_refusals",
        ("day", "verdict"),
        GONE,
        rows="day NOT IN (SELECT day FROM event_partitions)",
    ),
    Unchecked(
        "job_days",
        ("views", "apply_clicks", "clicks_reversed", "clicks_refused"),
        "compacted days, of which only the charge is still read",
        rows="day = '1970-01-01'",
    ),
    Unchecked(
        "settlement_runs",
        ("clicks", "clicks_reversed"),
        GONE,
        rows="day NOT IN (SELECT day FROM event_partitions)",
    ),
    Unchecked(
        "settled_days",
        ("settled_at",),
        "a later time: charges and reversals are checked against the run itself",
    ),
    Unchecked(
        "job_posting_versions",
        (
            "number",
            "company_job_code",
            "title",
            "company_name",
            "company_page",
            "apply_url",
            "partner_job_campaign",
        ),
        ONLY_COPY,
    ),
    Unchecked("job_postings", ("content",), ONLY_COPY),
    Unchecked("job_postings", ("place",), "found from the location by the gazetteer of the time"),
    Unchecked("job_postings", ("content_hash",), "finds a repeated job while both are live"),
    Unchecked(
        "job_postings",
        ("revision",),
        "a number of changes that only the next change reads",
        rows="channel <> 'P4P'",
    ),
    Unchecked(
        "job_postings",
        ("expires_at",),
        "of a job that was closed or failed, which no longer expires",
        rows="state IN ('CLOSED', 'FAILED')",
    ),
    Unchecked("job_postings", ("company_job_code",), ONLY_COPY, rows="channel = 'FEED'"),
    Unchecked(
        "job_postings",
        ("listed_at",),
        ONLY_COPY,
        rows="EXISTS (SELECT FROM job_tasks WHERE job_tasks.job_id = job_postings.job_id AND operation = 'UPDATE')",
    ),
    Unchecked("job_standings", ("looked_at",), STORY),
    Unchecked("settlement_runs", ("judged_at", "touched_at"), STORY),
    Unchecked(
        "job_standings",
        ("spent_micros",),
        "as of the last look, for the next alert; a charge does not change it",
    ),
    Unchecked(
        "job_standings",
        (REMOVED,),
        "a job that was never promoted is seen as new",
        rows="NOT EXISTS (SELECT FROM delivery_changes WHERE delivery_changes.job_id = job_standings.job_id)",
    ),
    Unchecked("job_notes", (ALL, ADDED, REMOVED), RETRY),
    Unchecked("delivery_changes", ("changed_at",), STORY),
    Unchecked(
        "job_budgets",
        ("is_downgraded",),
        "of a job without a price: it has no money that could go back, or be promoted with",
        rows="click_price_micros = 0",
    ),
    Unchecked(
        "delivery_numbers",
        ("dropped",),
        "how far entries were deleted: a follower below it takes a new snapshot",
        rows="dropped < last",
    ),
    Unchecked(
        "job_standings",
        ("limit_micros",),
        "as of the last look, for the next alert; a job that is not promoted has none",
        rows="NOT is_promoted",
    ),
    Unchecked(
        "job_postings",
        ("partner_job_campaign",),
        "of a job of the XML API, which no campaign pays for: nothing reads it",
        rows="channel = 'XML'",
    ),
    Unchecked(
        "delivery_changes",
        ("reason",),
        "of a state that a later entry of the same job replaced; a follower that reads both ends at the later one",
        rows="EXISTS (SELECT FROM delivery_changes AS later"
        " WHERE later.job_id = delivery_changes.job_id AND later.number > delivery_changes.number)",
    ),
    Unchecked(
        "job_tasks", ("task_id", "number", "location", "finished_at"), OWN_NAME + ", or its order or time"
    ),
    Unchecked(
        "job_tasks",
        (ALL, ADDED, REMOVED),
        "kept to be asked for a month; of an operation that changed no amount and no report",
        rows="operation IN ('RENEW') OR job_id IS NULL",
    ),
    Unchecked("job_tasks", (ADDED, REMOVED), "kept to be asked for a month", rows="operation = 'CREATE'"),
    Unchecked(
        "job_tasks",
        (REMOVED,),
        "kept to be asked for a month; reports show no changes of a job without a partner contract",
        rows="operation IN ('UPDATE', 'UPGRADE', 'DOWNGRADE') AND EXISTS (SELECT FROM job_postings"
        " WHERE job_postings.job_id = job_tasks.job_id AND partner_contract_id IS NULL)",
    ),
    Unchecked("job_tasks", ("created_at",), STORY, rows="operation <> 'CREATE'"),
    Unchecked(
        "budget_alerts",
        ("limit_micros", "told_at", REMOVED, ADDED),
        "remembers what was sent: one alert is sent twice, or not at all",
    ),
    Unchecked(
        "contract_spends",
        ("seen_limit_micros", "seen_spent_micros"),
        "remembers what was sent: one alert is sent twice, or not at all",
    ),
    Unchecked("notice_cursors", (REMOVED,), "a follower without a cursor is sent everything again"),
    Unchecked(
        "notice_endpoints",
        (
            "application_id",
            "url",
            "email",
            "kinds",
            "created_at",
            "removed_at",
            "busy_until",
            "failed_turns",
            "paused_until",
            "gone_at",
            ADDED,
        ),
        "what a partner set, and the turn of a process",
    ),
    Unchecked(
        "notices",
        (
            "answer_status",
            "answer_text",
            "answer_ms",
            "id",
            "number",
            *("way", "kind", "subject", "body", "attempts"),
            *("due_at", "created_at", "last_outcome", "queued_at", "finished_at"),
            ADDED,
            REMOVED,
        ),
        "a message on its way; what it says is read again from its source, charges by their cursor",
    ),
    *UNCHECKED_BILLING,
)
