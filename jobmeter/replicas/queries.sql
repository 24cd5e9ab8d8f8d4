-- name: read_written
-- Where the next record of the log begins: what is committed by now is before it, also if it is not on the
-- disk yet.
SELECT system_identifier AS system_id, (pg_current_wal_insert_lsn() - '0/0')::bigint AS position
  FROM pg_control_system()

-- name: read_replayed
-- NULL unless the server replays the log of another one.
SELECT system_identifier AS system_id,
       CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint END AS position
  FROM pg_control_system()
