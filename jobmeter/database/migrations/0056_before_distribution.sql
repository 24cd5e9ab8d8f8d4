-- Apply before the code. What a plan of `jobmeter db distribute` carries out on a server with Citus, and what stood in its way. On one
-- server nothing here is called, and nothing is slower.

-- lists --------------------------------------------------------------------------------------------------------
-- The note that a job's copy is out of date lies beside the job, in its shard.
ALTER TABLE listed_job_notes ADD COLUMN shard smallint;
UPDATE listed_job_notes SET shard = shard_of(job_id);
ALTER TABLE listed_job_notes
    ALTER COLUMN shard SET NOT NULL,
    DROP CONSTRAINT listed_job_notes_pkey,
    ADD PRIMARY KEY (shard, id);

-- Where the table is one piece of a distributed one, its name has a number, and a note finds its own piece by its shard.
CREATE OR REPLACE FUNCTION enqueue_listed_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted record;
BEGIN
    IF TG_TABLE_NAME IN ('job_postings', 'job_standings') THEN
        INSERT INTO listed_job_notes (shard, job_id) SELECT shard, job_id FROM changed;
    ELSE
        FOR noted IN SELECT shard, job_id FROM changed LOOP
            INSERT INTO listed_job_notes (shard, job_id) VALUES (noted.shard, noted.job_id);
        END LOOP;
    END IF;
    RETURN NULL;
END $$;

-- credits ------------------------------------------------------------------------------------------------------
-- A page continues after a number: it is looked up, and one sequence makes it, which is no longer an identity. A table with a foreign
-- key and an identity cannot be placed.
CREATE SEQUENCE credit_use_numbers;
SELECT setval('credit_use_numbers', coalesce(max(number), 0) + 1, false) FROM credit_uses;
ALTER TABLE credit_uses
    DROP CONSTRAINT credit_uses_number_key,
    ALTER COLUMN number DROP IDENTITY;
ALTER TABLE credit_uses ALTER COLUMN number SET DEFAULT nextval('credit_use_numbers');
CREATE INDEX credit_uses_by_number ON credit_uses (number);

-- As before, but what is kept already is looked for first, beside the posting: the job may be on another node.
CREATE OR REPLACE FUNCTION keep_credit_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM credit_uses WHERE shard = NEW.shard AND reference = NEW.reference) THEN
        RETURN NULL;
    END IF;
    INSERT INTO credit_uses (shard, reference, contract_id, job_id, run_number, application_id, is_renewal,
                             price_micros, external_id, title, company_name, customer_job_code, poster_email,
                             used_at, is_backfilled)
    SELECT NEW.shard, NEW.reference, NEW.destination_id, job_id, run_number, application_id,
           channel = 'XML' AND run_number > 1, hiring_price_at(NEW.destination_id, NEW.booked_at), external_id,
           title, company_name, coalesce(company_job_code, ''), poster_email, NEW.booked_at, true
      FROM job_postings
     WHERE shard = shard_of(NEW.cause)
       AND job_id = NEW.cause;
    RETURN NULL;
END $$;

-- As before. Of no columns Citus makes no answer.
CREATE OR REPLACE FUNCTION refuse_past_price() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.price_micros = hiring_price_at(NEW.contract_id, NEW.valid_from) THEN
            RETURN NEW;
        END IF;
        since := NEW.valid_from;
    ELSIF TG_OP = 'UPDATE' THEN
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
        since := least(OLD.valid_from, NEW.valid_from);
    ELSE
        since := OLD.valid_from;
    END IF;
    IF EXISTS (SELECT 1 FROM credit_uses
                WHERE contract_id = coalesce(NEW.contract_id, OLD.contract_id) AND used_at >= since) THEN
        RAISE EXCEPTION 'a price list is not changed where a credit was used since %', since;
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

-- placing ------------------------------------------------------------------------------------------------------

-- The tables that Citus keeps: pieces by shard, or the same rows on every node. None without Citus.
CREATE FUNCTION placed_tables() RETURNS TABLE (name text, place text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF to_regclass('pg_dist_partition') IS NOT NULL THEN
        RETURN QUERY SELECT logicalrelid::text, CASE WHEN partmethod = 'h' THEN 'BY_SHARD' ELSE 'EVERYWHERE' END
                       FROM pg_dist_partition
                      WHERE partmethod = 'h' OR (partmethod = 'n' AND repmodel = 't');
    END IF;
END $$;

-- The nodes that receive pieces. None without Citus.
CREATE FUNCTION nodes_with_pieces() RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF to_regclass('pg_dist_node') IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN coalesce((SELECT array_agg(nodename || ':' || nodeport ORDER BY nodename, nodeport)
                       FROM pg_dist_node
                      WHERE isactive AND shouldhaveshards), '{}');
END $$;

-- Whether sessions on every node have the settings below.
CREATE FUNCTION is_distribution_set_up() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    asked CONSTANT text := $asked$SELECT current_setting('citus.enable_unsafe_triggers')
                                         || current_setting('citus.all_modifications_commutative')
                                         || current_setting('citus.allow_nested_distributed_execution')$asked$;
    here text;
BEGIN
    IF to_regclass('pg_dist_node') IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE asked INTO here;
    RETURN here = 'ononon' AND (SELECT coalesce(bool_and(success AND result = 'ononon'), true)
                                  FROM run_command_on_workers(asked));
END $$;

-- Sessions that begin later have them. Guards are triggers, and stay so on the pieces. A piece has one copy, so that locks of rows
-- are enough, and charges on different jobs do not wait for each other. Functions that a statement asks on a node read the shard of
-- the statement, which is there too.
CREATE FUNCTION set_up_distribution() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
BEGIN
    IF current_setting('citus.shard_replication_factor')::integer > 1 THEN
        RAISE EXCEPTION 'citus.shard_replication_factor is %: a piece has one copy', current_setting('citus.shard_replication_factor')
            USING HINT = 'Nodes are made safe by standbys of their own.';
    END IF;
    FOREACH wanted IN ARRAY '{citus.enable_unsafe_triggers, citus.all_modifications_commutative,
                              citus.allow_nested_distributed_execution, citus.enable_repartition_joins}'::text[] LOOP
        wanted := format('ALTER DATABASE %I SET %s = on', current_database(), wanted);
        EXECUTE wanted;
        PERFORM run_command_on_workers(wanted);
    END LOOP;
END $$;

CREATE FUNCTION drop_foreign_key(guarded regclass, key_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guarded, key_name);
END $$;

-- Policies look rows up in other tables, which nodes do not allow.
CREATE FUNCTION drop_policies(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT guarded UNION SELECT relid FROM pg_partition_tree(guarded) LOOP
        EXECUTE format('DROP POLICY IF EXISTS tenants ON %s', part);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', part);
    END LOOP;
END $$;

-- Tables that refer to it are not taken over with it. A setting of Citus cannot be one of the function: without Citus nobody but an
-- administrator may name it.
CREATE FUNCTION place_everywhere(placed regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);
    PERFORM create_reference_table(placed);
END $$;

-- What nodes compute themselves, or look up beside a row, and what is not prepared for that yet: functions that read no table, and
-- those that return rows. None without Citus.
CREATE FUNCTION unplaced_functions() RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF to_regclass('pg_dist_object') IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN coalesce((SELECT array_agg(pg_proc.oid::regprocedure::text ORDER BY pg_proc.oid)
                       FROM pg_proc
                       JOIN pg_language ON pg_language.oid = prolang
                      WHERE pronamespace = 'public'::regnamespace
                        AND (provolatile = 'i' OR proretset AND provolatile = 's'
                             OR proname IN ('posting_text', 'restatement_text'))
                        AND NOT EXISTS (SELECT FROM pg_type WHERE pg_type.oid = ANY(proargtypes) AND typtype = 'c')
                        AND NOT EXISTS (SELECT FROM pg_depend
                                         WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
                        AND ((proretset AND provolatile = 's' AND lanname = 'sql')
                             OR NOT EXISTS (SELECT FROM pg_dist_object
                                             WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid))), '{}');
END $$;

-- A function that returns rows is called as it is: the planner of Citus does not know what another one puts in the place of a call.
CREATE FUNCTION place_functions() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    placed record;
BEGIN
    FOR placed IN
        SELECT pg_proc.oid, proname, prorows, prosrc, proretset AND provolatile = 's' AND lanname = 'sql' AS is_inlined
          FROM unnest(unplaced_functions()) AS name
          JOIN pg_proc ON pg_proc.oid = name::regprocedure
          JOIN pg_language ON pg_language.oid = prolang
    LOOP
        IF placed.is_inlined THEN
            EXECUTE format('CREATE OR REPLACE FUNCTION %I(%s) RETURNS %s LANGUAGE plpgsql STABLE ROWS %s AS %L', placed.proname,
                           pg_get_function_arguments(placed.oid), pg_get_function_result(placed.oid), placed.prorows,
                           format(E'#variable_conflict use_column\nBEGIN\n    RETURN QUERY %s;\nEND', btrim(placed.prosrc, E' \n')));
        END IF;
        PERFORM create_distributed_function(placed.oid::regprocedure);
    END LOOP;
END $$;

-- Beside the pieces of `leader`; the leader itself is divided into `pieces`.
CREATE FUNCTION place_by_shard(placed regclass, leader regclass, pieces integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('citus.enable_unsafe_triggers', 'on', true);
    IF placed = leader THEN
        PERFORM create_distributed_table(placed, 'shard', colocate_with => 'none', shard_count => pieces);
    ELSE
        PERFORM create_distributed_table(placed, 'shard', colocate_with => leader::text);
    END IF;
END $$;

-- As before. A table that is placed gets none, nor does any other where one is: tenants' sessions are not confined there.
CREATE OR REPLACE FUNCTION keep_tenants_apart(guarded regclass, is_visible text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM placed_tables()) THEN
        RETURN;
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY tenants ON %s USING (%s) WITH CHECK (true)', guarded,
                   replace(is_visible, '{table}', guarded::text));
END $$;
