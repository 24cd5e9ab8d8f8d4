-- name: read_reports_by_ids
-- A requested id is a job's external id, or else a partner job code, of which the newest job is meant. A job
-- is reported from the UTC day after it was posted; one that was closed before any charge is not (reports
-- page, "Important"). The spend is that until yesterday: no report includes the current UTC day. One
-- statement answers several requests; `request_index` identifies the request of a row. The planner applies
-- the conditions on `either` to both its parts, each with its own index.
SELECT request_index, asked_id, job_id, external_id, title, company_name, company_page, apply_url, closed_at,
       currency, budget_micros - lowered_micros AS limit_micros, partner_job_campaign, figures,
       spent_micros + credited_micros - charged_today AS spent_micros
  FROM unnest(%(request_indexes)s::integer[], %(ids)s::text[], %(shards)s::smallint[],
              %(application_ids)s::bigint[], %(contract_ids)s::bigint[], %(firsts)s::date[],
              %(lasts)s::date[], %(todays)s::date[])
    AS asked (request_index, asked_id, asked_shard, asked_application, asked_contract, first_day,
              last_day, today)
 CROSS JOIN LATERAL (
       SELECT job_id, external_id, title, company_name, company_page, apply_url, closed_at, currency,
              budget_micros, lowered_micros, partner_job_campaign, spent_micros, credited_micros
         FROM (SELECT 1 AS rank, shard, job_id, application_id, channel, state, partner_contract_id,
                      external_id, title, company_name, company_page, apply_url, partner_job_campaign,
                      created_at, closed_at
                 FROM job_postings
                WHERE external_id = asked_id
                UNION ALL
               SELECT 2 AS rank, shard, job_id, application_id, channel, state, partner_contract_id,
                      external_id, title, company_name, company_page, apply_url, partner_job_campaign,
                      created_at, closed_at
                 FROM job_postings
                WHERE company_job_code = asked_id) AS either
         JOIN job_budgets USING (shard, job_id)
        WHERE shard = asked_shard
          AND application_id = asked_application
          AND channel = 'P4P'
          AND state <> 'FAILED'
          AND (state <> 'CLOSED' OR spent_micros + credited_micros > 0)
          AND either.partner_contract_id IS NOT NULL
          AND asked_contract IN (0, either.partner_contract_id)
          AND created_at < today AT TIME ZONE 'UTC'
        ORDER BY rank, job_id DESC
        LIMIT 1) AS named
 CROSS JOIN LATERAL job_report_days(asked_shard::integer, job_id, first_day, last_day, today)

-- name: read_reports
SELECT job_id, external_id, title, company_name, company_page, apply_url, closed_at, currency,
       budget_micros - lowered_micros AS limit_micros, partner_job_campaign, figures,
       spent_micros + credited_micros - charged_today AS spent_micros
  FROM unnest(%(job_ids)s::bigint[]) AS asked (asked_job)
  JOIN job_postings
    ON job_postings.shard = %(shard)s AND job_id = asked_job
  JOIN job_budgets USING (shard, job_id)
 CROSS JOIN LATERAL job_report_days(%(shard)s::integer, asked_job, %(first)s, %(last)s, %(today)s)

-- name: list_reportable_jobs
-- All that a report of today's can show of an application, as packed columns: which of them a range holds is
-- worked out from these.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(partner_contract_id), '') AS contract_ids,
       string_agg(int8send(floor(extract(epoch FROM created_at) * 1000)::bigint), '') AS created_ms,
       string_agg(int8send(coalesce(floor(extract(epoch FROM closed_at) * 1000)::bigint,
                                    9223372036854775807)), '') AS closed_ms
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
                   AND spent_micros + credited_micros > 0))
         ORDER BY job_id) AS listed

-- name: read_list_version
-- What can change the list within a UTC day: a job that closes uncharged leaves it, and so does a closed one
-- all of whose charges settlement takes back.
SELECT (SELECT count(*)
          FROM job_postings
         WHERE shard = %(shard)s
           AND application_id = %(application_id)s
           AND state = 'CLOSED'
           AND closed_at >= %(today)s) AS closed,
       (SELECT max(touched_at)
          FROM settlement_runs) AS settled_at

-- name: sum_contract_spend
SELECT (coalesce((SELECT sum(charge_micros)
                    FROM contract_days
                   WHERE partner_contract_id = %(contract_id)s), 0)
        + coalesce((SELECT sum(charge_micros)
                      FROM job_days
                     WHERE partner_contract_id = %(contract_id)s
                       AND day > (SELECT kept_through FROM job_month_keeping)
                       AND day < %(today)s), 0))::bigint
