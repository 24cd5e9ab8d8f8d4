-- name: lock_rollup_progress
-- One process keeps months at a time; another has nothing to do.
SELECT kept_since, kept_through
  FROM job_month_keeping
   FOR UPDATE SKIP LOCKED

-- name: find_day_to_archive
-- The first final day that is not kept yet; none while an earlier one is open.
SELECT min(day)
  FROM settled_days
 WHERE day > %(kept_through)s
   AND day < coalesce((SELECT min(day)
                         FROM event_days
                        WHERE day NOT IN (SELECT day FROM settled_days)), 'infinity')

-- name: archive_day
-- One look into the index of days for each contract, in the order of the key, after which the months are
-- together.
INSERT INTO job_months AS kept (shard, job_id, month, figures)
SELECT shard, job_id, date_trunc('month', day)::date,
       int4send(day - date '1970-01-01') || int4send(views) || int4send(apply_clicks)
       || int8send(charge_micros)
  FROM (SELECT 0::bigint AS id
         UNION ALL
        SELECT id FROM partner_contracts) AS contracts
  JOIN job_days
    ON partner_contract_id = id
   AND day = %(day)s
 WHERE views + apply_clicks + clicks_reversed > 0
 ORDER BY shard, job_id
    ON CONFLICT (shard, job_id, month) DO UPDATE
   SET figures = kept.figures || excluded.figures

-- name: archive_contract_day
INSERT INTO contract_days (partner_contract_id, day, charge_micros)
SELECT partner_contract_id, day, sum(charge_micros)
  FROM (SELECT 0::bigint AS id
         UNION ALL
        SELECT id FROM partner_contracts) AS contracts
  JOIN job_days
    ON partner_contract_id = id
   AND day = %(day)s
 GROUP BY partner_contract_id, day

-- name: delete_months
DELETE FROM job_months
 WHERE month < %(month)s

-- name: advance_rollup_progress
UPDATE job_month_keeping
   SET kept_since = %(kept_since)s,
       kept_through = %(kept_through)s
