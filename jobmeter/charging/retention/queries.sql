-- name: advance_compaction
-- Never back: what is folded does not come apart.
INSERT INTO job_day_folds AS kept (folded_before)
VALUES (%(before)s)
    ON CONFLICT (only_one) DO UPDATE
   SET folded_before = greatest(kept.folded_before, excluded.folded_before)

-- name: lock_folds
-- Compaction changes the row first: it waits, and then sees what the caller has written.
SELECT folded_before
  FROM job_day_folds
   FOR SHARE

-- name: has_folded_days
SELECT EXISTS (SELECT 1
                 FROM job_days
                WHERE partner_contract_id = %(contract_id)s
                  AND day = date '1970-01-01')

-- name: list_contracts_to_compact
-- Those with days to fold, one look into the index for each contract. What is not kept by contract yet stays,
-- and so does what is not billed yet: the lines of an invoice are made from days.
SELECT id
  FROM (SELECT 0::bigint AS id
         UNION ALL
        SELECT id FROM partner_contracts) AS contracts
 WHERE EXISTS (SELECT FROM days_to_compact(id, least(%(before)s, unbilled_from(id))))

-- name: compact_job_days
-- Some rows of a contract at a time, of days that are final and whose events are gone: nobody else writes
-- into them.
WITH unbilled AS MATERIALIZED (
    SELECT least(%(before)s, unbilled_from(%(contract_id)s)) AS first_day
), old AS (
    SELECT shard, job_id, day
      FROM job_days
      JOIN event_days USING (day)
     WHERE partner_contract_id = %(contract_id)s
       AND day > date '1970-01-01'
       AND day < (SELECT first_day FROM unbilled)
       AND day <= (SELECT kept_through FROM job_month_keeping)
       AND dropped_at IS NOT NULL
     ORDER BY day
     LIMIT %(rows_max)s
), gone AS (
    DELETE FROM job_days
     USING old
     WHERE job_days.shard = old.shard
       AND job_days.job_id = old.job_id
       AND job_days.day = old.day
    RETURNING job_days.shard, job_days.job_id, views, apply_clicks, clicks_charged, clicks_refused,
              clicks_reversed, charge_micros
), folded AS (
    INSERT INTO job_days AS kept (shard, job_id, day, partner_contract_id, views, apply_clicks,
                                  clicks_charged, clicks_refused, clicks_reversed, charge_micros)
    SELECT shard, job_id, '1970-01-01', %(contract_id)s, sum(views), sum(apply_clicks), sum(clicks_charged),
           sum(clicks_refused), sum(clicks_reversed), sum(charge_micros)
      FROM gone
     GROUP BY shard, job_id
     ORDER BY shard, job_id
        ON CONFLICT (shard, job_id, day) DO UPDATE SET views = kept.views + excluded.views,
           apply_clicks = kept.apply_clicks + excluded.apply_clicks,
           clicks_charged = kept.clicks_charged + excluded.clicks_charged,
           clicks_refused = kept.clicks_refused + excluded.clicks_refused,
           clicks_reversed = kept.clicks_reversed + excluded.clicks_reversed,
           charge_micros = kept.charge_micros + excluded.charge_micros
)
SELECT count(*)
  FROM gone
