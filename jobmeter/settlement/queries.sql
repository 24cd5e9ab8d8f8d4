-- name: lock_settlement
-- One settlement at a time in the whole database; the lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(1246707540)

-- name: first_open_day
-- The earliest day that has figures and is not settled.
SELECT min(day)
  FROM event_days
 WHERE day NOT IN (SELECT day FROM settled_days)

-- name: insert_settled_day
INSERT INTO settled_days (day, settled_at)
VALUES (%(day)s, %(settled_at)s)
    ON CONFLICT (day) DO NOTHING
