-- name: lock_numbers
-- One writer at a time until it commits: entries become visible in the order of their numbers.
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
 WHERE (shard, job_id) IN (SELECT shard_of(job_id), job_id
                             FROM unnest(%(job_ids)s::bigint[]) AS asked (job_id))

-- name: save_promotion_states
-- All jobs of a check in one statement, since there may be hundreds. The next check compares with these rows,
-- and `until_ms` and `looked_at` select jobs that are due by time alone.
INSERT INTO job_standings AS kept (
    shard, job_id, application_id, is_promoted, reason, listing, limit_micros, spent_micros,
    until_ms, looked_at
)
SELECT shard_of(job_id), job_id, application_id, is_promoted, reason, listing, limit_micros,
       spent_micros, until_ms, %(now)s
  FROM unnest(%(job_id)s::bigint[], %(application_id)s::bigint[], %(is_promoted)s::boolean[],
              %(reason)s::text[], %(listing)s::text[], %(limit_micros)s::bigint[], %(spent_micros)s::bigint[],
              %(until_ms)s::bigint[])
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
SELECT number, shard_of(job_id), job_id, is_promoted, reason, %(now)s
  FROM unnest(%(number)s::bigint[], %(job_id)s::bigint[], %(is_promoted)s::boolean[], %(reason)s::text[])
    AS made (number, job_id, is_promoted, reason)

-- name: list_waiting_for_time
-- Jobs whose promotion has expired, and those that waited for a day that has begun.
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
SELECT 0::bigint AS number, job_standings.job_id, is_promoted, reason, looked_at AS changed_at, external_id,
       job_postings.application_id,
       (budget_micros - job_budgets.spent_micros - released_micros) / nullif(click_price_micros, 0)
           AS clicks_left
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
