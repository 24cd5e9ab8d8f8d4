-- name: insert_job_budget
INSERT INTO job_budgets (
    shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms, live_until_ms
)
VALUES (
    %(shard)s, %(job_id)s, %(partner_contract_id)s, %(currency)s, %(click_price_micros)s, %(budget_micros)s,
    %(live_from_ms)s, %(live_until_ms)s
)

-- name: lock_job_budget
SELECT shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, spent_micros,
       released_micros
  FROM job_budgets
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   FOR UPDATE

-- name: set_live_window
UPDATE job_budgets
   SET live_from_ms = %(live_from_ms)s,
       live_until_ms = %(live_until_ms)s,
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: release_job_budget
UPDATE job_budgets
   SET released_micros = budget_micros - spent_micros,
       live_until_ms = least(live_until_ms, %(live_until_ms)s),
       revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: read_meters
-- One row of packed columns: thousands of rows would cost more to read in Python than here. OFFSET 0 keeps the
-- look-up by key; of a join, the planner makes a scan of the whole table when it does not know how many are asked.
SELECT string_agg(int8send(job_id), '') AS job_ids,
       string_agg(int8send(live_from_ms), '') AS live_from_ms,
       string_agg(int8send(live_until_ms), '') AS live_until_ms
  FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (asked_shard, asked_job)
 CROSS JOIN LATERAL (
       SELECT job_id, live_from_ms, live_until_ms
         FROM job_budgets
        WHERE shard = asked_shard
          AND job_id = asked_job
       OFFSET 0) AS found

-- name: charge_tally
-- One statement after the first lock (design, storage). A job's clicks are charged in day order until what is left
-- of its budget is less than one click; the rest is free. `earlier` counts the job's clicks on days before.
-- A lateral lock is taken row by row in the order sent, which is the order of the keys, so that two batches never
-- wait for each other in a ring. What the locked row holds is written back whole: PostgreSQL checks a new row made from
-- the version that the statement began with, which may lack money that has come back since.
WITH decided AS MATERIALIZED (
    SELECT asked.shard, asked.job_id, day, views, clicks, refused, reference, contract_id, currency, price, affordable,
           budget, spent, released,
           greatest(0, least(clicks, affordable - earlier))::integer AS charged
      FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[], %(days)s::date[], %(views)s::integer[],
                  %(clicks)s::integer[], %(earlier)s::integer[], %(refused)s::integer[], %(references)s::uuid[])
        AS asked (shard, job_id, day, views, clicks, earlier, refused, reference)
     CROSS JOIN LATERAL (
           SELECT partner_contract_id AS contract_id, currency, click_price_micros AS price,
                  budget_micros AS budget, spent_micros AS spent, released_micros AS released,
                  coalesce((budget_micros - spent_micros - released_micros) / nullif(click_price_micros, 0), 0)
                  AS affordable
             FROM job_budgets
            WHERE shard = asked.shard AND job_id = asked.job_id
              FOR UPDATE) AS held
), paid AS (
    UPDATE job_budgets SET budget_micros = budget, spent_micros = spent + due_micros, released_micros = released
      FROM (SELECT shard, job_id, budget, spent, released, sum(charged * price)::bigint AS due_micros
              FROM decided WHERE charged > 0 GROUP BY shard, job_id, budget, spent, released) AS due
     WHERE job_budgets.shard = due.shard AND job_budgets.job_id = due.job_id
), rolled_up AS (
    INSERT INTO job_days AS kept (shard, job_id, day, partner_contract_id, views, apply_clicks, clicks_charged,
                                  clicks_refused, charge_micros)
    SELECT shard, job_id, day, contract_id, views, clicks, charged, refused, charged * price FROM decided
        ON CONFLICT (shard, job_id, day) DO UPDATE SET views = kept.views + excluded.views,
           apply_clicks = kept.apply_clicks + excluded.apply_clicks,
           clicks_charged = kept.clicks_charged + excluded.clicks_charged, clicks_refused = kept.clicks_refused + excluded.clicks_refused,
           charge_micros = kept.charge_micros + excluded.charge_micros
), booked AS (
    INSERT INTO charge_postings (shard, reference, purpose, source_kind, source_id, destination_kind, destination_id,
                                 amount, unit, day, booked_at, cause)
    SELECT shard, reference, 3, 3, job_id, 4, contract_id, charged * price, currency, day, %(booked_at)s, %(batch)s
      FROM decided WHERE charged > 0
)
SELECT coalesce(sum(charged), 0)::bigint, coalesce(sum(clicks - charged) FILTER (WHERE price > 0), 0)::bigint,
       coalesce(sum(charged * price), 0)::bigint,
       coalesce(array_agg(DISTINCT job_id) FILTER (WHERE affordable > 0 AND charged < clicks), '{}')
  FROM decided
