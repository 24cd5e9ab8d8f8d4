-- Apply before the code. On one server nothing here is called.

-- Transactions that nodes have prepared are listed for all databases of a server: those of another one, one
-- that nobody recovers in the worst case, held the horizon of this one.
CREATE OR REPLACE FUNCTION are_commits_done() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    asked CONSTANT text := 'SELECT coalesce(string_agg(gid, chr(10)), '''') FROM pg_prepared_xacts '
        'WHERE gid LIKE ''citus%'' AND database = current_database()';
    awaited text[];
BEGIN
    IF to_regclass('pg_dist_partition') IS NULL THEN
        RETURN true;
    END IF;
    FOR attempt IN 0..100 LOOP
        SELECT array_agg(gid)
          INTO awaited
          FROM (SELECT CASE WHEN success THEN result ELSE 'a node that does not answer' END AS gids
                  FROM run_command_on_workers(asked)) AS answers
         CROSS JOIN LATERAL string_to_table(gids, chr(10)) AS gid
         WHERE gid <> ''
           AND (attempt = 0 OR gid = ANY(awaited));
        IF awaited IS NULL THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN false;
END $$;
