-- name: insert_free_windows
INSERT INTO job_budgets (
    shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms,
    live_until_ms
)
SELECT %(shard)s, job_id, 0, '', 0, 0, live_from_ms, live_until_ms
  FROM unnest(%(job_ids)s::bigint[], %(live_from_ms)s::bigint[], %(live_until_ms)s::bigint[])
    AS opened (job_id, live_from_ms, live_until_ms)

-- name: lock_live_windows
-- In the order in which the intake of events locks them.
SELECT held.job_id
  FROM unnest(%(job_ids)s::bigint[]) AS asked (job_id)
 CROSS JOIN LATERAL (
       SELECT job_id
         FROM job_budgets
        WHERE shard = %(shard)s
          AND job_id = asked.job_id
          FOR UPDATE) AS held

-- name: move_free_windows
UPDATE job_budgets
   SET live_from_ms = asked.live_from_ms,
       live_until_ms = asked.live_until_ms,
       revision = revision + 1
  FROM unnest(%(job_ids)s::bigint[], %(live_from_ms)s::bigint[], %(live_until_ms)s::bigint[])
    AS asked (job_id, live_from_ms, live_until_ms)
 WHERE job_budgets.shard = %(shard)s
   AND job_budgets.job_id = asked.job_id
   AND (job_budgets.live_from_ms, job_budgets.live_until_ms) <> (asked.live_from_ms, asked.live_until_ms)

-- name: end_free_windows
UPDATE job_budgets
   SET live_until_ms = %(now_ms)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s::bigint[])
   AND live_until_ms > %(now_ms)s

-- name: set_live_window
UPDATE job_budgets
   SET live_from_ms = %(live_from_ms)s,
       live_until_ms = %(live_until_ms)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: set_market
UPDATE job_budgets
   SET market = %(market)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND market <> %(market)s

-- name: read_live_windows
-- One row of packed columns: thousands of rows would cost more to read in Python than here. OFFSET 0 keeps
-- the look-up by key; of a join, the planner makes a scan of the whole table when it does not know how many
-- are asked.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(live_from_ms), '') AS live_from_ms,
       string_agg(int8send(live_until_ms), '') AS live_until_ms,
       string_agg(int8send(revision), '') AS revisions,
       string_agg(int8send((daily_micros > 0 OR is_paced)::integer), '') AS are_capped,
       string_agg(int8send(partner_contract_id), '') AS contract_ids,
       string_agg(int8send(market), '') AS markets
  FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (asked_shard, asked_job)
 CROSS JOIN LATERAL (
       SELECT job_id, live_from_ms, live_until_ms, revision, daily_micros, is_paced, partner_contract_id,
              market
         FROM job_budgets
        WHERE shard = {shard: asked_shard}
          AND job_id = asked_job
       OFFSET 0) AS found

-- name: extend_window
-- A closed window (it begins at its end) stays closed.
UPDATE job_budgets
   SET live_from_ms = CASE WHEN live_from_ms < live_until_ms THEN live_from_ms ELSE %(live_until_ms)s END,
       live_until_ms = %(live_until_ms)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: open_windows
-- Locked in the order in which intake locks them.
WITH held AS MATERIALIZED (
    SELECT job_id
      FROM job_budgets
     WHERE shard = %(shard)s
       AND job_id = ANY(%(job_ids)s)
     ORDER BY job_id
       FOR UPDATE
)
UPDATE job_budgets
   SET live_from_ms = least(%(live_from_ms)s, live_until_ms),
       revision = revision + 1
  FROM held
 WHERE job_budgets.shard = %(shard)s
   AND job_budgets.job_id = held.job_id

-- name: close_windows
-- Closed at its end, not at once: to settlement a job whose window has not ended is open, and keeps its
-- money.
WITH held AS MATERIALIZED (
    SELECT job_id
      FROM job_budgets
     WHERE shard = %(shard)s
       AND job_id = ANY(%(job_ids)s)
     ORDER BY job_id
       FOR UPDATE
)
UPDATE job_budgets
   SET live_from_ms = live_until_ms,
       revision = revision + 1
  FROM held
 WHERE job_budgets.shard = %(shard)s
   AND job_budgets.job_id = held.job_id
