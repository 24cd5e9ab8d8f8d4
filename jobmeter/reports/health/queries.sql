-- name: read_database
SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS byte_count,
       (SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database()) AS connections,
       current_setting('max_connections')::integer AS connections_max,
       (SELECT max(name)
          FROM schema_migrations) AS last_migration,
       (SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                    ELSE pg_current_wal_lsn() END, restart_lsn)::bigint
          FROM pg_replication_slots
         WHERE slot_name = 'jobmeter_archive') AS archive_bytes

-- name: read_progress
-- Days with events are some hundred rows.
SELECT count(*) AS days_due, min(day) AS first_day_due,
       (SELECT last_value
          FROM ledger_numbers) AS ledger_number
  FROM event_days
 WHERE day <= %(last_day_due)s
   AND day NOT IN (SELECT day FROM settled_days)

-- name: list_queues
-- Each by the index of what waits. Files that are due at once have no time.
SELECT 'TASKS' AS name, count(*) AS waiting, min(created_at) AS oldest_at
  FROM job_tasks
 WHERE status = 'IN_PROGRESS'
 UNION ALL
SELECT 'DELIVERIES', count(*), min(due_at)
  FROM notices
 WHERE state = 'WAITING'
 UNION ALL
SELECT 'FEEDS', count(*), min(due_at)
  FROM job_feeds
 WHERE due_at <= %(now)s
 UNION ALL
SELECT 'FILES', count(*), min(due_at) FILTER (WHERE due_at > '-infinity')
  FROM billing_file_tasks
 UNION ALL
SELECT 'MAILS', count(*), min(due_at)
  FROM billing_mails
 WHERE due_at IS NOT NULL
 UNION ALL
SELECT 'LIST_CHANGES', count(*), NULL
  FROM listed_job_notes
