-- name: insert_free_meters
INSERT INTO job_budgets (
    shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms, live_until_ms
)
SELECT %(shard)s, job_id, 0, '', 0, 0, %(live_from_ms)s, live_until_ms
  FROM unnest(%(job_ids)s::bigint[], %(live_until_ms)s::bigint[]) AS opened (job_id, live_until_ms)

-- name: lock_free_meters
-- In the order in which the intake of events locks them.
SELECT held.job_id
  FROM unnest(%(job_ids)s::bigint[]) AS asked (job_id)
 CROSS JOIN LATERAL (
       SELECT job_id
         FROM job_budgets
        WHERE shard = %(shard)s
          AND job_id = asked.job_id
          FOR UPDATE) AS held

-- name: move_free_meters
UPDATE job_budgets
   SET live_until_ms = asked.live_until_ms,
       revision = revision + 1
  FROM unnest(%(job_ids)s::bigint[], %(live_until_ms)s::bigint[]) AS asked (job_id, live_until_ms)
 WHERE job_budgets.shard = %(shard)s
   AND job_budgets.job_id = asked.job_id
   AND job_budgets.live_until_ms <> asked.live_until_ms

-- name: end_free_meters
UPDATE job_budgets
   SET live_until_ms = %(now_ms)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s::bigint[])
   AND live_until_ms > %(now_ms)s
