-- name: list_posted_jobs
-- The newest jobs of a contract first, found by the copies of its partner.
WITH posted AS (
    SELECT listed_jobs.job_id
      FROM listed_jobs
      JOIN partner_contracts ON partner_contracts.partner_id = listed_jobs.partner_id
     WHERE partner_contracts.id = %(contract_id)s
       AND posted_ms >= %(since_ms)s
)
SELECT location, coalesce(content #>> '{categories,0}', '') AS job_function,
       coalesce(content ->> 'experienceLevel', '') AS experience_level, state = 'LIVE' AS is_open,
       clicks_charged
  FROM posted
 CROSS JOIN LATERAL posting_on_contract(shard_of(posted.job_id), posted.job_id, %(contract_id)s) AS job
 CROSS JOIN LATERAL job_totals(shard_of(posted.job_id), posted.job_id) AS counted
 ORDER BY created_at DESC, posted.job_id DESC
 LIMIT %(rows_max)s

-- name: sum_uses
SELECT count(*) AS uses, coalesce(sum(price_micros), 0)::bigint AS paid_micros
  FROM credit_uses
 WHERE contract_id = %(contract_id)s
   AND used_at >= %(since)s
