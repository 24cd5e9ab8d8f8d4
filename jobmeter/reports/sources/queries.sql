-- name: probe_postings
SELECT job_id, application_id, channel, partner_contract_id, external_id, company_job_code, title,
       company_name, company_page, apply_url, partner_job_campaign, created_at, closed_at, expires_at, state
  FROM job_postings
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_versions
SELECT job_id, number, replaced_at, company_job_code, title, company_name, company_page, apply_url,
       partner_job_campaign, limit_micros
  FROM job_posting_versions
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_limits
SELECT job_id, budget_micros, lowered_micros, currency
  FROM job_budgets
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_spends
SELECT spent_micros, credited_micros
  FROM job_budgets
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_ever_charged
SELECT job_id
  FROM charges
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_past_days
SELECT day
  FROM event_days
 LIMIT 1

-- name: probe_folded_days
SELECT folded_before
  FROM job_day_folds
 LIMIT 1

-- name: probe_charges
SELECT job_id, day, charge_micros
  FROM all_job_days
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_charges_of_days
SELECT job_id, day, charge_micros, clicks_reversed
  FROM job_days
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_live_charges
SELECT job_id, live_day, day_charged, click_price_micros
  FROM job_budgets
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_restatements
SELECT job_id, day, recorded_at, cause, views, apply_clicks, charge_micros
  FROM job_day_restatements
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_metrics
SELECT views, apply_clicks, clicks_reversed
  FROM all_job_days
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_metrics_of_days
SELECT views, apply_clicks
  FROM job_days
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_live_metrics
SELECT day_views, day_clicks
  FROM job_budgets
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_months
SELECT job_id, month, figures
  FROM job_months
 WHERE shard = %(shard)s
 LIMIT 1

-- name: probe_rollup
SELECT kept_through
  FROM job_month_keeping
 LIMIT 1

-- name: probe_terms
SELECT partner_id, term_starts_at, term_ends_at
  FROM partner_contracts
 LIMIT 1

-- name: probe_limits_of_contracts
SELECT limit_micros, currency
  FROM partner_contracts
 LIMIT 1

-- name: probe_contract_days
SELECT partner_contract_id, charge_micros
  FROM contract_days
 LIMIT 1

-- name: probe_contract_charges
SELECT partner_contract_id, day, charge_micros
  FROM all_job_days
 LIMIT 1
