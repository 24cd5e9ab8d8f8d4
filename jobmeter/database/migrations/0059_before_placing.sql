-- Apply before the code. On one server nothing here is called.

-- As before, but no trigger sees the rows that are copied: they were written long ago. One would refuse the events of a day that is
-- settled, others would note each job again, beside a table that is not there yet.
CREATE OR REPLACE FUNCTION place_by_shard(placed regclass, leader regclass, pieces integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    definitions text[];
    removal text;
    definition text;
BEGIN
    PERFORM set_config('citus.enable_unsafe_triggers', 'on', true);
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    SELECT array_agg(pg_get_triggerdef(pg_trigger.oid) ORDER BY pg_trigger.oid)
      INTO definitions
      FROM pg_trigger
     WHERE NOT tgisinternal
       AND tgparentid = 0
       AND (tgrelid = placed OR tgrelid IN (SELECT relid FROM pg_partition_tree(placed)));
    FOR removal IN
        SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
          FROM pg_trigger
         WHERE NOT tgisinternal
           AND tgparentid = 0
           AND (tgrelid = placed OR tgrelid IN (SELECT relid FROM pg_partition_tree(placed)))
    LOOP
        EXECUTE removal;
    END LOOP;
    IF placed = leader THEN
        PERFORM create_distributed_table(placed, 'shard', colocate_with => 'none', shard_count => pieces);
    ELSE
        PERFORM create_distributed_table(placed, 'shard', colocate_with => leader::text);
    END IF;
    FOREACH definition IN ARRAY coalesce(definitions, '{}') LOOP
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
