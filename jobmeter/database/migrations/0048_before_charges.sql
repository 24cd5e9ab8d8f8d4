-- Apply before the code. Charges have names of their own: who reads them does not ask how a charge is stored, and one that is
-- named is looked for in its own shard, not in all.

-- charging -----------------------------------------------------------------------------------------------------
-- Each charge once. What reads one, or those of a job's day, asks the functions below, which the planner puts in the place of
-- their calls; what reads all, or a range of numbers, asks this. Where a function is joined with others, OFFSET 0 keeps the
-- look-up by key, whatever is known of the tables.

CREATE VIEW charges AS
SELECT shard, source_id AS job_id, destination_id AS contract_id, day, cause AS batch, reference, amount AS amount_micros,
       unit AS currency, booked_at, number
  FROM charge_postings
 WHERE purpose = 3;

-- The charge of a batch's clicks on a job and day.
CREATE FUNCTION charge_of(of_shard bigint, of_job bigint, of_day date, of_batch bigint) RETURNS SETOF charges
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT shard, job_id, contract_id, day, batch, reference, amount_micros, currency, booked_at, number
      FROM charges
     WHERE shard = of_shard::smallint
       AND reference = charge_reference(of_day, of_job, of_batch)
$$;

-- The charges of a job's day: they lie side by side in the key.
CREATE FUNCTION charges_of_day(of_shard bigint, of_job bigint, of_day date) RETURNS SETOF charges
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT shard, job_id, contract_id, day, batch, reference, amount_micros, currency, booked_at, number
      FROM charges
     WHERE shard = of_shard::smallint
       AND reference BETWEEN charge_reference(of_day, of_job, 0) AND charge_reference(of_day, of_job, 9223372036854775807)
$$;

-- The job in a charge's reference, which names its shard. Any other id names some shard too, where no charge is found.
CREATE FUNCTION charged_job(reference uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('x' || encode(substr(uuid_send(reference), 3, 6), 'hex'))::bit(48)::bigint;

CREATE FUNCTION charge_named(of_reference uuid) RETURNS SETOF charges LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT shard, job_id, contract_id, day, batch, reference, amount_micros, currency, booked_at, number
      FROM charges
     WHERE shard = shard_of(charged_job(of_reference))
       AND reference = of_reference
$$;

-- reports ------------------------------------------------------------------------------------------------------
-- As before, but a closed job whose clicks were all reversed is looked for in its own days: it was looked for in all charges
-- of its shard.

CREATE OR REPLACE FUNCTION job_at_midnight(of_shard integer, of_job bigint, today date)
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
               AND EXISTS (SELECT
                             FROM charge_days(job.shard, job.job_id) AS charge_day
                            CROSS JOIN LATERAL (
                                  SELECT FROM charges_of_day(job.shard, job.job_id, charge_day) OFFSET 0) AS charged
                           OFFSET 0)
            OFFSET 0))
$$;
