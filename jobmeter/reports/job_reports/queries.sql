-- columns: shown
external_id, title, company_name, company_page, apply_url, closed_at, currency, limit_micros,
partner_job_campaign

-- columns: reported
FROM unnest(%(shards)s::smallint[], %(application_ids)s::bigint[]) AS asked (asked_shard, asked_application)
          JOIN job_postings ON shard = asked_shard AND application_id = asked_application
         WHERE {is_reportable}

-- columns: is_reportable
partner_contract_id IS NOT NULL
           AND created_at < %(today)s
           AND (state <> 'FAILED' OR closed_at >= %(today)s)
           AND (state <> 'CLOSED' OR closed_at >= %(today)s OR EXISTS (
                SELECT FROM job_budgets
                 WHERE job_budgets.shard = job_postings.shard
                   AND job_budgets.job_id = job_postings.job_id
                   AND (spent_micros + credited_micros > 0 OR EXISTS (
                        SELECT FROM job_days
                         WHERE job_days.shard = job_postings.shard
                           AND job_days.job_id = job_postings.job_id
                           AND clicks_reversed > 0
                           AND EXISTS (
                               SELECT
                                 FROM charge_days(job_postings.shard, job_postings.job_id) AS charge_day
                                CROSS JOIN LATERAL (
                                      SELECT
                                        FROM charges_of_day(job_postings.shard, job_postings.job_id,
                                                            charge_day)
                                      OFFSET 0) AS charged
                               OFFSET 0)
                        OFFSET 0))
                OFFSET 0))

-- name: read_reports_by_ids
-- A requested id is a job's external id, or else a partner job code, of which the newest job is meant. What
-- it means and shows is that of the last midnight (`job_at_midnight`): a code that was replaced since is in
-- the versions. The spend is that until yesterday: no report includes the current UTC day. Callers ask at
-- once, each for its own jobs; `request_index` says whose a row is.
SELECT request_index, asked_id, job_id, {shown}, figures, charged_micros - charged_today AS spent_micros
  FROM unnest(%(request_indexes)s::integer[], %(ids)s::text[], %(shards)s::smallint[],
              %(application_ids)s::bigint[], %(contract_ids)s::bigint[], %(firsts)s::date[],
              %(lasts)s::date[], %(todays)s::date[])
    AS asked (request_index, asked_id, asked_shard, asked_application, asked_contract, first_day,
              last_day, today)
 CROSS JOIN LATERAL (
       SELECT job_id, {shown}, charged_micros
         FROM (SELECT 1 AS rank, job_id AS named_job
                 FROM job_postings
                WHERE shard = asked_shard
                  AND application_id = asked_application
                  AND external_id = asked_id
                  AND channel = 'P4P'
                UNION ALL
               SELECT 2 AS rank, job_id AS named_job
                 FROM job_postings
                WHERE shard = asked_shard
                  AND application_id = asked_application
                  AND company_job_code = asked_id
                UNION ALL
               SELECT 2 AS rank, job_id AS named_job
                 FROM job_posting_versions
                WHERE shard = asked_shard
                  AND company_job_code = asked_id
                  AND replaced_at >= today::timestamp AT TIME ZONE 'UTC') AS named
        CROSS JOIN LATERAL job_at_midnight(asked_shard::integer, named_job, today) AS job
        WHERE application_id = asked_application
          AND asked_contract IN (0, partner_contract_id)
          AND (rank = 1 OR company_job_code = asked_id)
        ORDER BY rank, named_job DESC
        LIMIT 1) AS meant
 CROSS JOIN LATERAL job_report_days(asked_shard::integer, job_id, first_day, last_day, today)

-- name: read_reports
SELECT job_id, {shown}, figures, charged_micros - charged_today AS spent_micros
  FROM unnest(%(job_ids)s::bigint[]) AS asked (asked_job)
 CROSS JOIN LATERAL job_at_midnight(%(shard)s::integer, asked_job, %(today)s)
 CROSS JOIN LATERAL job_report_days(%(shard)s::integer, asked_job, %(first)s, %(last)s, %(today)s)

-- name: read_figures_as_of
-- Every change of a day after it was first shown is recorded; what was recorded since `as_of` is taken back.
-- A day that only began since is left out.
SELECT asked_job AS job_id, figures, spent AS spent_micros
  FROM unnest(%(job_ids)s::bigint[]) AS asked (asked_job)
 CROSS JOIN LATERAL (
       SELECT string_agg(int4send(day - date '1970-01-01') || int4send(views) || int4send(clicks)
                         || int8send(charge), '')
              FILTER (WHERE day BETWEEN %(first)s AND %(last)s) AS figures,
              coalesce(sum(charge), 0)::bigint AS spent
         FROM (SELECT day, views, clicks, charge
                 FROM job_days_as_of(%(shard)s::integer, asked_job, %(as_of)s)
                WHERE day < %(today)s
                ORDER BY day) AS days) AS reported

-- name: list_reportable_jobs
-- All that a report can show of an application on a day, as packed columns: which of them a range holds is
-- worked out from these. Nothing that happens on the day changes the list: it has the conditions of
-- `job_at_midnight`. Only a job with reversed clicks can have been charged and have spent nothing. OFFSET 0
-- keeps the look-ups by key, whatever is known of the tables.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(partner_contract_id), '') AS contract_ids,
       string_agg(int8send(floor(extract(epoch FROM created_at) * 1000)::bigint), '') AS created_ms,
       string_agg(int8send(coalesce(floor(extract(epoch FROM over_at) * 1000)::bigint,
                                    9223372036854775807)), '') AS closed_ms
  FROM (SELECT job_id, partner_contract_id, created_at,
               CASE WHEN least(closed_at, expires_at) < %(today)s THEN least(closed_at, expires_at) END
               AS over_at
          FROM job_postings
         WHERE shard = %(shard)s
           AND application_id = %(application_id)s
           AND {is_reportable}
         ORDER BY job_id) AS listed

-- name: sum_contract_spend
SELECT (coalesce((SELECT sum(charge_micros)
                    FROM contract_days
                   WHERE partner_contract_id = %(contract_id)s), 0)
        + coalesce((SELECT sum(charge_micros)
                      FROM all_job_days
                     WHERE partner_contract_id = %(contract_id)s
                       AND day > (SELECT kept_through FROM job_month_keeping)
                       AND day < %(today)s), 0))::bigint

-- name: sum_days
-- The days of all jobs that reports show, in each currency. OFFSET 0 keeps the look-ups of days by key.
SELECT currency, all_job_days.day, sum(views)::bigint AS views, sum(apply_clicks)::bigint AS apply_clicks,
       sum(charge_micros)::bigint AS charge_micros, bool_and(settled_at IS NOT NULL) AS is_final
  FROM (SELECT shard, job_id, partner_contract_id
          {reported}
        OFFSET 0) AS job
  JOIN all_job_days ON all_job_days.shard = job.shard AND all_job_days.job_id = job.job_id
  JOIN partner_contracts ON id = job.partner_contract_id
  LEFT JOIN settled_days ON settled_days.day = all_job_days.day
 WHERE all_job_days.day BETWEEN %(first)s AND %(last)s
 GROUP BY currency, all_job_days.day
 ORDER BY currency, all_job_days.day

-- name: sum_days_as_of
-- The same as it was at `as_of`: what was recorded since is taken back.
SELECT currency, days.day, sum(views)::bigint AS views, sum(clicks)::bigint AS apply_clicks,
       sum(charge)::bigint AS charge_micros, bool_and(coalesce(settled_at <= %(as_of)s, false)) AS is_final
  FROM (SELECT shard, job_id, partner_contract_id
          {reported}
        OFFSET 0) AS job
 CROSS JOIN LATERAL job_days_as_of(job.shard::integer, job.job_id, %(as_of)s) AS days
  JOIN partner_contracts ON id = job.partner_contract_id
  LEFT JOIN settled_days ON settled_days.day = days.day
 WHERE days.day BETWEEN %(first)s AND %(last)s
 GROUP BY currency, days.day
 ORDER BY currency, days.day
