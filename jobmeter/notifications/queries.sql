-- name: insert_endpoint
INSERT INTO notice_endpoints (application_id, url, email, kinds, created_at)
VALUES (%(application_id)s, %(url)s, %(email)s, %(kinds)s, %(created_at)s)
RETURNING id

-- name: list_endpoints
SELECT id, application_id, url, email, kinds, created_at
  FROM notice_endpoints
 WHERE application_id = %(application_id)s
   AND removed_at IS NULL
 ORDER BY id

-- name: list_subscribers
-- The endpoints of the application and of its parent that subscribed to the kind.
SELECT id, application_id, url, email, kinds, created_at
  FROM notice_endpoints
 WHERE application_id IN (SELECT %(application_id)s
                           UNION ALL
                          SELECT parent_id
                            FROM applications
                           WHERE id = %(application_id)s)
   AND removed_at IS NULL
   AND %(kind)s = ANY(kinds)
 ORDER BY id

-- name: list_followers
-- Every endpoint that subscribed to the kind, with the cursor up to which it was notified.
SELECT id, application_id, url, email, kinds, created_at, coalesce(told_until, 0) AS sent_until
  FROM notice_endpoints
  LEFT JOIN notice_cursors ON endpoint_id = id
 WHERE removed_at IS NULL
   AND %(kind)s = ANY(kinds)
 ORDER BY id

-- name: lock_cursor
-- Inserts a missing cursor, and locks it: of two processes, the second sees the position that the first
-- reached.
INSERT INTO notice_cursors AS kept (endpoint_id, told_until)
VALUES (%(endpoint_id)s, %(begin_at)s)
    ON CONFLICT (endpoint_id) DO UPDATE
   SET told_until = kept.told_until
RETURNING told_until

-- name: move_cursor
UPDATE notice_cursors
   SET told_until = %(sent_until)s
 WHERE endpoint_id = %(endpoint_id)s

-- name: count_endpoints
SELECT count(*)
  FROM notice_endpoints
 WHERE application_id = %(application_id)s
   AND removed_at IS NULL

-- name: change_endpoint
UPDATE notice_endpoints
   SET url = %(url)s,
       email = %(email)s,
       kinds = %(kinds)s
 WHERE id = %(endpoint_id)s

-- name: remove_endpoint
UPDATE notice_endpoints
   SET removed_at = %(removed_at)s
 WHERE id = %(endpoint_id)s

-- name: drop_waiting
DELETE FROM notices
 WHERE endpoint_id = %(endpoint_id)s
   AND state = 'WAITING'

-- name: lock_endpoint
SELECT id, application_id, url, email, kinds, created_at
  FROM notice_endpoints
 WHERE id = %(endpoint_id)s
   AND removed_at IS NULL
   FOR UPDATE

-- name: insert_secret
INSERT INTO notice_secrets (endpoint_id, sealed_secret)
VALUES (%(endpoint_id)s, %(sealed_secret)s)

-- name: list_secrets
SELECT number, sealed_secret
  FROM notice_secrets
 WHERE endpoint_id = %(endpoint_id)s
 ORDER BY number

-- name: remove_secret
DELETE FROM notice_secrets
 WHERE endpoint_id = %(endpoint_id)s
   AND number = %(number)s

-- name: insert_notification
INSERT INTO notices (id, endpoint_id, way, kind, subject, body, due_at, created_at)
VALUES (%(id)s, %(endpoint_id)s, %(channel)s, %(kind)s, %(subject)s, %(body)s, %(created_at)s, %(created_at)s)

-- name: claim_notifications
-- Due deliveries to endpoints that no process is serving. They are postponed for as long as a task may take,
-- and their endpoints are claimed: one process at a time serves an endpoint, in order. After a crash they are
-- retried then, under the same id.
WITH idle AS (
    SELECT id
      FROM notice_endpoints AS endpoint
     WHERE (busy_until IS NULL OR busy_until <= %(now)s)
       AND id <> ALL(%(busy_ids)s::bigint[])
       AND EXISTS (SELECT
                     FROM notices
                    WHERE endpoint_id = endpoint.id
                      AND state = 'WAITING'
                      AND due_at <= %(now)s)
       FOR NO KEY UPDATE SKIP LOCKED
), due AS (
    SELECT id, endpoint_id
      FROM notices
     WHERE state = 'WAITING'
       AND due_at <= %(now)s
       AND endpoint_id IN (SELECT id FROM idle)
     ORDER BY due_at, number
     LIMIT %(rows_max)s
       FOR UPDATE SKIP LOCKED
), held AS (
    UPDATE notice_endpoints
       SET busy_until = %(claimed_until)s
     WHERE id IN (SELECT endpoint_id FROM due)
)
UPDATE notices
   SET due_at = %(claimed_until)s
  FROM due
 WHERE notices.id = due.id
RETURNING notices.id, number, notices.endpoint_id, way AS channel, kind, subject, body, state, attempts,
          due_at, created_at, finished_at, last_outcome

-- name: free_endpoint
-- Releases the endpoint for the next process that has a delivery for it.
UPDATE notice_endpoints
   SET busy_until = NULL
 WHERE id = %(endpoint_id)s

-- name: find_endpoints
SELECT id, application_id, url, email, kinds, created_at
  FROM notice_endpoints
 WHERE id = ANY(%(endpoint_ids)s)

-- name: finish_attempt
UPDATE notices
   SET state = %(state)s,
       attempts = attempts + 1,
       due_at = coalesce(%(due_at)s, due_at),
       finished_at = %(finished_at)s,
       last_outcome = %(last_outcome)s
 WHERE id = %(notice_id)s
   AND state = 'WAITING'

-- name: list_deliveries
SELECT id, number, endpoint_id, way AS channel, kind, subject, body, state, attempts, due_at, created_at,
       finished_at, last_outcome
  FROM notices
 WHERE endpoint_id = %(endpoint_id)s
   AND (%(state)s::text IS NULL OR state = %(state)s)
   AND number > %(after)s
 ORDER BY number
 LIMIT %(rows_max)s

-- name: replay_notifications
-- All dead deliveries, or the named ones in any state.
UPDATE notices
   SET state = 'WAITING',
       attempts = 0,
       due_at = %(now)s,
       finished_at = NULL
 WHERE endpoint_id = %(endpoint_id)s
   AND state <> 'WAITING'
   AND CASE WHEN %(notice_ids)s::uuid[] IS NULL THEN state = 'DEAD' ELSE id = ANY(%(notice_ids)s) END

-- name: sweep_notifications
DELETE FROM notices
 WHERE id IN (SELECT id
                FROM notices
               WHERE state <> 'WAITING'
                 AND finished_at < %(before)s
               LIMIT %(rows_max)s)
