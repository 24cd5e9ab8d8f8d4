-- name: read_offset
SELECT offset_ms
  FROM sandbox_clock

-- name: set_offset
-- The offset never shrinks: the clock may have passed the wanted moment while the request was on its way.
INSERT INTO sandbox_clock (offset_ms)
VALUES (%(offset_ms)s)
    ON CONFLICT (only_one) DO UPDATE
   SET offset_ms = greatest(sandbox_clock.offset_ms, excluded.offset_ms)

-- name: list_outcomes
-- The outcomes of the events with these origins (see settlement's gather_clicks).
SELECT origin, kind, verdict, rule
  FROM (SELECT shard, event_key, substr(uuid_send(event_key), 7) AS origin, kind, verdict FROM events) AS kept
  JOIN unnest(%(origins)s::bytea[]) AS asked (origin) USING (origin)
  LEFT JOIN event_reversals USING (shard, event_key)

-- name: list_markets
-- The country number of each job (see intake's filter of markets).
SELECT job_id, market
  FROM job_budgets
 WHERE (shard, job_id) IN (SELECT shard_of(job_id), job_id FROM unnest(%(job_ids)s::bigint[]) AS job_id)

-- name: list_closings
-- When each of these jobs was closed; those that are open are left out.
SELECT job_id, closed_at
  FROM job_postings
 WHERE (shard, job_id) IN (SELECT shard_of(job_id), job_id FROM unnest(%(job_ids)s::bigint[]) AS job_id)
   AND closed_at IS NOT NULL
