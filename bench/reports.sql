-- name: fill_days
-- Days as intake and settlement would have stored them, one row per job and day, ordered by day.
INSERT INTO job_days (
    shard, job_id, day, partner_contract_id, views, apply_clicks, clicks_charged, charge_micros
)
SELECT shard, job_id, day::date, partner_contract_id, 20 + job_id / 256 %% 80, 3 + job_id / 256 %% 7,
       3 + job_id / 256 %% 7, (3 + job_id / 256 %% 7) * click_price_micros
  FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
 CROSS JOIN job_budgets
 WHERE job_budgets.job_id / 256 %% %(every)s = 0

-- name: spend_days
UPDATE job_budgets
   SET spent_micros = spent
  FROM (SELECT shard, job_id, sum(charge_micros) AS spent
          FROM job_days
         GROUP BY shard, job_id) AS summed
 WHERE summed.shard = job_budgets.shard
   AND summed.job_id = job_budgets.job_id

-- name: backdate_jobs
UPDATE job_postings
   SET created_at = %(created_at)s,
       listed_at = %(created_at)s

-- name: analyze_days
VACUUM ANALYZE job_days, job_months, job_budgets, job_postings

-- name: settle_days
INSERT INTO settled_days (day, settled_at)
SELECT day::date, %(settled_at)s
  FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
    ON CONFLICT DO NOTHING
