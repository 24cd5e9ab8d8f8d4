-- name: find_reported_jobs
-- By external id or partner job code. A job shows from the UTC day after it was posted; one that was closed before
-- any charge does not show (reports page, "Important").
SELECT shard, job_id, external_id, company_job_code, title, company_name, company_page, apply_url, closed_at,
       currency, budget_micros - lowered_micros AS budget_micros, partner_job_campaign
  FROM job_postings
  JOIN job_budgets USING (shard, job_id)
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND (external_id = ANY(%(ids)s) OR company_job_code = ANY(%(ids)s))
   AND job_postings.partner_contract_id = coalesce(%(contract_id)s, job_postings.partner_contract_id)
   AND created_at < %(today)s
   AND NOT (state = 'CLOSED' AND spent_micros = 0)
   AND state <> 'FAILED'
 ORDER BY job_id

-- name: list_range_jobs
-- Live on a day of the range: posted before it ended and not over before it began.
SELECT shard, job_id, external_id, company_job_code, title, company_name, company_page, apply_url, closed_at,
       currency, budget_micros - lowered_micros AS budget_micros, partner_job_campaign
  FROM job_postings
  JOIN job_budgets USING (shard, job_id)
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND job_postings.partner_contract_id = coalesce(%(contract_id)s, job_postings.partner_contract_id)
   AND created_at < least(%(range_ends_at)s, %(today)s)
   AND (closed_at IS NULL OR closed_at >= %(range_starts_at)s)
   AND NOT (state = 'CLOSED' AND spent_micros = 0)
   AND state <> 'FAILED'
 ORDER BY job_id
 LIMIT %(jobs_max)s
OFFSET %(skipped)s

-- name: count_range_jobs
SELECT count(*)
  FROM job_postings
  JOIN job_budgets USING (shard, job_id)
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND job_postings.partner_contract_id = coalesce(%(contract_id)s, job_postings.partner_contract_id)
   AND created_at < least(%(range_ends_at)s, %(today)s)
   AND (closed_at IS NULL OR closed_at >= %(range_starts_at)s)
   AND NOT (state = 'CLOSED' AND spent_micros = 0)
   AND state <> 'FAILED'

-- name: list_day_figures
SELECT job_id, day, views, apply_clicks, charge_micros
  FROM job_days
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s)
   AND day BETWEEN %(first)s AND %(last)s
 ORDER BY job_id, day

-- name: sum_lifetime_spend
-- Up to yesterday: no report includes the current UTC day.
SELECT job_id, sum(charge_micros)::bigint
  FROM job_days
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s)
   AND day < %(today)s
 GROUP BY job_id

-- name: sum_contract_spend
SELECT coalesce(sum(charge_micros), 0)::bigint
  FROM job_days
 WHERE partner_contract_id = %(contract_id)s
   AND day < %(today)s
