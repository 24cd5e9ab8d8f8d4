-- Apply before the code. Reports: fast look-ups, the state that an earlier report showed.

-- jobs ---------------------------------------------------------------------------------------------------------

-- Which of an application's jobs left its reports on a day.
CREATE INDEX job_closings ON job_postings (shard, application_id, closed_at) WHERE state = 'CLOSED';

-- What reports showed of a job until `replaced_at`: written by each operation that changes it.
CREATE TABLE job_posting_versions (
    shard                smallint    NOT NULL,
    job_id               bigint      NOT NULL,
    number               bigint      GENERATED ALWAYS AS IDENTITY,
    replaced_at          timestamptz NOT NULL,
    company_job_code     text,
    title                text        NOT NULL,
    company_name         text        NOT NULL,
    company_page         text,
    apply_url            text        NOT NULL,
    partner_job_campaign text,
    limit_micros         bigint      NOT NULL,
    PRIMARY KEY (shard, job_id, number)
);

-- reports ------------------------------------------------------------------------------------------------------

-- A job's days as they stood at `as_of`: without what was recorded since, and without days on which nothing counted then.
CREATE FUNCTION job_days_as_of(of_shard integer, of_job bigint, as_of timestamptz)
    RETURNS TABLE (day date, views integer, clicks integer, charge bigint) LANGUAGE sql STABLE AS $$
    SELECT job_days.day, (job_days.views - later.views)::integer, (job_days.apply_clicks - later.clicks)::integer,
           (job_days.charge_micros - later.charge)::bigint
      FROM job_days
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(restated.views) FILTER (WHERE recorded_at > as_of), 0) AS views,
                  coalesce(sum(restated.apply_clicks) FILTER (WHERE recorded_at > as_of), 0) AS clicks,
                  coalesce(sum(restated.charge_micros) FILTER (WHERE recorded_at > as_of), 0) AS charge,
                  coalesce(bool_or(recorded_at <= as_of AND cause = 2), false) AS was_settled
             FROM job_day_restatements AS restated
            WHERE restated.shard = of_shard::smallint AND restated.job_id = of_job AND restated.day = job_days.day) AS later
     WHERE job_days.shard = of_shard::smallint
       AND job_days.job_id = of_job
       AND (was_settled OR job_days.views <> later.views OR job_days.apply_clicks <> later.clicks)
$$;
