-- Apply before the code. Reports read final days from one row for each job and month.

-- report months ------------------------------------------------------------------------------------------------
-- Final days never change, so those of a job's month lie together: for each day on which anything counted, in order,
-- its number since 1970, views and clicks (4 bytes each) and charge (8 bytes). A copy of `job_days`, which stay the
-- record; `db check` compares the two.

CREATE TABLE job_months (
    shard   smallint NOT NULL,
    job_id  bigint   NOT NULL,
    month   date     NOT NULL,
    figures bytea    NOT NULL,
    PRIMARY KEY (shard, job_id, month)
) WITH (fillfactor = 80);

-- All days up to `kept_through` are in `job_months`, but for months before `kept_since`, which reports no longer show.
CREATE TABLE job_month_keeping (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    kept_since   date    NOT NULL,
    kept_through date    NOT NULL
);
INSERT INTO job_month_keeping (kept_since, kept_through)
VALUES ('1970-01-01', '1970-01-01');

-- What a job's report tells of its days: the packed days of the months that the range touches, each whole, and of the
-- days that are not final yet those before `today`; and what today was charged.
CREATE FUNCTION job_report_days(of_shard integer, of_job bigint, first_day date, last_day date, today date)
    RETURNS TABLE (figures bytea, charged_today bigint) LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT string_agg(months.figures, '' ORDER BY month)
                       FROM job_months AS months
                      WHERE months.shard = of_shard::smallint
                        AND months.job_id = of_job
                        AND month BETWEEN date_trunc('month', first_day)::date AND last_day), '')
           || coalesce(string_agg(int4send(day - date '1970-01-01') || int4send(views) || int4send(apply_clicks)
                                  || int8send(charge_micros), '' ORDER BY day)
                       FILTER (WHERE day < today AND views + apply_clicks + clicks_reversed > 0), ''),
           coalesce(sum(charge_micros) FILTER (WHERE day >= today), 0)::bigint
      FROM job_days
     WHERE job_days.shard = of_shard::smallint
       AND job_days.job_id = of_job
       AND day > (SELECT kept_through FROM job_month_keeping)
$$;

-- budgets ------------------------------------------------------------------------------------------------------
-- What of a job's charges was credited after its days were final, which leaves the figures of those days as they are:
-- `spent_micros + credited_micros` is the sum over its days.

ALTER TABLE job_budgets ADD COLUMN credited_micros bigint NOT NULL DEFAULT 0 CHECK (credited_micros >= 0);

UPDATE job_budgets
   SET credited_micros = credited
  FROM (SELECT cause AS job_id, sum(amount)::bigint AS credited
          FROM ledger_postings
         WHERE purpose = 6
           AND source_kind = 4
           AND corrects IS NOT NULL
         GROUP BY cause) AS credits
 WHERE credits.job_id = job_budgets.job_id
   AND job_budgets.shard = credits.job_id % 256;
