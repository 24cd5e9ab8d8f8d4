"""Owns changes of several rows or of the schema that were once not noticed, and one at least for each law."""

from tests.properties.corruption.known_billing import KNOWN_BILLING

FALSE_POSTING = (
    "INSERT INTO ledger_postings (shard, reference, purpose, source_kind, source_id, destination_kind, destination_id,"
    " amount, unit, day, booked_at, cause, corrects) "
)
CHARGED = "(SELECT source_id FROM charge_postings ORDER BY number DESC LIMIT 1)"
CLOSED = "(SELECT job_id FROM job_postings WHERE external_id = 'closed third')"
LIVE = "(SELECT job_id FROM job_postings WHERE external_id = 'daily third')"
LAST_DAY = "(SELECT max(day) FROM settled_days)"
UNSEALED = (
    "DELETE FROM ledger_seals",
    "DELETE FROM restatement_seals",
    "DELETE FROM audit_seals",
    "DELETE FROM ledger_seal_rounds",
)

# What was changed, and the law that notices it.
KNOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "a credit beyond its charge": (
        "3: every correction",
        (
            FALSE_POSTING
            + "SELECT 1, gen_random_uuid(), 6, 4, destination_id, 2, destination_id, amount + 1, unit, day,"
            " day, source_id, reference FROM charge_postings LIMIT 1",
        ),
    ),
    "the reference of a charge that is not sealed": (
        "2: every posting",
        (*UNSEALED, "UPDATE charge_postings SET reference = gen_random_uuid()"),
    ),
    "the time of a charge that is not sealed": (
        "8: nothing was booked",
        (*UNSEALED, "UPDATE charge_postings SET booked_at = booked_at + interval '4 days'"),
    ),
    "a closed job that holds money": (
        "jobs: every job that ended",
        (f"UPDATE job_budgets SET released_micros = released_micros - 1 WHERE job_id = {CLOSED}",),
    ),
    "a closed job set live": (
        "jobs: every end",
        (f"UPDATE job_postings SET state = 'LIVE', closed_at = NULL WHERE job_id = {CLOSED}",),
    ),
    "the window of a closed job open again": (
        "jobs: every job that ended",
        (f"UPDATE job_budgets SET live_until_ms = live_until_ms + 86400000 WHERE job_id = {CLOSED}",),
    ),
    "the window of a live job moved": (
        "jobs: every job counts",
        (f"UPDATE job_budgets SET live_from_ms = live_from_ms + 3600000 WHERE job_id = {LIVE}",),
    ),
    "a job of another application": (
        "jobs: every job has its budget",
        (
            (
                "UPDATE job_postings SET application_id = (SELECT max(id) FROM applications)"
                f" WHERE job_id = {LIVE}"
            ),
        ),
    ),
    "a slot that an ended job keeps": (
        "6: every run",
        ("DELETE FROM ledger_bookings WHERE unit = 'SLOT' AND purpose = 4",),
    ),
    "a run without the credit that it costs": (
        "6: every run",
        ("UPDATE job_postings SET run_number = run_number + 1 WHERE external_id = 'paid'",),
    ),
    "a used credit that is not kept": (
        "9: every used credit is kept once",
        ("DELETE FROM credit_uses WHERE NOT is_renewal",),
    ),
    "a used credit kept without its posting": (
        "9: every used credit is kept once",
        (
            (
                "INSERT INTO credit_uses (shard, reference, contract_id, job_id, run_number, application_id, is_renewal, price_micros,"
                " external_id, title, company_name, customer_job_code, poster_email, used_at, is_backfilled)"
                " SELECT shard, gen_random_uuid(), contract_id, job_id, run_number, application_id, is_renewal, price_micros,"
                " external_id, title, company_name, customer_job_code, poster_email, used_at, is_backfilled"
                " FROM credit_uses LIMIT 1"
            ),
        ),
    ),
    "the price of a used credit": (
        "9: every used credit has the price",
        ("UPDATE credit_uses SET price_micros = price_micros - 1",),
    ),
    "a price list changed where credits were used": (
        "9: every used credit has the price",
        (
            (
                "INSERT INTO hiring_prices (contract_id, valid_from, price_micros)"
                " SELECT contract_id, used_at, price_micros + 1 FROM credit_uses LIMIT 1"
            ),
        ),
    ),
    "the title on the invoice of a job that was not edited": (
        "9: every used credit says",
        ("UPDATE credit_uses SET title = title || ' II'",),
    ),
    "used credits without their guard": (
        "3: postings are guarded",
        ("ALTER TABLE hiring_prices DISABLE TRIGGER prices_stand",),
    ),
    "a job on another hiring contract": (
        "jobs: every job is on the contract",
        ("UPDATE job_postings SET hiring_contract_id = hiring_contract_id + 1 WHERE external_id = 'open'",),
    ),
    "all marks of a job removed": (
        "5: every click that settlement marked",
        ("DELETE FROM event_reversals WHERE job_id = (SELECT max(job_id) FROM event_reversals)",),
    ),
    "a mark of another event": (
        "5: every mark",
        ("UPDATE event_reversals SET event_key = md5(event_key::text)::uuid",),
    ),
    "a mark of another charge": (
        "5: every charge is reversed",
        (
            (
                "UPDATE event_reversals SET charge = (SELECT min(charge::text)::uuid FROM event_reversals)"
                " WHERE charge IS NOT NULL"
            ),
        ),
    ),
    "a mark of another rule": (
        "8: restatements count",
        ("UPDATE event_reversals SET rule = rule + 1",),
    ),
    "a job to be settled on a day that is final": (
        "8: days are settled",
        (f"INSERT INTO settlement_jobs SELECT {LAST_DAY}, shard, job_id FROM job_postings LIMIT 1",),
    ),
    "a final day removed": (
        "8: days are settled",
        ("DELETE FROM settled_days WHERE day = '2027-05-06'",),
    ),
    "a final day invented": (
        "8: days are settled",
        (f"INSERT INTO settled_days SELECT {LAST_DAY} + 1, now()",),
    ),
    "what settlement counted": (
        "8: what settlement counted",
        ("UPDATE settlement_runs SET clicks = clicks + 1 WHERE clicks > 0",),
    ),
    "what a budget was lowered by": (
        "4: what a budget was lowered by",
        (f"UPDATE job_budgets SET lowered_micros = released_micros - 1 WHERE job_id = {CLOSED}",),
    ),
    "a daily budget above the total": (
        "6: every budget",
        (f"UPDATE job_budgets SET daily_micros = budget_micros + 1 WHERE job_id = {LIVE}",),
    ),
    "a restatement removed": (
        "3: every sealed restatement",
        ("DELETE FROM job_day_restatements WHERE number = (SELECT min(number) FROM job_day_restatements)",),
    ),
    "an audit record removed": (
        "3: every sealed audit record",
        ("DELETE FROM audit_records WHERE number = (SELECT min(number) FROM audit_records)",),
    ),
    "another number of clicks by rule": (
        "8: what settlement says of each rule",
        ("UPDATE settlement_runs SET reversed_by_rule = '{\"3\": 1}' WHERE clicks_reversed > 0",),
    ),
    "a restatement of settlement removed, no seals": (
        "8: what settlement took back",
        (*UNSEALED, "DELETE FROM job_day_restatements WHERE cause = 2"),
    ),
    "a restatement changed, no seals": (
        "8: restatements lead",
        (*UNSEALED, "UPDATE job_day_restatements SET after_views = after_views + 1"),
    ),
    "clicks refused for a reason": (
        "5: refused clicks are as many by reason as in all",
        ("UPDATE job_day_refusals SET clicks = clicks + 1",),
    ),
    "clicks refused for another reason": (
        "5: refused clicks are as many by reason as their events",
        ("UPDATE job_day_refusals SET verdict = verdict + 1",),
    ),
    "refusals removed": (
        "5: refused clicks are as many by reason as in all",
        ("DELETE FROM job_day_refusals",),
    ),
    "a contract's charge moved to another day": (
        "4: what a budget report reads",
        (
            (
                "UPDATE contract_days SET charge_micros = charge_micros + CASE day WHEN '2027-04-06' THEN 1 ELSE -1"
                " END WHERE day IN ('2027-04-06', '2027-05-06')"
            ),
        ),
    ),
    "a final day counted in budgets as well": (
        "8: a final day is counted in the roll-up alone",
        (f"UPDATE job_budgets SET live_day = {LAST_DAY}",),
    ),
    "a click of a live day charged twice": (
        "4: every daily charge is the sum",
        ("UPDATE job_budgets SET live_day = '2027-06-20', day_clicks = 1, day_charged = 1",),
    ),
    "the archive of months set back": (
        "4: copies of final days",
        ("UPDATE job_month_keeping SET kept_through = '2027-04-01'",),
    ),
    "compaction in the future, to hide a removed day": (
        "4: every daily charge is the sum",
        (
            "UPDATE job_day_folds SET folded_before = '2100-01-01'",
            "DELETE FROM job_days WHERE day > '2027-05-01'",
        ),
    ),
    "the newest round of seals removed": (
        "3: what was sealed until",
        (
            "DELETE FROM ledger_seals WHERE round = (SELECT max(round) FROM ledger_seal_rounds)",
            "DELETE FROM restatement_seals WHERE round = (SELECT max(round) FROM ledger_seal_rounds)",
            "DELETE FROM ledger_seal_rounds WHERE round = (SELECT max(round) FROM ledger_seal_rounds)",
        ),
    ),
    "all seals removed": ("3: what was sealed until", UNSEALED),
    "all seals written again": (
        "3: what was sealed until",
        ("UPDATE ledger_seal_rounds SET sealed_at = sealed_at + interval '1 second'",),
    ),
    "a round of seals removed": (
        "3: rounds of seals",
        ("DELETE FROM ledger_seal_rounds WHERE round = 3",),
    ),
    "the horizon ahead": (
        "streams: nothing is followed",
        ("UPDATE ledger_horizon SET known_until = known_until + 1000, next_until = next_until + 1000",),
    ),
    "the cursor of a webhook ahead": (
        "streams: nothing is followed",
        ("UPDATE notice_cursors SET told_until = told_until + 1000",),
    ),
    "the cursor of alerts ahead": (
        "streams: nothing is followed",
        ("UPDATE contract_spend_cursor SET counted_until = counted_until + 1000",),
    ),
    "the numbers of the promotion feed ahead": (
        "streams: the promotion feed",
        ("UPDATE delivery_numbers SET last = last + 1000",),
    ),
    "a partition dropped": (
        "5: every day has its events",
        ("DROP TABLE events_20270507",),
    ),
    "a partition that takes events again": (
        "5: every day has its events",
        ("DROP TRIGGER day_is_closed ON events_20270506",),
    ),
    "an event of a batch to come": ("5: every event", ("UPDATE events SET batch = batch + 100000",)),
    "what alerts know": (
        "4: what alerts know",
        ("UPDATE contract_spends SET spent_micros = spent_micros - 1",),
    ),
    "the kind of a hiring contract": (
        "6: every hiring contract",
        ("UPDATE hiring_contracts SET is_postpaid = NOT is_postpaid WHERE kind = 'CREDITS'",),
    ),
    "an application in another shard": (
        "jobs: every application",
        ("UPDATE applications SET shard = shard + 1 WHERE parent_id IS NULL",),
    ),
    "the title of a job": (
        "jobs: every job is what its element",
        (f"UPDATE job_postings SET title = 'Another' WHERE job_id = {LIVE}",),
    ),
    "an entry of a job's log removed": (
        "jobs: every job of the XML API",
        ("DELETE FROM job_changes WHERE kind = 'RENEW'",),
    ),
    "a task that failed without a reason": (
        "jobs: every task",
        ("UPDATE job_tasks SET error_message = NULL WHERE status = 'FAILED'",),
    ),
    "what a report showed before removed": ("jobs: every change", ("DELETE FROM job_posting_versions",)),
    "a limit that a report showed before": (
        "jobs: every limit that reports",
        ("UPDATE job_posting_versions SET limit_micros = limit_micros + 1",),
    ),
    "the poster of a job": (
        "jobs: every job has what its element",
        ("UPDATE job_postings SET poster_email = 'x@example.com' WHERE external_id = 'open'",),
    ),
    "a campaign of another contract": (
        "jobs: every campaign",
        ("UPDATE job_campaigns SET partner_contract_id = partner_contract_id + 1",),
    ),
    "a job that its feed does not keep": (
        "jobs: every job of a feed",
        ("UPDATE feed_jobs SET partner_job_id = partner_job_id || 'x'",),
    ),
    "what followers read": (
        "streams: what followers read",
        ("UPDATE job_standings SET listing = 'LISTED'",),
    ),
    "the copy of a job": ("streams: every job is listed", ("UPDATE listed_jobs SET reason = 'x'",)),
    "the reason that followers read": (
        "streams: every job is promoted",
        ("UPDATE job_standings SET reason = 'CLOSED_BY_POSTER', is_promoted = false",),
    ),
    "an alert of a limit that was never set": (
        "streams: every alert",
        ("UPDATE budget_alerts SET limit_micros = limit_micros * 1000",),
    ),
    "a notice delivered without an attempt": (
        "streams: every notice",
        ("UPDATE notices SET state = 'DELIVERED'",),
    ),
    "a change of a person on the site that is not logged": (
        "jobs: what people changed on the site",
        ("UPDATE job_postings SET revision = revision + 1 WHERE channel = 'P4P'",),
    ),
    **KNOWN_BILLING,
}
