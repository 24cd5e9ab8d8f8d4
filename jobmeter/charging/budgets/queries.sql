-- name: lock_job_budget
SELECT shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, spent_micros,
       released_micros, lowered_micros, live_until_ms, is_downgraded
  FROM job_budgets
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   FOR UPDATE

-- name: read_job_budgets
SELECT shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, spent_micros,
       released_micros, lowered_micros, live_until_ms, is_downgraded
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

-- name: set_downgraded
UPDATE job_budgets
   SET is_downgraded = %(is_downgraded)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND is_downgraded <> %(is_downgraded)s

-- name: insert_job_budget
INSERT INTO job_budgets (
    shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms,
    live_until_ms, daily_micros, is_paced, market
)
VALUES (
    %(shard)s, %(job_id)s, %(partner_contract_id)s, %(currency)s, %(click_price_micros)s, %(budget_micros)s,
    %(live_from_ms)s, %(live_until_ms)s, %(daily_micros)s, %(is_paced)s, %(market)s
)

-- name: release_job_budget
UPDATE job_budgets
   SET released_micros = budget_micros - spent_micros,
       live_until_ms = least(live_until_ms, %(live_until_ms)s),
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
