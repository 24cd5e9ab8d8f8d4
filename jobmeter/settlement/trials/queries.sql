-- name: lock_trials
-- One trial at a time in the whole database: each reads all clicks of its days.
SELECT pg_try_advisory_xact_lock(1246707544)

-- name: list_trial_days
-- Days whose events are still stored.
SELECT day
  FROM event_days
 WHERE day >= %(first)s
   AND day < %(before)s
   AND dropped_at IS NULL
 ORDER BY day

-- name: drop_gathered
DROP TABLE settling_clicks
