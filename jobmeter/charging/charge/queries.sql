-- name: prefer_index_plans
-- For the rest of the transaction: what is joined with budgets is looked up by key, one after the other. So
-- `charge_day` locks its rows in the order of the keys, in which all others lock them too.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true),
       set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true),
       set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'off', true)

-- name: lock_counted_jobs
-- For a tally of several days: every job is locked once, in order, before the first day is charged.
SELECT count(held.job_id)
  FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (shard, job_id)
 CROSS JOIN LATERAL (
       SELECT job_id
         FROM job_budgets
        WHERE shard = asked.shard
          AND job_id = asked.job_id
          FOR UPDATE) AS held

-- name: charge_day
-- One statement after the first lock (design, storage). A job's clicks are charged until what is left of its
-- budget is less than one click; the rest is free. `chargeable` counts the clicks that a day's cap lets
-- through. A job whose meter has changed since it was judged is told; the caller takes everything back and
-- judges anew. `job_days` is not joined, for a plan that was made while it was empty would read all of it for
-- each job.
WITH paid AS (
    UPDATE job_budgets
       SET clicks_taken = least(chargeable, coalesce((budget_micros - spent_micros - released_micros)
                                                     / nullif(click_price_micros, 0), 0)),
           spent_micros = spent_micros + click_price_micros
               * least(chargeable, coalesce((budget_micros - spent_micros - released_micros)
                                            / nullif(click_price_micros, 0), 0))
      FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[], %(revisions)s::integer[],
                  %(views)s::integer[], %(clicks)s::integer[], %(chargeable)s::integer[],
                  %(refused)s::integer[], %(references)s::uuid[])
        AS asked (shard, job_id, revision, views, clicks, chargeable, refused, reference)
     WHERE job_budgets.shard = asked.shard AND job_budgets.job_id = asked.job_id
    RETURNING job_budgets.shard, job_budgets.job_id, views, clicks, chargeable, refused, reference,
              clicks_taken AS charged, click_price_micros AS price, partner_contract_id AS contract_id,
              currency, job_budgets.revision <> asked.revision AS is_stale,
              budget_micros - spent_micros - released_micros AS left_micros, spent_micros AS used_micros,
              greatest(budget_micros - lowered_micros, 1) AS limit_micros
), counted AS (
    INSERT INTO job_days AS kept (shard, job_id, day, partner_contract_id, views, apply_clicks,
                                  clicks_charged, clicks_refused, charge_micros)
    SELECT shard, job_id, %(day)s, contract_id, views, clicks, charged, refused, charged * price FROM paid
        ON CONFLICT (shard, job_id, day) DO UPDATE SET views = kept.views + excluded.views,
           apply_clicks = kept.apply_clicks + excluded.apply_clicks,
           clicks_charged = kept.clicks_charged + excluded.clicks_charged,
           clicks_refused = kept.clicks_refused + excluded.clicks_refused,
           charge_micros = kept.charge_micros + excluded.charge_micros
), booked AS (
    INSERT INTO charge_postings (shard, reference, purpose, source_kind, source_id, destination_kind,
                                 destination_id, amount, unit, day, booked_at, cause)
    SELECT shard, reference, {Purpose.CHARGE}, {AccountKind.JOB}, job_id, {AccountKind.EARNED}, contract_id,
           charged * price, currency, %(day)s, %(booked_at)s, %(batch)s
      FROM paid WHERE charged > 0
)
SELECT coalesce(sum(charged), 0)::bigint, coalesce(sum(clicks - charged) FILTER (WHERE price > 0), 0)::bigint,
       coalesce(sum(charged * price), 0)::bigint, count(*) FILTER (WHERE is_stale),
       coalesce(array_agg(job_id) FILTER (WHERE chargeable < clicks OR charged > 0 AND (left_micros < price
           OR 2 * used_micros / limit_micros > 2 * (used_micros - charged * price) / limit_micros
           OR 5 * used_micros / limit_micros >= 4
              AND 5 * (used_micros - charged * price) / limit_micros < 4)), '{}')
  FROM paid
