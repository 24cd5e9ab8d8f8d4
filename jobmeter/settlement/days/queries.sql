-- name: lock_settlement
-- One settlement at a time in the whole database; the lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(1246707540)

-- name: first_open_day
-- The earliest day that has figures and is not settled.
SELECT min(day)
  FROM event_days
 WHERE day NOT IN (SELECT day FROM settled_days)

-- name: insert_run
INSERT INTO settlement_runs (day, judged_at, touched_at, clicks, clicks_reversed, reversed_by_rule)
VALUES (
    %(day)s, %(judged_at)s, %(judged_at)s, %(clicks)s, %(clicks_reversed)s, %(reversed_by_rule)s::jsonb
)

-- name: touch_run
UPDATE settlement_runs
   SET touched_at = greatest(touched_at, %(touched_at)s)
 WHERE day = %(day)s
RETURNING touched_at

-- name: insert_settled_day
-- Not earlier than the last booking of the day, even if the clock went back between two steps (law 8).
INSERT INTO settled_days (day, settled_at)
SELECT day, greatest(%(settled_at)s, touched_at)
  FROM settlement_runs
 WHERE day = %(day)s
    ON CONFLICT (day) DO NOTHING

-- name: schedule_jobs
INSERT INTO settlement_jobs (day, shard, job_id)
SELECT %(day)s, shard, job_id
  FROM settling_clicks
 WHERE rule IS NOT NULL
 GROUP BY shard, job_id

-- name: find_next_shard
SELECT min(shard)
  FROM settlement_jobs
 WHERE day = %(day)s

-- name: claim_jobs
-- The next jobs of the day, with the amount to reverse for each of their charges; empty once all are done.
-- Each job with a mark is scheduled, and jobs are claimed in order: marks from the first to the last of them
-- are theirs. A join would read all marks of the day for each job wherever the planner expects few, as of a
-- day that is newer than its statistics.
WITH due AS (
    SELECT shard, job_id
      FROM settlement_jobs
     WHERE day = %(day)s
       AND shard = {shard: shard}
     ORDER BY shard, job_id
     LIMIT %(jobs_max)s
), claimed AS (
    DELETE FROM settlement_jobs
     USING due
     WHERE settlement_jobs.day = %(day)s
       AND settlement_jobs.shard = {shard: due.shard}
       AND settlement_jobs.job_id = due.job_id
)
INSERT INTO asked_reversals (shard, job_id, charge, rule, clicks, clicks_charged, amount_micros)
SELECT shard, job_id, charge, rule, count(*), count(charge), sum(amount_micros)
  FROM event_reversals
 WHERE shard = {shard: ANY(ARRAY(SELECT shard FROM due))}
   AND event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
   AND (shard, job_id) >= (SELECT shard, job_id FROM due ORDER BY shard, job_id LIMIT 1)
   AND (shard, job_id) <= (SELECT shard, job_id FROM due ORDER BY shard DESC, job_id DESC LIMIT 1)
 GROUP BY shard, job_id, charge, rule

-- name: read_settled_through
-- The last day up to which every day is final; null on a new installation.
SELECT max(day)
  FROM settled_days
 WHERE day < coalesce((SELECT min(day)
                         FROM event_days
                        WHERE day NOT IN (SELECT day FROM settled_days)), 'infinity')

-- name: has_open_day
-- Whether a day until then has figures that are not final.
SELECT EXISTS (SELECT
                 FROM event_days
                WHERE day <= %(until)s
                  AND day NOT IN (SELECT day FROM settled_days))

-- columns: listed_day
day, judged_at, settled_at, clicks, clicks_reversed, reversed_by_rule,
(SELECT late_events FROM late_events_of(event_days.day, {RestatementCause.LATE_EVENTS})) AS late_events,
coalesce(day <= (SELECT kept_through FROM job_month_keeping), false) AS is_copied

-- name: list_days_before
-- The newest first, from a day back.
SELECT {listed_day}
  FROM event_days
  LEFT JOIN settlement_runs USING (day)
  LEFT JOIN settled_days USING (day)
 WHERE day < %(before)s
 ORDER BY day DESC
 LIMIT %(rows_max)s

-- name: list_day_charges
-- Of final days, which are copied for budget reports: a few rows of each contract and day.
SELECT day, currency, sum(charge_micros)::bigint AS charge_micros
  FROM contract_days
  JOIN partner_contracts ON id = partner_contract_id
 WHERE day = ANY(%(days)s)
 GROUP BY day, currency
 ORDER BY day, currency

-- name: list_days
-- Every day until today on which events were accepted, final or not, in order: later days are prepared only.
SELECT {listed_day}
  FROM event_days
  LEFT JOIN settlement_runs USING (day)
  LEFT JOIN settled_days USING (day)
 WHERE day > %(after)s
   AND day <= %(until)s
 ORDER BY day
 LIMIT %(rows_max)s

-- name: list_single_day
SELECT {listed_day}
  FROM event_days
  LEFT JOIN settlement_runs USING (day)
  LEFT JOIN settled_days USING (day)
 WHERE day = %(day)s

-- name: list_effects
-- By the index of each shard. What a rule reversed is kept as long as the events of the day.
SELECT rule, coalesce(currency, '') AS currency, count(*) AS clicks, count(charge) AS clicks_charged,
       sum(amount_micros)::bigint AS amount_micros
  FROM event_reversals
  LEFT JOIN job_budgets USING (shard, job_id)
 WHERE shard IN (SELECT every_shard())
   AND event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
 GROUP BY rule, coalesce(currency, '')
 ORDER BY rule, currency

-- name: list_reversed_jobs
-- The jobs of which most clicks were reversed on the day, found as `list_effects` finds them.
WITH changed AS (
    SELECT shard, job_id, count(*) AS clicks, sum(amount_micros)::bigint AS amount_micros
      FROM event_reversals
     WHERE shard IN (SELECT every_shard())
       AND event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
     GROUP BY shard, job_id
     ORDER BY clicks DESC, job_id
     LIMIT %(rows_max)s
)
SELECT changed.job_id, title, coalesce(currency, '') AS currency, 0 AS views, -changed.clicks AS clicks,
       -amount_micros AS charge_micros
  FROM changed
 CROSS JOIN LATERAL posting_of(changed.shard, changed.job_id) AS job
  LEFT JOIN LATERAL budget_of(changed.shard, changed.job_id) AS budget ON true
 ORDER BY changed.clicks DESC, changed.job_id

-- name: list_late_jobs
WITH changed AS (
    SELECT shard, job_id, sum(views) AS views, sum(apply_clicks) AS clicks,
           sum(charge_micros)::bigint AS charge_micros
      FROM job_day_restatements
     WHERE day = %(day)s
       AND cause = {RestatementCause.LATE_EVENTS}
     GROUP BY shard, job_id
     ORDER BY sum(views + apply_clicks) DESC, job_id
     LIMIT %(rows_max)s
)
SELECT changed.job_id, title, coalesce(currency, '') AS currency, views, clicks, charge_micros
  FROM changed
 CROSS JOIN LATERAL posting_of(changed.shard, changed.job_id) AS job
  LEFT JOIN LATERAL budget_of(changed.shard, changed.job_id) AS budget ON true
 ORDER BY views + clicks DESC, changed.job_id
