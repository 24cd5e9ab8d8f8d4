-- name: spend_day
UPDATE job_budgets
   SET spent_micros = charge_micros
  FROM job_days
 WHERE job_days.shard = job_budgets.shard
   AND job_days.job_id = job_budgets.job_id
   AND day = %(day)s

-- name: analyze_day
VACUUM ANALYZE events, charge_postings, job_days, job_budgets

-- name: settle_other_days
-- Otherwise the other days would be settled too and distort the figure.
INSERT INTO settled_days (day, settled_at)
SELECT day, %(settled_at)s
  FROM event_days
 WHERE day <> %(day)s
    ON CONFLICT DO NOTHING

-- name: count_by_job
-- The limit: the simplest query over the same rows that returns a figure for each job.
SELECT job_id, count(*)
  FROM events
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
 GROUP BY job_id

-- name: count_reversed
SELECT clicks_reversed
  FROM settlement_runs
 WHERE day = %(day)s
