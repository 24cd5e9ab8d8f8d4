-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_horizon
-- No number is known before it was given, none sealed, sent or summed before it is known: a follower would
-- skip what is yet to come.
WITH horizon AS (
    SELECT coalesce(max(known_until), 0) AS known_until, coalesce(max(next_until), 0) AS next_until,
           max(next_transaction) AS next_transaction, last_value AS last_number
      FROM ledger_numbers
      LEFT JOIN ledger_horizon ON true
     GROUP BY last_value
), given (what, number, most) AS (
    SELECT 'known', known_until, least(last_number, next_until)
      FROM horizon
     UNION ALL
    SELECT 'next', next_until, last_number
      FROM horizon
     UNION ALL
    SELECT 'posted', coalesce(posted.number, 0), last_number
      FROM horizon, (SELECT max(number) AS number FROM ledger_postings) AS posted
     UNION ALL
    SELECT 'restated or audited', coalesce(greatest(restated.number, audited.number), 0), last_number
      FROM horizon
     CROSS JOIN (SELECT max(number) AS number FROM job_day_restatements) AS restated
     CROSS JOIN (SELECT max(number) AS number FROM audit_records) AS audited
     UNION ALL
    SELECT 'sealed', coalesce(max(until_number), 0), (SELECT known_until FROM horizon)
      FROM ledger_seal_rounds
     UNION ALL
    SELECT 'summed', counted_until, (SELECT known_until FROM horizon)
      FROM contract_spend_cursor
     UNION ALL
    SELECT format('sent to endpoint %s', endpoint_id), told_until,
           CASE WHEN id IS NULL THEN -1 ELSE (SELECT known_until FROM horizon) END
      FROM notice_cursors
      LEFT JOIN notice_endpoints ON id = endpoint_id
     UNION ALL
    SELECT 'the next transaction', 1, 1 - ((next_transaction > 0) <> (next_until > known_until))::integer
      FROM horizon
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE number NOT BETWEEN 0 AND most) AS breaches,
       min(format('%s until number %s, possible until %s', what, number, most))
           FILTER (WHERE number NOT BETWEEN 0 AND most) AS example
  FROM given

-- name: check_rounds
-- Rounds of seals follow each other without a gap, and a seal belongs to its round.
WITH looked AS (
    SELECT round,
           round = row_number() OVER (ORDER BY round)
           AND until_number > lag(until_number, 1, 0::bigint) OVER (ORDER BY round) AS holds
      FROM ledger_seal_rounds
     UNION ALL
    SELECT round, rounds.round IS NOT NULL
      FROM (SELECT DISTINCT round FROM ledger_seals) AS seals
      LEFT JOIN ledger_seal_rounds AS rounds USING (round)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('round %s does not follow the one before', round))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_contract_spends
-- What alerts know of a contract's spend is what was charged up to their number, less what was taken back.
WITH cursor AS (
    SELECT counted_until
      FROM contract_spend_cursor
), moved (contract_id, micros) AS (
    SELECT contract_id, amount_micros
      FROM charges
     WHERE number <= (SELECT counted_until FROM cursor)
     UNION ALL
    SELECT source_id, -amount
      FROM ledger_bookings
     WHERE number <= (SELECT counted_until FROM cursor)
       AND source_kind = {AccountKind.EARNED}
       AND corrects IS NOT NULL
), summed AS (
    SELECT contract_id, sum(micros) AS micros, sum(micros) FILTER (WHERE micros > 0) AS charged
      FROM moved
     GROUP BY contract_id
), looked AS (
    SELECT contract_id, spent_micros, micros,
           spent_micros = micros
           AND seen_limit_micros BETWEEN 0 AND limit_micros
           AND seen_spent_micros BETWEEN 0 AND charged AS holds
      FROM contract_spends
      FULL JOIN summed USING (contract_id)
      LEFT JOIN partner_contracts ON id = contract_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('contract %s: %s known to be spent, %s charged', contract_id, spent_micros, micros))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_promotion_feed
-- The feed's numbers have no gap from the last one deleted to the last one given; an entry below may be kept,
-- where clocks differ. Entries of a job differ from one another, unless one between them may be deleted; the
-- newest says what the job's state does.
WITH numbers AS (
    SELECT count(*) AS rows, min(last) AS last, min(dropped) AS dropped
      FROM delivery_numbers
), entries AS (
    SELECT shard, job_id, number, is_promoted, reason,
           lag(is_promoted) OVER of_job AS was_promoted,
           lag(reason) OVER of_job AS reason_before,
           lag(number) OVER of_job AS number_before,
           lead(number) OVER of_job IS NULL AS is_newest
      FROM delivery_changes
    WINDOW of_job AS (PARTITION BY job_id ORDER BY number)
), looked AS (
    SELECT format('entry %s', number) AS what,
           entries.shard = shard_of(job_id)
           AND number BETWEEN 1 AND last
           AND (number_before IS NULL OR number_before <= dropped
                OR (was_promoted, reason_before) <> (entries.is_promoted, entries.reason))
           AND entries.is_promoted = (entries.reason = '')
           AND (NOT is_newest OR states.is_promoted = entries.is_promoted
                             AND states.reason = entries.reason) AS holds
      FROM entries
     CROSS JOIN numbers
      LEFT JOIN job_standings AS states USING (job_id)
     UNION ALL
    SELECT 'the numbers',
           rows = 1 AND dropped >= 0 AND last - dropped = (
               SELECT count(*) FROM delivery_changes, numbers AS given WHERE number > given.dropped)
      FROM numbers
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('%s of the promotion feed does not fit', what)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_promotion_states
-- What was last seen of a job is what the job is, unless it is queued to be looked at or its time has come.
WITH queued AS (
    SELECT job_id
      FROM job_notes
     GROUP BY job_id
), looked AS (
    SELECT job_id,
           states.shard = shard_of(job_id)
           AND states.application_id = job_postings.application_id
           AND is_promoted = (reason = '')
           AND states.limit_micros >= 0
           AND states.spent_micros BETWEEN 0 AND states.limit_micros
           AND (queued.job_id IS NOT NULL
                OR listing = CASE state WHEN 'LIVE' THEN 'LISTED' WHEN 'PENDING' THEN 'IN_PROGRESS'
                                        ELSE 'NOT_LISTED' END
               AND (channel = 'FEED' OR until_ms = live_until_ms)
               AND (is_downgraded OR states.limit_micros = budget_micros - lowered_micros)
               AND (NOT is_promoted OR state = 'LIVE')
               AND (state <> 'LIVE' OR is_promoted OR reason <> 'CLOSED_BY_POSTER')) AS holds
      FROM job_standings AS states
      LEFT JOIN job_postings USING (shard, job_id)
      LEFT JOIN job_budgets USING (shard, job_id)
      LEFT JOIN queued USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is not what followers read', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_promotion_reasons
-- A promoted job can pay for a click, or holds a slot; one that is not has one of the published reasons,
-- which fits its state.
WITH looked AS (
    SELECT job_id,
           CASE reason
               WHEN '' THEN true
               WHEN 'FAILED' THEN state = 'FAILED'
               WHEN 'CLOSED_BY_POSTER' THEN state = 'CLOSED'
               WHEN 'DURATION' THEN state IN ('EXPIRED', 'LIVE', 'CLOSED')
               WHEN 'NOT_PROMOTED' THEN job_postings.partner_contract_id IS NULL
               WHEN 'NOT_PUBLIC' THEN coalesce(content ->> 'availability', 'PUBLIC') <> 'PUBLIC'
               ELSE reason IN ('OFFER_END', 'CAMPAIGN_OFF', 'ACCOUNT_BUDGET', 'JOB_BUDGET', 'NO_BUDGET',
                               'DAY_BUDGET')
                AND job_postings.partner_contract_id IS NOT NULL
           END
           AND (NOT is_promoted
                OR hiring_contract_id IS NOT NULL
                OR click_price_micros BETWEEN 1 AND budget_micros - job_budgets.spent_micros
                                                    - released_micros) AS holds
      FROM job_standings
      JOIN job_postings USING (shard, job_id)
      JOIN job_budgets USING (shard, job_id)
     WHERE job_id NOT IN (SELECT job_id FROM job_notes)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is promoted, or not, for a reason that it does not have', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_listed_jobs
-- The copy of a job that is not queued is the job; its figures are those of its days, once these are final.
WITH queued AS (
    SELECT job_id FROM listed_job_notes
     UNION
    SELECT job_id FROM job_notes
), counted AS (
    SELECT job_id, sum(all_job_days.views) AS views, sum(apply_clicks) AS clicks,
           max(day) > min(seen_through) AS is_open,
           coalesce(sum(all_job_days.views) FILTER (WHERE day <= final_through), 0) AS final_views,
           coalesce(sum(apply_clicks) FILTER (WHERE day <= final_through), 0) AS final_clicks
      FROM listed_jobs
      JOIN all_job_days USING (job_id)
     CROSS JOIN listed_job_counts
     GROUP BY job_id
), looked AS (
    SELECT job_id,
           CASE WHEN kept.job_id IS NULL THEN queued.job_id IS NOT NULL
                ELSE (kept.final_views, kept.final_clicks)
                     = (coalesce(counted.final_views, 0), coalesce(counted.final_clicks, 0))
            END
           AND (is_open IS TRUE OR queued.job_id IS NOT NULL
                OR (kept.views, kept.clicks, kept.spent_micros)
                   = (coalesce(counted.views, 0), coalesce(counted.clicks, 0), job.spent_micros))
           AND (queued.job_id IS NOT NULL
                OR (kept.partner_id, kept.application_id, kept.posted_ms, kept.state, kept.kind, kept.reason,
                    kept.campaign, kept.title_key, kept.search_text)
                   = (job.partner_id, job.application_id, job.posted_ms, job.state, job.kind, job.reason,
                      job.campaign, job.title_key, job.search_text)) AS holds
      FROM jobs_to_list AS job
      FULL JOIN listed_jobs AS kept USING (job_id)
      LEFT JOIN counted USING (job_id)
      LEFT JOIN queued USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is not listed as it is', job_id)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_alerts
-- An alert was sent for a share of a limit that its job or contract can have had.
WITH looked AS (
    SELECT scope, owner_id,
           percent IN (50, 80, 100)
           AND alerts.limit_micros > 0
           AND CASE scope WHEN 'JOB' THEN job_id IS NOT NULL AND alerts.limit_micros <= budget_micros
                          ELSE id IS NOT NULL AND alerts.limit_micros <= partner_contracts.limit_micros
               END AS holds
      FROM budget_alerts AS alerts
      LEFT JOIN job_budgets ON scope = 'JOB' AND job_id = owner_id
      LEFT JOIN partner_contracts ON scope = 'CONTRACT' AND id = owner_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('an alert of %s %s is of no limit that it had', scope, owner_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_notices
-- A notice is waiting or finished, and delivered only by an attempt; what was never sent to an endpoint that
-- fails is given up without one. Its endpoint exists.
WITH looked AS (
    SELECT notices.id,
           notice_endpoints.id IS NOT NULL
           AND (state = 'WAITING') = (finished_at IS NULL)
           AND (state <> 'DELIVERED' OR attempts > 0)
           AND attempts >= 0 AS holds
      FROM notices
      LEFT JOIN notice_endpoints ON notice_endpoints.id = endpoint_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('notice %s is delivered without an attempt, or its state and its end disagree', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_audit_seals
-- Audit records are what was sealed of them, and each seal continues the one before.
WITH sealed AS (
    SELECT round, until_number, records, content, digest,
           coalesce(lag(digest) OVER (ORDER BY round), '') AS digest_before,
           coalesce(lag(until_number) OVER (ORDER BY round), 0) AS after_number
      FROM audit_seals
), bounds AS (
    SELECT array_agg(until_number ORDER BY round) AS untils, array_agg(round ORDER BY round) AS rounds
      FROM audit_seals
), found AS (
    SELECT rounds[width_bucket(number - 1, untils) + 1] AS round, count(*) AS records,
           sha256(convert_to(string_agg(audit_text(audit_records), '' ORDER BY number), 'UTF8')) AS content
      FROM audit_records
     CROSS JOIN bounds
     WHERE number <= untils[array_length(untils, 1)]
     GROUP BY round
), looked AS (
    SELECT round, coalesce(found.records, sealed.records) AS records,
           sealed.records = found.records
           AND sealed.content = found.content
           AND digest = sha256(digest_before || sealed.content)
           AND until_number > after_number
           AND until_number = (SELECT rounds.until_number
                                 FROM ledger_seal_rounds AS rounds
                                WHERE rounds.round = sealed.round) AS holds
      FROM sealed
      FULL JOIN found USING (round)
)
SELECT coalesce(sum(records), 0)::bigint AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('the audit records of round %s are not as they were sealed', round))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: read_head
-- A digest over all rounds up to one (the last one by default) and over the newest seal of each shard, of the
-- restatements and of the audit records in them; without audit records it is that of earlier versions.
WITH rounds AS (
    SELECT round, until_number, (extract(epoch FROM sealed_at) * 1000000)::bigint AS sealed_us
      FROM ledger_seal_rounds
     WHERE round <= coalesce(%(round_number)s::bigint, 9223372036854775807)
), newest AS (
    SELECT DISTINCT ON (shard) shard, round, digest
      FROM ledger_seals
     WHERE round <= (SELECT max(round) FROM rounds)
     ORDER BY shard, round DESC
), restated AS (
    SELECT string_agg(concat_ws('|', 'restatements', round, until_number), E'\n' ORDER BY round) AS spans,
           (array_agg(encode(digest, 'hex') ORDER BY round DESC))[1] AS digest
      FROM restatement_seals
     WHERE round <= (SELECT max(round) FROM rounds)
), audited AS (
    SELECT string_agg(concat_ws('|', 'audit', round, until_number), E'\n' ORDER BY round) AS spans,
           (array_agg(encode(digest, 'hex') ORDER BY round DESC))[1] AS digest
      FROM audit_seals
     WHERE round <= (SELECT max(round) FROM rounds)
    HAVING count(*) > 0
)
SELECT max(round) AS round_number,
       encode(sha256(convert_to(concat_ws(E'\n',
           string_agg(concat_ws('|', round, until_number, sealed_us), E'\n' ORDER BY round),
           (SELECT string_agg(concat_ws('|', shard, round, encode(digest, 'hex')), E'\n' ORDER BY shard)
              FROM newest),
           (SELECT concat_ws(E'\n', spans, digest) FROM restated),
           (SELECT concat_ws(E'\n', spans, digest) FROM audited)),
           'UTF8')), 'hex') AS digest
  FROM rounds
HAVING count(*) > 0

-- name: has_records
-- Whether there is anything that a law could be broken by.
SELECT EXISTS (SELECT 1 FROM ledger_postings)
    OR EXISTS (SELECT 1 FROM job_postings)
    OR EXISTS (SELECT 1 FROM partner_contracts)
    OR EXISTS (SELECT 1 FROM events)
    OR EXISTS (SELECT 1 FROM audit_records)
