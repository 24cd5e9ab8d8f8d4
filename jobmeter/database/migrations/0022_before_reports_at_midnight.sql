-- Apply before the code. Reports show jobs as they were at the last midnight.

-- reports ------------------------------------------------------------------------------------------------------
-- A code that was replaced today still names its job until midnight.

CREATE INDEX job_codes_before ON job_posting_versions (shard, company_job_code, replaced_at)
 WHERE company_job_code IS NOT NULL;

-- A job as the reports of `today` show it: as it was when the day began, whatever happened since; only the money
-- is the current one. No row for a job that reports do not show: one posted today, one that failed or, before it
-- was ever charged, was closed before today. A job whose run is over has ended, whether a chore has ended it or not.
-- Only a job with reversed clicks can have been charged and have spent nothing. OFFSET 0 keeps the look-ups by key,
-- whatever is known of the tables.
CREATE FUNCTION job_at_midnight(of_shard integer, of_job bigint, today date)
    RETURNS TABLE (job_id bigint, application_id bigint, partner_contract_id bigint, external_id text,
                   company_job_code text, title text, company_name text, company_page text, apply_url text,
                   partner_job_campaign text, closed_at timestamptz, currency text, limit_micros bigint,
                   charged_micros bigint)
    LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT job.job_id, job.application_id, job.partner_contract_id, job.external_id,
           CASE WHEN replaced.number IS NULL THEN job.company_job_code ELSE replaced.company_job_code END,
           coalesce(replaced.title, job.title), coalesce(replaced.company_name, job.company_name),
           CASE WHEN replaced.number IS NULL THEN job.company_page ELSE replaced.company_page END,
           coalesce(replaced.apply_url, job.apply_url),
           CASE WHEN replaced.number IS NULL THEN job.partner_job_campaign
                ELSE replaced.partner_job_campaign END,
           CASE WHEN least(job.closed_at, expires_at) < today::timestamp AT TIME ZONE 'UTC'
                THEN least(job.closed_at, expires_at) END,
           budget.currency, coalesce(replaced.limit_micros, budget_micros - lowered_micros),
           spent_micros + credited_micros
      FROM job_postings AS job
      JOIN job_budgets AS budget USING (shard, job_id)
      LEFT JOIN LATERAL (
           SELECT version.number, version.company_job_code, version.title, version.company_name,
                  version.company_page, version.apply_url, version.partner_job_campaign, version.limit_micros
             FROM job_posting_versions AS version
            WHERE version.shard = job.shard
              AND version.job_id = job.job_id
              AND replaced_at >= today::timestamp AT TIME ZONE 'UTC'
            ORDER BY version.number
            LIMIT 1) AS replaced ON true
     WHERE job.shard = of_shard::smallint
       AND job.job_id = of_job
       AND job.partner_contract_id IS NOT NULL
       AND created_at < today::timestamp AT TIME ZONE 'UTC'
       AND (state <> 'FAILED' OR job.closed_at >= today::timestamp AT TIME ZONE 'UTC')
       AND (state <> 'CLOSED' OR job.closed_at >= today::timestamp AT TIME ZONE 'UTC'
            OR spent_micros + credited_micros > 0 OR EXISTS (
            SELECT FROM job_days
             WHERE job_days.shard = job.shard AND job_days.job_id = job.job_id AND clicks_reversed > 0
               AND EXISTS (SELECT FROM charge_postings
                            WHERE charge_postings.shard = job.shard AND source_kind = 3 AND source_id = job.job_id
                           OFFSET 0)
            OFFSET 0))
$$;
