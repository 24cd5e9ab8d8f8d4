-- name: find_reported_ids
-- What is asked for is a job's external id, or else a partner job code, of which the newest job is meant. A job shows
-- from the UTC day after it was posted; one that was closed before any charge does not (reports page, "Important").
SELECT asked_id, rank, job_id
  FROM unnest(%(ids)s::text[]) AS asked (asked_id)
 CROSS JOIN LATERAL (
       (SELECT 1 AS rank, job_id, state, created_at, partner_contract_id
          FROM job_postings
         WHERE shard = %(shard)s AND application_id = %(application_id)s AND channel = 'P4P'
           AND external_id = asked_id AND state <> 'FAILED')
        UNION ALL
       (SELECT 2 AS rank, job_id, state, created_at, partner_contract_id
          FROM job_postings
         WHERE shard = %(shard)s AND application_id = %(application_id)s AND channel = 'P4P'
           AND company_job_code = asked_id AND state <> 'FAILED')) AS named
 WHERE partner_contract_id = coalesce(%(contract_id)s, partner_contract_id)
   AND created_at < %(today)s
   AND (state <> 'CLOSED' OR EXISTS (
        SELECT FROM job_budgets
         WHERE shard = %(shard)s AND job_budgets.job_id = named.job_id AND spent_micros > 0))
 ORDER BY asked_id, rank, job_id DESC

-- name: read_reports
-- A job's days of the range in one packed column, a row each of day, views, clicks (4 bytes) and charge (8 bytes): a
-- row of the result for each day would cost more to read in Python than here. What was spent is told up to yesterday:
-- no report includes the current UTC day. A day on which nothing counted has no row.
SELECT job_id, external_id, title, company_name, company_page, apply_url, closed_at, currency,
       budget_micros - lowered_micros AS limit_micros, partner_job_campaign, figures, spent
  FROM unnest(%(job_ids)s::bigint[]) AS asked (asked_job)
  JOIN job_postings
    ON job_postings.shard = %(shard)s AND job_id = asked_job
  JOIN job_budgets USING (shard, job_id)
 CROSS JOIN LATERAL (
       SELECT string_agg(int4send(day - date '1970-01-01') || int4send(views) || int4send(apply_clicks) || int8send(charge_micros), '')
              FILTER (WHERE day BETWEEN %(first)s AND %(last)s) AS figures,
              coalesce(sum(charge_micros), 0)::bigint AS spent
         FROM (SELECT day, views, apply_clicks, charge_micros
                 FROM job_days
                WHERE job_days.shard = %(shard)s AND job_days.job_id = asked_job AND day < %(today)s
                  AND views + apply_clicks + clicks_reversed > 0
                ORDER BY day) AS days) AS told

-- name: list_reportable_jobs
-- All that a report of today's can show of an application, as packed columns: which of them a range holds is worked
-- out from these.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(partner_contract_id), '') AS contract_ids,
       string_agg(int8send(floor(extract(epoch FROM created_at) * 1000)::bigint), '') AS created_ms,
       string_agg(int8send(coalesce(floor(extract(epoch FROM closed_at) * 1000)::bigint, 9223372036854775807)), '') AS closed_ms
  FROM (SELECT job_id, partner_contract_id, created_at, closed_at
          FROM job_postings
         WHERE shard = %(shard)s
           AND application_id = %(application_id)s
           AND partner_contract_id IS NOT NULL
           AND created_at < %(today)s
           AND state <> 'FAILED'
           AND (state <> 'CLOSED' OR EXISTS (
                SELECT FROM job_budgets
                 WHERE job_budgets.shard = job_postings.shard AND job_budgets.job_id = job_postings.job_id
                   AND spent_micros > 0))
         ORDER BY job_id) AS listed

-- name: read_list_version
-- What can change the list within a UTC day: a job that closes uncharged leaves it, and so does a closed one all of
-- whose charges settlement takes back.
SELECT (SELECT count(*)
          FROM job_postings
         WHERE shard = %(shard)s
           AND application_id = %(application_id)s
           AND state = 'CLOSED'
           AND closed_at >= %(today)s) AS closed,
       (SELECT max(touched_at)
          FROM settlement_runs) AS settled

-- name: sum_contract_spend
SELECT coalesce(sum(charge_micros), 0)::bigint
  FROM job_days
 WHERE partner_contract_id = %(contract_id)s
   AND day < %(today)s
