-- name: probe_postings
SELECT external_id, company_job_code, title, created_at, closed_at, state
  FROM job_postings
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_limits
SELECT budget_micros, lowered_micros
  FROM job_budgets
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_spends
SELECT spent_micros
  FROM job_budgets
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_charges
SELECT charge_micros
  FROM job_days
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_metrics
SELECT views, apply_clicks
  FROM job_days
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_terms
SELECT term_starts_at, term_ends_at
  FROM partner_contracts
 LIMIT 1

-- name: probe_limits_of_contracts
SELECT limit_micros, currency
  FROM partner_contracts
 LIMIT 1
