-- columns: live
shard, job_id, live_day, partner_contract_id, day_views, day_clicks, day_charged, day_refused,
           click_price_micros

-- columns: moved
moved AS (
    INSERT {into_days}
    SELECT shard, job_id, live_day, partner_contract_id, day_views, day_clicks, day_charged, day_refused,
           day_charged * click_price_micros
      FROM held
        {added}
), emptied AS (
    UPDATE job_budgets
       SET live_day = NULL,
           day_views = 0,
           day_clicks = 0,
           day_charged = 0,
           day_refused = 0
      FROM held
     WHERE job_budgets.shard = held.shard
       AND job_budgets.job_id = held.job_id
    RETURNING 1
)
SELECT count(*)
  FROM emptied

-- name: lock_counted_jobs
-- For a tally of several days: every job is locked once, in order, before the first day is charged.
SELECT count(held.job_id)
  FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (shard, job_id)
 CROSS JOIN LATERAL (
       SELECT job_id
         FROM job_budgets
        WHERE shard = {shard: asked.shard}
          AND job_id = asked.job_id
          FOR UPDATE) AS held

-- columns: into_days
INTO job_days AS kept (shard, job_id, day, partner_contract_id, views, apply_clicks, clicks_charged,
                                  clicks_refused, charge_micros)

-- columns: added
ON CONFLICT (shard, job_id, day) DO UPDATE
       SET views = kept.views + excluded.views,
           apply_clicks = kept.apply_clicks + excluded.apply_clicks,
           clicks_charged = kept.clicks_charged + excluded.clicks_charged,
           clicks_refused = kept.clicks_refused + excluded.clicks_refused,
           charge_micros = kept.charge_micros + excluded.charge_micros

-- columns: charge
-- A posting's number is left to its column's default, which gives the transaction one first: on a cluster
-- the coordinator's may have none yet, and the horizon would pass by what it has not committed.
paid AS (
    UPDATE job_budgets AS job
       SET clicks_taken = affordable_clicks(budget_micros - spent_micros - released_micros,
                                            click_price_micros, chargeable),
           spent_micros = spent_micros + click_price_micros * affordable_clicks(
             budget_micros - spent_micros - released_micros, click_price_micros, chargeable),
           live_day = coalesce(live_day, %(opening_day)s),
           day_views = day_views + live_part(live_day, %(opening_day)s, %(day)s, views),
           day_clicks = day_clicks + live_part(live_day, %(opening_day)s, %(day)s, clicks),
           day_refused = day_refused + live_part(live_day, %(opening_day)s, %(day)s, refused),
           day_charged = day_charged + live_part(live_day, %(opening_day)s, %(day)s, affordable_clicks(
             budget_micros - spent_micros - released_micros, click_price_micros, chargeable))
      FROM asked
     WHERE job.shard = {shard: asked.shard} AND job.job_id = asked.job_id
    RETURNING job.shard, job.job_id, views, clicks, refused, reference, batch,
              currency, partner_contract_id AS contract_id, click_price_micros AS price,
              clicks_taken AS charged, click_price_micros * clicks_taken AS charge_micros,
              revision <> judged_by AS is_stale,
              live_day IS DISTINCT FROM %(day)s AS is_apart,
              chargeable < clicks
              OR clicks_taken > 0 AND budget_micros - spent_micros - released_micros < click_price_micros
              OR crosses_alert(spent_micros - click_price_micros * clicks_taken, spent_micros,
                               budget_micros - lowered_micros) AS is_noted
), counted AS (
    INSERT {into_days}
    SELECT shard, job_id, %(day)s, contract_id, views, clicks, charged, refused, charge_micros
      FROM paid WHERE is_apart {added}
), booked AS (
    INSERT INTO charge_postings (shard, reference, purpose, source_kind, source_id, destination_kind,
                                 destination_id, amount, unit, day, booked_at, cause)
    SELECT shard, reference, {Purpose.CHARGE}, {AccountKind.JOB}, job_id, {AccountKind.EARNED},
           contract_id, charge_micros, currency, %(day)s, %(booked_at)s, batch
      FROM paid WHERE charged > 0
), noted AS (
    INSERT INTO job_notes (shard, job_id)
    SELECT shard, job_id
      FROM paid WHERE is_noted
    RETURNING job_id)

-- name: charge_day
-- Counts of the live day stay in the row that is charged. Others are added to `job_days`, which is not
-- joined: a plan made while it was empty would read all of it for each job. The planner inlines functions.
-- In a FROM, each array would be stored aside before it is read.
WITH asked AS (
    SELECT unnest(%(shards)s::smallint[]) AS shard, unnest(%(job_ids)s::bigint[]) AS job_id,
           unnest(%(revisions)s::integer[]) AS judged_by, unnest(%(views)s::integer[]) AS views,
           unnest(%(clicks)s::integer[]) AS clicks, unnest(%(chargeable)s::integer[]) AS chargeable,
           unnest(%(refused)s::integer[]) AS refused, unnest(%(references)s::uuid[]) AS reference,
           %(batch)s::bigint AS batch
), {charge}
SELECT coalesce(sum(charged), 0)::bigint AS clicks_charged,
       coalesce(sum(clicks - charged) FILTER (WHERE price > 0), 0)::bigint AS clicks_free,
       coalesce(sum(charge_micros), 0)::bigint AS charge_micros,
       count(*) FILTER (WHERE is_stale) AS windows_stale,
       (SELECT coalesce(array_agg(job_id), '{}') FROM noted) AS jobs_noted
  FROM paid

-- name: find_past_day
-- One look into the index for each contract, and 0 for jobs without one.
SELECT id AS contract_id, day
  FROM (SELECT 0::bigint AS id
         UNION ALL
        SELECT id FROM partner_contracts) AS contracts
 CROSS JOIN LATERAL past_day_of(id, %(before)s) AS past
 LIMIT 1

-- name: move_contract_day
-- Some rows at a time, in the order of the index, which is that in which intake locks them. Those that a
-- batch is charging are moved later.
WITH held AS MATERIALIZED (
    SELECT {live}
      FROM lock_budgets_of_day(%(contract_id)s, %(day)s, %(rows_max)s)
), {moved}

-- name: limit_wait
-- A batch that holds a job for longer postpones settlement, as it does where the day is closed.
SELECT set_config('lock_timeout', '2s', true)

-- name: end_limit
SELECT set_config('lock_timeout', '0', true)

-- name: move_days_until
-- Of all contracts at once: one transaction locks jobs in one order.
WITH held AS MATERIALIZED (
    SELECT {live}
      FROM lock_budgets_until(%(day)s)
), {moved}
