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
                  WHERE rolname = 'jobmeter_tenant'), false)
       AND NOT EXISTS (SELECT FROM pg_class WHERE relname = 'pg_dist_partition') AS keeps_tenants_apart

-- name: list_applied_migrations
SELECT name
  FROM schema_migrations
 ORDER BY name

-- name: read_last_migration
SELECT max(name)
  FROM schema_migrations

-- name: list_placements
-- Partitions are placed with their tables.
SELECT relname AS name, coalesce(place, 'HERE') AS place, relrowsecurity AS has_policies
  FROM pg_class
  LEFT JOIN placed_tables() AS placed ON placed.name = relname
 WHERE relnamespace = 'public'::regnamespace
   AND relkind IN ('r', 'p')
   AND NOT relispartition
 ORDER BY relname

-- name: list_foreign_keys
SELECT conname AS key_name, conrelid::regclass::text AS guarded, confrelid::regclass::text AS named
  FROM pg_constraint
 WHERE contype = 'f'
   AND conparentid = 0
   AND connamespace = 'public'::regnamespace
 ORDER BY guarded, key_name

-- name: read_distribution
SELECT to_regclass('pg_dist_partition') IS NOT NULL AS has_citus,
       is_distribution_set_up() AS is_set_up,
       nodes_with_pieces() AS nodes, unplaced_functions() <> '{}' AS has_unplaced_functions

-- name: set_up_distribution
SELECT set_up_distribution()

-- name: drop_foreign_key
SELECT drop_foreign_key(%(table)s::regclass, %(key_name)s)

-- name: drop_policies
SELECT drop_policies(%(table)s::regclass)

-- name: place_calculations
SELECT place_calculations()

-- name: place_functions
SELECT place_functions()

-- name: place_everywhere
SELECT place_everywhere(%(table)s::regclass)

-- name: place_by_shard
SELECT place_by_shard(%(table)s::regclass, %(leader)s::regclass, %(pieces)s::integer)
