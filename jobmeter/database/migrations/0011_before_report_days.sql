-- Apply before the code. Charges of folded days.

-- report days --------------------------------------------------------------------------------------------------
-- The days on which a job may have charges, by which the references of its charges begin: those of its roll-up, and all
-- that may have been folded.

CREATE FUNCTION charge_days(of_shard bigint, of_job bigint) RETURNS SETOF date LANGUAGE sql STABLE ROWS 30 AS $$
    SELECT day FROM job_days WHERE shard = of_shard::smallint AND job_id = of_job AND day > date '1970-01-01'
     UNION
    SELECT day FROM event_days WHERE day < (SELECT folded_before FROM job_day_folds)
$$;
