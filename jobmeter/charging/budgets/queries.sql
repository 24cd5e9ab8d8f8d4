-- name: lock_limit
SELECT shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, spent_micros,
       released_micros, lowered_micros, live_until_ms
  FROM job_budgets
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   FOR UPDATE

-- name: read_limits
SELECT shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, spent_micros,
       released_micros, lowered_micros, live_until_ms
  FROM job_budgets
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s)

-- name: raise_limit
UPDATE job_budgets
   SET budget_micros = budget_micros + %(change_micros)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: lower_limit
UPDATE job_budgets
   SET released_micros = released_micros + %(change_micros)s,
       lowered_micros = lowered_micros + %(change_micros)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: extend_window
-- A window that is shut (it begins at its end) stays shut.
UPDATE job_budgets
   SET live_from_ms = CASE WHEN live_from_ms < live_until_ms THEN live_from_ms ELSE %(live_until_ms)s END,
       live_until_ms = %(live_until_ms)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: open_windows
-- Locked in the order in which intake locks them.
WITH held AS MATERIALIZED (
    SELECT shard, job_id
      FROM job_budgets
     WHERE shard = %(shard)s
       AND job_id = ANY(%(job_ids)s)
     ORDER BY shard, job_id
       FOR UPDATE
)
UPDATE job_budgets
   SET live_from_ms = least(%(live_from_ms)s, live_until_ms),
       revision = revision + 1
  FROM held
 WHERE job_budgets.shard = held.shard
   AND job_budgets.job_id = held.job_id

-- name: shut_windows
-- Shut at its end rather than at once: to settlement a job whose window has not ended is open, and keeps its money.
WITH held AS MATERIALIZED (
    SELECT shard, job_id
      FROM job_budgets
     WHERE shard = %(shard)s
       AND job_id = ANY(%(job_ids)s)
     ORDER BY shard, job_id
       FOR UPDATE
)
UPDATE job_budgets
   SET live_from_ms = live_until_ms,
       revision = revision + 1
  FROM held
 WHERE job_budgets.shard = held.shard
   AND job_budgets.job_id = held.job_id
