-- Apply before the code. On one server nothing here is called.

-- As before, but no trigger sees the rows that are copied: they were written long ago. One would refuse the events of a day that is
-- settled, others would note each job again, beside a table that is not there yet.
CREATE OR REPLACE FUNCTION place_by_shard(placed regclass, leader regclass, pieces integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    guard record;
    definitions text[] := '{}';
    definition text;
BEGIN
    PERFORM set_config('citus.enable_unsafe_triggers', 'on', true);
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    FOR guard IN
        SELECT tgname, tgrelid::regclass AS guarded, pg_get_triggerdef(pg_trigger.oid) AS definition
          FROM pg_trigger
         WHERE NOT tgisinternal
           AND tgparentid = 0
           AND (tgrelid = placed OR tgrelid IN (SELECT relid FROM pg_partition_tree(placed)))
         ORDER BY pg_trigger.oid
    LOOP
        definitions := definitions || guard.definition;
        EXECUTE format('DROP TRIGGER %I ON %s', guard.tgname, guard.guarded);
    END LOOP;
    IF placed = leader THEN
        PERFORM create_distributed_table(placed, 'shard', colocate_with => 'none', shard_count => pieces);
    ELSE
        PERFORM create_distributed_table(placed, 'shard', colocate_with => leader::text);
    END IF;
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE definition;
    END LOOP;
END $$;

-- The functions by which indexes compute their values: a node needs them before it receives a table.
CREATE FUNCTION place_calculations() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM create_distributed_function(pg_proc.oid::regprocedure)
       FROM unnest(unplaced_functions()) AS name
       JOIN pg_proc ON pg_proc.oid = name::regprocedure
      WHERE provolatile = 'i'
        AND NOT proretset;
END $$;
