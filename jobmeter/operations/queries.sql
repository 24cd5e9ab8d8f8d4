-- name: read_server_time
SELECT clock_timestamp() + make_interval(secs => %(seconds_later)s::integer)

-- name: drop_slot
SELECT pg_drop_replication_slot(slot_name)
  FROM pg_replication_slots
 WHERE slot_name = %(name)s

-- name: read_facts
-- A role may turn one of the settings off for itself; the others are the server's.
SELECT clock_timestamp(),
       (SELECT array_agg(name ORDER BY name)
          FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
           AND setting = 'off') AS lost_by,
       coalesce((SELECT pg_has_role(current_user, oid, 'MEMBER')
                   FROM pg_roles
                  WHERE rolname = 'jobmeter_tenant'), false) AS keeps_tenants_apart

-- name: list_applied_migrations
SELECT name
  FROM schema_migrations
 ORDER BY name

-- name: read_last_migration
SELECT max(name)
  FROM schema_migrations
