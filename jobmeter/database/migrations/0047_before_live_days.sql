-- Apply before the code. A job's day that is going on is counted in the row that its charges lock and change anyway: one row
-- is written for a job of a batch, not two. The day moves into `job_days` when it is over. An older server goes on counting
-- in `job_days`, so that a day may have a part in each.

-- charging -----------------------------------------------------------------------------------------------------
-- The day whose counts are here; none while nothing is. Its charge is its charged clicks at the job's price, which never
-- changes.

ALTER TABLE job_budgets
    ADD COLUMN live_day    date,
    ADD COLUMN day_views   integer NOT NULL DEFAULT 0,
    ADD COLUMN day_clicks  integer NOT NULL DEFAULT 0,
    ADD COLUMN day_charged integer NOT NULL DEFAULT 0,
    ADD COLUMN day_refused integer NOT NULL DEFAULT 0,
    ADD CHECK (day_views >= 0 AND day_refused >= 0 AND day_charged BETWEEN 0 AND day_clicks
               AND (live_day IS NOT NULL OR day_views + day_clicks + day_refused = 0));

-- How much of a count of `counted` belongs into the row: all, if that is the day which is counted there, or which a charge
-- would begin there where none is. The planner puts it in the place of its calls.
CREATE FUNCTION live_part(live_day date, opening_day date, counted date, amount bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN coalesce(live_day, opening_day) = counted THEN amount ELSE 0 END::integer
$$;

-- By contract, as days are: who reads the days of a contract, or of all by contract, reads both. None of its columns changes
-- while a day is counted, so that the row's update stays on its page.
CREATE INDEX live_days_of_contract ON job_budgets (partner_contract_id, live_day, shard, job_id)
 WHERE live_day IS NOT NULL;

-- What sums days reads these rows, of which a job's day may have two. A job that counts no day has one row without a day,
-- of zeros: with a condition here, the planner could not join the second table by its key.
CREATE VIEW all_job_days AS
SELECT shard, job_id, day, partner_contract_id, views, apply_clicks, clicks_charged, clicks_refused, charge_micros,
       clicks_reversed
  FROM job_days
 UNION ALL
SELECT shard, job_id, live_day, partner_contract_id, day_views, day_clicks, day_charged, day_refused,
       day_charged * click_price_micros, 0
  FROM job_budgets;

-- What shows days reads one row for each: by keys, or by contract, that are constants or come from outside of a subquery
-- with OFFSET 0. In a plain join, all days would be added up first.
CREATE VIEW job_day_sums AS
SELECT shard, job_id, day, partner_contract_id, sum(views)::integer AS views, sum(apply_clicks)::integer AS apply_clicks,
       sum(clicks_charged)::integer AS clicks_charged, sum(clicks_refused)::integer AS clicks_refused,
       sum(charge_micros)::bigint AS charge_micros, sum(clicks_reversed)::integer AS clicks_reversed
  FROM all_job_days
 WHERE day IS NOT NULL
 GROUP BY shard, job_id, day, partner_contract_id;

-- reports ------------------------------------------------------------------------------------------------------
-- As before, of both.

CREATE OR REPLACE FUNCTION job_days_as_of(of_shard integer, of_job bigint, as_of timestamptz)
    RETURNS TABLE (day date, views integer, clicks integer, charge bigint) LANGUAGE sql STABLE AS $$
    SELECT kept.day, (kept.views - later.views)::integer, (kept.apply_clicks - later.clicks)::integer,
           (kept.charge_micros - later.charge)::bigint
      FROM (SELECT days.day, sum(days.views) AS views, sum(days.apply_clicks) AS apply_clicks,
                   sum(days.charge_micros) AS charge_micros
              FROM all_job_days AS days
             WHERE days.shard = of_shard::smallint
               AND days.job_id = of_job
               AND days.day IS NOT NULL
             GROUP BY days.day
            OFFSET 0) AS kept
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(restated.views) FILTER (WHERE recorded_at > as_of), 0) AS views,
                  coalesce(sum(restated.apply_clicks) FILTER (WHERE recorded_at > as_of), 0) AS clicks,
                  coalesce(sum(restated.charge_micros) FILTER (WHERE recorded_at > as_of), 0) AS charge,
                  coalesce(bool_or(recorded_at <= as_of AND cause = 2), false) AS was_settled
             FROM job_day_restatements AS restated
            WHERE restated.shard = of_shard::smallint AND restated.job_id = of_job AND restated.day = kept.day) AS later
     WHERE was_settled
        OR kept.views <> later.views
        OR kept.apply_clicks <> later.clicks
$$;

CREATE OR REPLACE FUNCTION job_report_days(of_shard integer, of_job bigint, first_day date, last_day date, today date)
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
      FROM (SELECT day, sum(views)::integer AS views, sum(apply_clicks)::integer AS apply_clicks,
                   sum(charge_micros)::bigint AS charge_micros, sum(clicks_reversed) AS clicks_reversed
              FROM all_job_days
             WHERE shard = of_shard::smallint
               AND job_id = of_job
               AND day > (SELECT kept_through FROM job_month_keeping)
             GROUP BY day) AS days
$$;

CREATE OR REPLACE FUNCTION charge_days(of_shard bigint, of_job bigint) RETURNS SETOF date LANGUAGE sql STABLE ROWS 30 AS $$
    SELECT day FROM all_job_days WHERE shard = of_shard::smallint AND job_id = of_job AND day > date '1970-01-01'
     UNION
    SELECT day FROM event_days WHERE day < (SELECT folded_before FROM job_day_folds)
$$;
