-- name: lock_numbers
-- One writer at a time until it commits: the order of numbers is the order in which readers come to see them.
SELECT last
  FROM delivery_numbers
   FOR UPDATE

-- name: set_last_number
UPDATE delivery_numbers
   SET last = %(last)s

-- name: read_numbers
SELECT last, dropped
  FROM delivery_numbers

-- name: list_promotion_states
SELECT job_id, is_promoted, reason, listing, limit_micros, spent_micros
  FROM job_standings
 WHERE (shard, job_id) IN (SELECT job_id %% 256, job_id
                             FROM unnest(%(job_ids)s::bigint[]) AS asked (job_id))

-- name: save_promotion_states
INSERT INTO job_standings AS kept (
    shard, job_id, application_id, is_promoted, reason, listing, limit_micros, spent_micros,
    until_ms, looked_at
)
SELECT job_id %% 256, job_id, application_id, is_promoted, reason, listing, limit_micros,
       spent_micros, until_ms, %(now)s
  FROM unnest(%(job_ids)s::bigint[], %(application_ids)s::bigint[], %(are_promoted)s::boolean[], %(reasons)s::text[],
              %(listings)s::text[], %(limits)s::bigint[], %(spents)s::bigint[], %(untils)s::bigint[])
    AS seen (job_id, application_id, is_promoted, reason, listing, limit_micros, spent_micros, until_ms)
    ON CONFLICT (shard, job_id) DO UPDATE
   SET is_promoted = excluded.is_promoted,
       reason = excluded.reason,
       listing = excluded.listing,
       limit_micros = excluded.limit_micros,
       spent_micros = excluded.spent_micros,
       until_ms = excluded.until_ms,
       looked_at = excluded.looked_at

-- name: insert_changes
INSERT INTO delivery_changes (number, shard, job_id, is_promoted, reason, changed_at)
SELECT number, job_id %% 256, job_id, is_promoted, reason, %(now)s
  FROM unnest(%(numbers)s::bigint[], %(job_ids)s::bigint[], %(are_promoted)s::boolean[], %(reasons)s::text[])
    AS made (number, job_id, is_promoted, reason)

-- name: list_waiting_for_time
-- Jobs whose promotion is over by the clock, and those that waited for a day that has begun.
SELECT job_id
  FROM job_standings
 WHERE is_promoted
   AND until_ms <= %(now_ms)s
 UNION ALL
SELECT job_id
  FROM job_standings
 WHERE reason = 'DAY_BUDGET'
   AND looked_at < %(today)s
 LIMIT %(rows_max)s

-- name: list_changes
SELECT number, delivery_changes.job_id, is_promoted, reason, changed_at, external_id, application_id,
       (budget_micros - spent_micros - released_micros) / nullif(click_price_micros, 0) AS clicks_left
  FROM delivery_changes
  JOIN job_postings USING (shard, job_id)
  JOIN job_budgets USING (shard, job_id)
 WHERE number > %(after)s
 ORDER BY number
 LIMIT %(rows_max)s

-- name: stream_promoted
SELECT 0::bigint AS number, job_standings.job_id, is_promoted, reason, looked_at, external_id, job_postings.application_id,
       (budget_micros - job_budgets.spent_micros - released_micros) / nullif(click_price_micros, 0) AS clicks_left
  FROM job_standings
  JOIN job_postings USING (shard, job_id)
  JOIN job_budgets USING (shard, job_id)
 WHERE is_promoted

-- name: drop_changes
WITH gone AS (
    DELETE FROM delivery_changes
     WHERE changed_at < %(before)s
    RETURNING number
)
UPDATE delivery_numbers
   SET dropped = greatest(dropped, (SELECT coalesce(max(number), 0) FROM gone))
 WHERE EXISTS (SELECT FROM gone)

-- name: add_alerts
-- Those percentages of this limit that were not told before.
INSERT INTO budget_alerts (scope, owner_id, limit_micros, percent, told_at)
SELECT %(scope)s, %(owner_id)s, %(limit_micros)s, percent, %(now)s
  FROM unnest(%(percents)s::smallint[]) AS reached (percent)
    ON CONFLICT DO NOTHING
RETURNING percent

-- name: lock_spend_cursor
SELECT counted_until
  FROM contract_spend_cursor
   FOR UPDATE

-- name: move_spend_cursor
UPDATE contract_spend_cursor
   SET counted_until = %(counted_until)s

-- name: add_spends
-- Charges of a span of the ledger's numbers, less what was taken back of charges in it.
WITH moved (contract_id, micros) AS (
    SELECT destination_id, amount
      FROM charge_postings
     WHERE number > %(after)s
       AND number <= %(until)s
     UNION ALL
    SELECT source_id, -amount
      FROM ledger_bookings
     WHERE number > %(after)s
       AND number <= %(until)s
       AND source_kind = 4
       AND corrects IS NOT NULL
)
INSERT INTO contract_spends AS kept (contract_id, spent_micros)
SELECT contract_id, sum(micros)::bigint
  FROM moved
 GROUP BY contract_id
    ON CONFLICT (contract_id) DO UPDATE
   SET spent_micros = kept.spent_micros + excluded.spent_micros

-- name: list_spends
-- Contracts of which something may have to be told: half is used, or the limit is another than at the last look.
SELECT contract_id, partner_id, currency, spent_micros, partner_contracts.limit_micros,
       seen_limit_micros, seen_spent_micros
  FROM contract_spends
  JOIN partner_contracts ON id = contract_id
 WHERE spent_micros >= partner_contracts.limit_micros / 2
    OR seen_limit_micros <> partner_contracts.limit_micros

-- name: set_seen
UPDATE contract_spends
   SET seen_limit_micros = %(limit_micros)s,
       seen_spent_micros = spent_micros
 WHERE contract_id = %(contract_id)s
