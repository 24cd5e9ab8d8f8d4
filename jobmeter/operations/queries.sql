-- name: read_server_time
SELECT clock_timestamp() + make_interval(secs => %(seconds_later)s::integer)

-- name: drop_slot
SELECT pg_drop_replication_slot(slot_name)
  FROM pg_replication_slots
 WHERE slot_name = %(name)s
