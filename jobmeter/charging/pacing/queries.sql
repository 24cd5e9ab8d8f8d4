-- name: read_day_limits
-- After the jobs are locked: what a day was charged by transactions that are over is seen, and nobody else
-- charges. The day is counted in the budget, in `job_days`, or in both.
SELECT asked.job_id, click_price_micros, budget_micros - spent_micros - released_micros AS left_micros,
       daily_micros, is_paced, live_from_ms, live_until_ms,
       coalesce(charge_micros, 0)
       + CASE WHEN live_day = %(day)s THEN day_charged * click_price_micros ELSE 0 END AS charged_micros
  FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (shard, job_id)
  JOIN job_budgets
    ON job_budgets.shard = {shard: asked.shard}
   AND job_budgets.job_id = asked.job_id
  LEFT JOIN job_days
    ON job_days.shard = {shard: asked.shard}
   AND job_days.job_id = asked.job_id
   AND job_days.day = %(day)s
 WHERE click_price_micros > 0
   AND (daily_micros > 0 OR is_paced)

-- name: set_daily_budget
UPDATE job_budgets
   SET daily_micros = %(daily_micros)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND daily_micros <> %(daily_micros)s
