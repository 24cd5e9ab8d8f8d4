-- Apply before the code. Where tables are distributed over nodes, a transaction that wrote on two of them is committed on the nodes only after
-- the coordinator has ended it. Until then its postings have numbers and are not seen: a number is known once no node has to commit any more.

-- Whether everything that was being committed when this was called is committed on every node. Waits for it for about a second. What began to be
-- committed since then does not matter. One server has nothing to wait for.
CREATE FUNCTION are_commits_done() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    asked CONSTANT text := 'SELECT coalesce(string_agg(gid, chr(10)), '''') FROM pg_prepared_xacts WHERE gid LIKE ''citus%''';
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
