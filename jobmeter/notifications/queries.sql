-- columns: endpoint
id, application_id, url, email, kinds, created_at, paused_until, gone_at

-- columns: delivery
id, number, endpoint_id, way AS channel, kind, subject, body, state, attempts, due_at, created_at,
finished_at, last_outcome, answer_status, answer_text, answer_ms

-- name: insert_endpoint
INSERT INTO notice_endpoints (application_id, url, email, kinds, created_at)
VALUES (%(application_id)s, %(url)s, %(email)s, %(kinds)s, %(created_at)s)
RETURNING id

-- name: list_endpoints
SELECT {endpoint}
  FROM notice_endpoints
 WHERE application_id = %(application_id)s
   AND removed_at IS NULL
 ORDER BY id

-- name: list_subscribers
-- The endpoints of the application and of its parent that subscribed to the kind.
SELECT {endpoint}
  FROM notice_endpoints
 WHERE application_id IN (SELECT %(application_id)s
                           UNION ALL
                          SELECT parent_id
                            FROM applications
                           WHERE id = %(application_id)s)
   AND removed_at IS NULL
   AND %(kind)s = ANY(kinds)
 ORDER BY id

-- name: list_owner_endpoints
-- The endpoints of an endpoint's application and of its parent, except itself.
SELECT {endpoint}
  FROM notice_endpoints
 WHERE application_id IN (SELECT %(application_id)s
                           UNION ALL
                          SELECT parent_id
                            FROM applications
                           WHERE id = %(application_id)s)
   AND removed_at IS NULL
   AND id <> %(endpoint_id)s
 ORDER BY id

-- name: list_followers
-- Every endpoint that subscribed to the kind, with the cursor up to which it was notified. A disabled one
-- keeps its cursor, and receives what it missed once it is enabled again.
SELECT {endpoint}, coalesce(told_until, 0) AS sent_until
  FROM notice_endpoints
  LEFT JOIN notice_cursors ON endpoint_id = id
 WHERE removed_at IS NULL
   AND gone_at IS NULL
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
SELECT {endpoint}
  FROM notice_endpoints
 WHERE id = %(endpoint_id)s
   AND removed_at IS NULL
   FOR UPDATE

-- name: insert_secret
INSERT INTO notice_secrets (endpoint_id, sealed_secret, created_at)
VALUES (%(endpoint_id)s, %(sealed_secret)s, %(created_at)s)

-- name: list_secrets
SELECT number, sealed_secret, created_at
  FROM notice_secrets
 WHERE endpoint_id = %(endpoint_id)s
 ORDER BY number

-- name: list_all_secrets
-- For a new key: those of all tenants.
SELECT endpoint_id, number, sealed_secret
  FROM notice_secrets
  JOIN notice_endpoints ON notice_endpoints.id = endpoint_id
 WHERE removed_at IS NULL
 ORDER BY endpoint_id, number

-- name: replace_secret
UPDATE notice_secrets
   SET sealed_secret = %(replacement)s
 WHERE endpoint_id = %(endpoint_id)s
   AND number = %(number)s

-- name: remove_secret
DELETE FROM notice_secrets
 WHERE endpoint_id = %(endpoint_id)s
   AND number = %(number)s

-- name: insert_notification
-- While its endpoint is paused, it waits with the others.
INSERT INTO notices (id, endpoint_id, way, kind, subject, body, due_at, created_at)
SELECT %(id)s, id, %(channel)s, %(kind)s, %(subject)s, %(body)s,
       CASE WHEN %(channel)s = 'WEBHOOK' THEN GREATEST(%(created_at)s, paused_until)
            ELSE %(created_at)s
        END,
       %(created_at)s
  FROM notice_endpoints
 WHERE id = %(endpoint_id)s

-- name: claim_notifications
-- Due deliveries to endpoints that no process is serving, and of each partner only as many endpoints as it
-- has tasks left in this process. They are postponed for as long as a task may take, and their endpoints are
-- claimed: one process at a time serves an endpoint, in order. After a crash they are retried then, under the
-- same id. What was never attempted comes first: a notice on which the endpoint hangs does not hold up the
-- others.
WITH idle AS (
    SELECT endpoint.id, partner_id
      FROM notice_endpoints AS endpoint
     CROSS JOIN LATERAL partner_of(application_id) AS owner
     WHERE (busy_until IS NULL OR busy_until <= %(now)s)
       AND endpoint.id <> ALL(%(busy_ids)s::bigint[])
       AND EXISTS (SELECT
                     FROM notices
                    WHERE endpoint_id = endpoint.id
                      AND state = 'WAITING'
                      AND due_at <= %(now)s)
       FOR NO KEY UPDATE OF endpoint SKIP LOCKED
), admitted AS (
    SELECT id, partner_id
      FROM (SELECT id, partner_id, row_number() OVER (PARTITION BY partner_id ORDER BY id) AS task
              FROM idle) AS numbered
      LEFT JOIN (SELECT partner_id, count(*) AS used
                   FROM unnest(%(busy_partner_ids)s::bigint[]) AS partner_id
                  GROUP BY partner_id) AS served USING (partner_id)
     WHERE task + COALESCE(used, 0) <= %(tasks_max)s
), due AS (
    SELECT notices.id, endpoint_id, partner_id
      FROM notices
      JOIN admitted ON admitted.id = endpoint_id
     WHERE state = 'WAITING'
       AND due_at <= %(now)s
     ORDER BY (attempts > 0), due_at, number
     LIMIT %(rows_max)s
       FOR UPDATE OF notices SKIP LOCKED
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
          due_at, created_at, finished_at, last_outcome, partner_id

-- name: free_endpoint
-- Releases the endpoint for the next process that has a delivery for it.
UPDATE notice_endpoints
   SET busy_until = NULL
 WHERE id = %(endpoint_id)s

-- name: find_endpoints
SELECT {endpoint}
  FROM notice_endpoints
 WHERE id = ANY(%(endpoint_ids)s)

-- name: finish_attempt
UPDATE notices
   SET state = %(state)s,
       attempts = attempts + 1,
       due_at = coalesce(%(due_at)s, due_at),
       finished_at = %(finished_at)s,
       last_outcome = %(last_outcome)s,
       answer_status = %(answer_status)s,
       answer_text = %(answer_text)s,
       answer_ms = %(answer_ms)s
 WHERE id = %(notice_id)s
   AND state = 'WAITING'

-- name: count_failed_turn
-- Turns in a row in which the endpoint accepted nothing; one in which it accepted something begins the count
-- again.
UPDATE notice_endpoints
   SET failed_turns = CASE WHEN %(has_delivered)s THEN 1 ELSE failed_turns + 1 END
 WHERE id = %(endpoint_id)s
RETURNING failed_turns

-- name: pause_endpoint
UPDATE notice_endpoints
   SET paused_until = %(until)s
 WHERE id = %(endpoint_id)s

-- name: resume_endpoint
UPDATE notice_endpoints
   SET failed_turns = 0,
       paused_until = NULL
 WHERE id = %(endpoint_id)s
   AND (failed_turns > 0 OR paused_until IS NOT NULL)

-- name: postpone_notifications
-- Those that were claimed and not sent have a claim's time, which may be later.
UPDATE notices
   SET due_at = CASE WHEN id = ANY(%(skipped_ids)s::uuid[]) THEN %(until)s
                     ELSE GREATEST(due_at, %(until)s)
                 END
 WHERE endpoint_id = %(endpoint_id)s
   AND way = %(channel)s
   AND state = 'WAITING'

-- name: give_up_notifications
-- What waits for an endpoint that has not accepted anything for days, or that is gone.
UPDATE notices
   SET state = 'DEAD',
       finished_at = %(now)s,
       last_outcome = %(last_outcome)s
 WHERE endpoint_id = %(endpoint_id)s
   AND way = %(channel)s
   AND state = 'WAITING'
   AND COALESCE(queued_at, created_at) < %(queued_before)s
   AND id <> ALL(%(tried_ids)s::uuid[])

-- name: disable_endpoint
-- Only once: the owner is notified once.
UPDATE notice_endpoints
   SET gone_at = %(gone_at)s,
       failed_turns = 0,
       paused_until = NULL
 WHERE id = %(endpoint_id)s
   AND gone_at IS NULL
RETURNING {endpoint}

-- name: enable_endpoint
UPDATE notice_endpoints
   SET gone_at = NULL,
       failed_turns = 0,
       paused_until = NULL
 WHERE id = %(endpoint_id)s

-- name: hasten_notifications
-- What waits for a pause to end is due now. A delivery that a process has claimed is not: its endpoint is
-- busy.
UPDATE notices
   SET due_at = LEAST(due_at, %(now)s)
 WHERE endpoint_id = %(endpoint_id)s
   AND state = 'WAITING'
   AND NOT EXISTS (SELECT
                     FROM notice_endpoints
                    WHERE id = %(endpoint_id)s
                      AND busy_until > %(now)s)

-- name: list_deliveries
-- The newest first, of a time: the index is by time.
SELECT {delivery}
  FROM notices
 WHERE endpoint_id = %(endpoint_id)s
   AND (%(state)s::text IS NULL OR state = %(state)s)
   AND (%(kind)s::text IS NULL OR kind = %(kind)s)
   AND created_at >= %(since)s
   AND created_at < %(until)s
   AND (created_at, number) < (%(before_at)s, %(before_number)s)
 ORDER BY created_at DESC, number DESC
 LIMIT %(rows_max)s

-- name: count_deliveries
SELECT state, kind, count(*) AS deliveries
  FROM notices
 WHERE endpoint_id = %(endpoint_id)s
   AND created_at >= %(since)s
   AND created_at < %(until)s
 GROUP BY state, kind
 ORDER BY state, kind

-- name: find_deliveries
SELECT {delivery}
  FROM notices
 WHERE endpoint_id = %(endpoint_id)s
   AND id = ANY(%(notice_ids)s)
 ORDER BY created_at DESC, number DESC

-- name: replay_notifications
-- All dead deliveries, or the named ones in any state.
UPDATE notices
   SET state = 'WAITING',
       attempts = 0,
       due_at = %(now)s,
       queued_at = %(now)s,
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

-- name: erase_email
UPDATE notices
   SET subject = replace(subject, %(email)s, %(substitute)s),
       body = replace(body, %(email)s, %(substitute)s),
       last_outcome = replace(last_outcome, %(email)s, %(substitute)s),
       answer_text = replace(answer_text, %(email)s, %(substitute)s)
 WHERE strpos(concat_ws(' ', subject, body, last_outcome, answer_text), %(email)s) > 0

-- name: count_receivers
SELECT count(*)
  FROM notice_endpoints
 WHERE lower(email) = %(email)s
   AND removed_at IS NULL
