-- columns: report
-- The job as it was when `today` began, whatever happened since; only the money is the current one, without
-- what was charged today. A job whose run is over has ended, whether a chore has ended it or not.
job_id, external_id, coalesce(replaced.title, job.title) AS title,
coalesce(replaced.company_name, job.company_name) AS company_name,
CASE WHEN number IS NULL THEN job.company_page ELSE replaced.company_page END AS company_page,
coalesce(replaced.apply_url, job.apply_url) AS apply_url,
CASE WHEN least(closed_at, expires_at) < midnight THEN least(closed_at, expires_at) END AS closed_at,
currency, coalesce(replaced.limit_micros, budget_micros - lowered_micros) AS limit_micros,
CASE WHEN number IS NULL THEN job.partner_job_campaign ELSE replaced.partner_job_campaign END
AS partner_job_campaign, kept_figures, later_figures,
CASE WHEN live_day < today AND live_day >= later_from AND day_views + day_clicks > 0
     THEN int4send(live_day - date '1970-01-01') || int4send(day_views) || int4send(day_clicks)
          || int8send(live_micros) END AS live_figures,
spent_micros + credited_micros - coalesce(charged_today, 0)::bigint
- CASE WHEN live_day >= today THEN live_micros ELSE 0 END AS spent_micros

-- columns: posting
SELECT shard, job_id, partner_contract_id, external_id, title, company_name, company_page, apply_url,
              partner_job_campaign, created_at, expires_at, state, closed_at

-- columns: report_sources
-- Besides the job itself and its months. A day may be counted in two places until it is over: in the job's
-- budget, and with its other days. Of these the months have the older ones; today's are read for the charge.
CROSS JOIN LATERAL (
      SELECT currency, budget_micros, lowered_micros, spent_micros, credited_micros, live_day, day_views,
             day_clicks, day_charged * click_price_micros AS live_micros
        FROM budget_of(job.shard, job.job_id)) AS budget
 {replaced}
 CROSS JOIN LATERAL (
      SELECT sum(charge_micros) FILTER (WHERE day >= today) AS charged_today,
             string_agg(int4send(day - date '1970-01-01') || int4send(views) || int4send(apply_clicks)
                        || int8send(charge_micros), '' ORDER BY day)
             FILTER (WHERE day < today AND views + apply_clicks + clicks_reversed > 0) AS later_figures
        FROM job_days_from(job.shard, job.job_id, later_from)) AS days

-- columns: replaced
-- What was replaced since: the first of today's versions.
LEFT JOIN LATERAL (
      SELECT number, company_job_code, title, company_name, company_page, apply_url, partner_job_campaign,
             limit_micros
        FROM version_at(job.shard, job.job_id, midnight)) AS replaced
   ON true

-- columns: asked_ids
unnest(%(ids)s::text[], %(shards)s::smallint[], %(application_ids)s::bigint[], %(contract_ids)s::bigint[],
              %(firsts)s::date[], %(lasts)s::date[], %(todays)s::date[]) WITH ORDINALITY
    AS asked (asked_id, asked_shard, asked_application, asked_contract, first_day, last_day, today,
              asked_number)
 {moments}

-- columns: moments
-- From `later_from` on days are read by themselves: before, they are those of the months, or not asked for.
CROSS JOIN LATERAL (
       SELECT today::timestamp AT TIME ZONE 'UTC' AS midnight,
              CASE WHEN last_day <= kept_through THEN today
                   ELSE greatest(first_day, kept_through + 1) END AS later_from
         FROM job_month_keeping
       OFFSET 0) AS moments

-- columns: reported
FROM unnest(%(shards)s::smallint[], %(application_ids)s::bigint[]) AS asked (asked_shard, asked_application)
         CROSS JOIN (SELECT %(today)s AS midnight) AS day
         CROSS JOIN LATERAL postings_of_application(asked_shard, asked_application) AS job
         WHERE {is_reportable}

-- columns: is_reportable
job.partner_contract_id IS NOT NULL
           AND created_at < midnight
           AND (state <> 'FAILED' OR closed_at >= midnight)
           AND (state <> 'CLOSED' OR closed_at >= midnight
                OR EXISTS (SELECT FROM ever_charged(job.shard, job.job_id)))

-- name: read_reports_by_external_id
-- Callers ask at once, each for its own jobs, in one month each; `asked_number` says whose a row is. OFFSET 0
-- keeps the look-ups by key, whatever is known of the tables.
SELECT asked_number, {report}
  FROM {asked_ids}
 CROSS JOIN LATERAL (
       {posting}
         FROM postings_named(asked_shard, asked_application, asked_id)) AS job
 {report_sources}
  LEFT JOIN LATERAL (
       SELECT figures AS kept_figures
         FROM months_of(job.shard, job.job_id, date_trunc('month', first_day::timestamp)::date,
                        date_trunc('month', first_day::timestamp)::date)) AS months
    ON true
 WHERE asked_contract IN (0, partner_contract_id)
   AND {is_reportable}

-- name: find_jobs_by_code
-- The newest of the jobs that had the partner job code at midnight. One that was replaced since is in the
-- versions. OFFSET 0, and no UNION, which wants an order: a connection that planned this while there were
-- few jobs would look through all jobs of the application in the order of their ids.
SELECT asked_number, job_id
  FROM {asked_ids}
 CROSS JOIN LATERAL (
       SELECT job_id
         FROM jobs_with_code(asked_shard, asked_application, asked_id, midnight) AS named (named_job)
        CROSS JOIN LATERAL own_posting(asked_shard, asked_application, named_job) AS job
         {replaced}
        WHERE asked_contract IN (0, partner_contract_id)
          AND CASE WHEN number IS NULL THEN job.company_job_code ELSE replaced.company_job_code END
              = asked_id
          AND {is_reportable}
        ORDER BY job_id DESC
        LIMIT 1) AS found

-- name: read_reports
-- The same of jobs, and of any days.
SELECT asked_number, {report}
  FROM unnest(%(job_ids)s::bigint[], %(shards)s::smallint[], %(application_ids)s::bigint[],
              %(firsts)s::date[], %(lasts)s::date[], %(todays)s::date[]) WITH ORDINALITY
    AS asked (asked_job, asked_shard, asked_application, first_day, last_day, today, asked_number)
 {moments}
 CROSS JOIN LATERAL (
       {posting}
         FROM own_posting(asked_shard, asked_application, asked_job)) AS job
 {report_sources}
 CROSS JOIN LATERAL (
       SELECT string_agg(figures, '' ORDER BY month) AS kept_figures
         FROM months_of(job.shard, job.job_id, date_trunc('month', first_day::timestamp)::date, last_day))
       AS months
 WHERE {is_reportable}

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
-- worked out from these. Nothing that happens on the day changes the list.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(partner_contract_id), '') AS contract_ids,
       string_agg(int8send(floor(extract(epoch FROM created_at) * 1000)::bigint), '') AS created_ms,
       string_agg(int8send(coalesce(floor(extract(epoch FROM over_at) * 1000)::bigint,
                                    9223372036854775807)), '') AS closed_ms
  FROM (SELECT job_id, partner_contract_id, created_at,
               CASE WHEN least(closed_at, expires_at) < midnight THEN least(closed_at, expires_at) END
               AS over_at
          FROM postings_of_application(%(shard)s, %(application_id)s) AS job
         CROSS JOIN (SELECT %(today)s AS midnight) AS day
         WHERE {is_reportable}
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
SELECT currency, days.day, sum(views)::bigint AS views, sum(apply_clicks)::bigint AS apply_clicks,
       sum(charge_micros)::bigint AS charge_micros, bool_and(settled_at IS NOT NULL) AS is_final
  FROM (SELECT shard, job_id, partner_contract_id
          {reported}
        OFFSET 0) AS job
 CROSS JOIN LATERAL job_days_between(job.shard, job.job_id, %(first)s, %(last)s) AS days
  JOIN partner_contracts ON id = job.partner_contract_id
  LEFT JOIN settled_days ON settled_days.day = days.day
 GROUP BY currency, days.day
 ORDER BY currency, days.day

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
