-- columns: traffic
is_on, views_per_job_day, made_until_ms

-- columns: planned
event_id, job_id, label, is_click, is_repeat, time_ms, deliver_at_ms, body

-- name: find_traffic
SELECT {traffic}
  FROM sandbox_traffic

-- name: lock_traffic
-- One process at a time makes and sends the events; the others leave it to that one.
SELECT {traffic}
  FROM sandbox_traffic
 WHERE is_on
   FOR UPDATE

-- name: save_traffic
INSERT INTO sandbox_traffic ({traffic})
VALUES (%(is_on)s, %(views_per_job_day)s, %(made_until_ms)s)
    ON CONFLICT (only_one) DO UPDATE
   SET is_on = excluded.is_on,
       views_per_job_day = excluded.views_per_job_day,
       made_until_ms = excluded.made_until_ms

-- name: delete_waiting_events
DELETE FROM sandbox_events
 WHERE NOT is_sent

-- name: delete_old_events
DELETE FROM sandbox_events
 WHERE time_ms < %(before_ms)s

-- name: insert_events
INSERT INTO sandbox_events ({planned})
SELECT {planned}
  FROM unnest(%(event_id)s::text[], %(job_id)s::bigint[], %(label)s::text[], %(is_click)s::boolean[],
              %(is_repeat)s::boolean[], %(time_ms)s::bigint[], %(deliver_at_ms)s::bigint[], %(body)s::text[])
       AS made ({planned})

-- name: list_due_events
SELECT number, {planned}
  FROM sandbox_events
 WHERE NOT is_sent
   AND deliver_at_ms <= %(until_ms)s
 ORDER BY deliver_at_ms, number
 LIMIT %(rows_max)s

-- name: mark_sent
-- What an event really is may be known only now: its job may have been closed after the event was made.
UPDATE sandbox_events
   SET is_sent = true,
       label = sent.label
  FROM unnest(%(numbers)s::bigint[], %(labels)s::text[]) AS sent (number, label)
 WHERE sandbox_events.number = sent.number

-- name: count_labels
SELECT label, count(*) FILTER (WHERE NOT is_click) AS views, count(*) FILTER (WHERE is_click) AS clicks
  FROM sandbox_events
 WHERE is_sent
   AND NOT is_repeat
 GROUP BY label
 ORDER BY label

-- name: list_labels
SELECT event_id, label
  FROM sandbox_events
 WHERE is_sent
   AND NOT is_repeat
   AND time_ms < %(before_ms)s
 ORDER BY number DESC
 LIMIT %(rows_max)s

-- name: find_failure
SELECT code, calls_left
  FROM sandbox_failure
 WHERE calls_left IS DISTINCT FROM 0

-- name: take_failure
-- Writes nothing where nothing is set.
UPDATE sandbox_failure
   SET calls_left = calls_left - 1
 WHERE calls_left IS DISTINCT FROM 0
RETURNING code

-- name: save_failure
INSERT INTO sandbox_failure (code, calls_left)
VALUES (%(code)s, %(calls_left)s)
    ON CONFLICT (only_one) DO UPDATE
   SET code = excluded.code,
       calls_left = excluded.calls_left

-- name: delete_failure
DELETE FROM sandbox_failure

-- name: read_state
SELECT coalesce((SELECT is_on FROM sandbox_traffic), false) AS has_traffic,
       (SELECT code FROM sandbox_failure WHERE calls_left IS DISTINCT FROM 0) AS code
