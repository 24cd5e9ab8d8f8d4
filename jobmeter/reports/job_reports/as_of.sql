-- name: find_ids_as_of
-- As `find_reported_ids` would have answered at `as_of`, regardless of later changes.
WITH visible AS (
    SELECT job_id, external_id, coalesce(version.number, 0) AS version,
           CASE WHEN version.number IS NULL THEN job_postings.company_job_code
                ELSE version.company_job_code END AS code
      FROM job_postings
      LEFT JOIN LATERAL (
           SELECT number, company_job_code
             FROM job_posting_versions
            WHERE job_posting_versions.shard = job_postings.shard
              AND job_posting_versions.job_id = job_postings.job_id
              AND replaced_at > %(as_of)s
            ORDER BY number
            LIMIT 1) AS version ON true
     WHERE job_postings.shard = %(shard)s
       AND application_id = %(application_id)s
       AND job_id = ANY(%(listed)s::bigint[])
)
SELECT asked_id, coalesce(max(job_id) FILTER (WHERE external_id = asked_id), max(job_id)) AS job_id
  FROM unnest(%(ids)s::text[]) AS asked (asked_id)
  JOIN visible
    ON external_id = asked_id
    OR code = asked_id
 GROUP BY asked_id

-- name: read_reports_as_of
-- Every change of a day after it was first shown is recorded; what was recorded since `as_of` is taken back.
-- A day that only began since is left out.
SELECT job_id, external_id,
       coalesce(version.title, job_postings.title) AS title,
       coalesce(version.company_name, job_postings.company_name) AS company_name,
       CASE WHEN version.number IS NULL THEN job_postings.company_page
            ELSE version.company_page END AS company_page,
       coalesce(version.apply_url, job_postings.apply_url) AS apply_url,
       CASE WHEN closed_at <= %(as_of)s THEN closed_at END AS closed_at, currency,
       coalesce(version.limit_micros, budget_micros - lowered_micros) AS limit_micros,
       CASE WHEN version.number IS NULL THEN job_postings.partner_job_campaign
            ELSE version.partner_job_campaign END AS partner_job_campaign, figures, spent AS spent_micros
  FROM unnest(%(job_ids)s::bigint[]) AS asked (asked_job)
  JOIN job_postings
    ON job_postings.shard = %(shard)s AND job_id = asked_job
  JOIN job_budgets USING (shard, job_id)
  LEFT JOIN LATERAL (
       SELECT number, title, company_name, company_page, apply_url, partner_job_campaign, limit_micros
         FROM job_posting_versions
        WHERE job_posting_versions.shard = %(shard)s
          AND job_posting_versions.job_id = asked_job
          AND replaced_at > %(as_of)s
        ORDER BY number
        LIMIT 1) AS version ON true
 CROSS JOIN LATERAL (
       SELECT string_agg(int4send(day - date '1970-01-01') || int4send(views) || int4send(clicks)
                         || int8send(charge), '')
              FILTER (WHERE day BETWEEN %(first)s AND %(last)s) AS figures,
              coalesce(sum(charge), 0)::bigint AS spent
         FROM (SELECT day, views, clicks, charge
                 FROM job_days_as_of(%(shard)s::integer, asked_job, %(as_of)s)
                WHERE day < %(today)s
                ORDER BY day) AS days) AS reported

-- name: list_jobs_as_of
-- As `list_reportable_jobs` would have answered at `as_of`: a job that closed since was open, and one that
-- failed since was not yet.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(partner_contract_id), '') AS contract_ids,
       string_agg(int8send(floor(extract(epoch FROM created_at) * 1000)::bigint), '') AS created_ms,
       string_agg(int8send(coalesce(floor(extract(epoch FROM closed) * 1000)::bigint,
                                    9223372036854775807)), '') AS closed_ms
  FROM (SELECT job_id, partner_contract_id, created_at,
               CASE WHEN closed_at <= %(as_of)s THEN closed_at END AS closed
          FROM job_postings
         WHERE shard = %(shard)s
           AND application_id = %(application_id)s
           AND partner_contract_id IS NOT NULL
           AND created_at < %(today)s
           AND NOT (state = 'FAILED' AND closed_at <= %(as_of)s)
           AND (state <> 'CLOSED' OR closed_at > %(as_of)s OR EXISTS (
                SELECT FROM job_days_as_of(shard, job_id, %(as_of)s) AS days
                 WHERE days.charge > 0))
         ORDER BY job_id) AS listed
