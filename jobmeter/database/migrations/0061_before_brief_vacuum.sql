-- Apply before the code. Tables that only grow are analyzed briefly and vacuumed less, so that intake is not slowed for long. While any
-- table is analyzed, older versions of a job's budget cannot make room for the next one: in the fifteen seconds that 30,000 pages
-- of postings took beside intake, budgets grew to six times their pages. And the events of a day need not be vacuumed because
-- rows were added: settlement reads each once, then the day is dropped.

-- database -----------------------------------------------------------------------------------------------------
-- What is looked for in these tables is looked for by key: ten values of each column say enough.
CREATE FUNCTION sample_briefly(sampled regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE (SELECT format('ALTER TABLE %s ', sampled)
                    || string_agg(format('ALTER COLUMN %I SET STATISTICS 10', attname), ', ' ORDER BY attnum)
               FROM pg_attribute
              WHERE attrelid = sampled AND attnum > 0 AND NOT attisdropped);
END $$;

-- metering -----------------------------------------------------------------------------------------------------
-- As before, with these settings of the partition.
CREATE OR REPLACE FUNCTION make_event_day(wanted date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    partition_name text := 'events_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF EXISTS (SELECT FROM event_days WHERE day = wanted) THEN
        RETURN false;
    END IF;
    INSERT INTO event_days (day) VALUES (wanted) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL) WITH (autovacuum_vacuum_insert_threshold = -1)',
                   partition_name);
    PERFORM sample_briefly(partition_name::regclass);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   partition_name, event_key_floor(wanted), event_key_floor(wanted + 1));
    RETURN true;
END $$;

-- Days that there are. A distributed database (Citus) does not change the statistics of tables that it has distributed: there
-- the setting is that of days to come.
DO $$
DECLARE
    existing regclass;
BEGIN
    FOR existing IN
        SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_insert_threshold = -1)', existing);
        IF NOT is_distributed() THEN
            PERFORM sample_briefly(existing);
        END IF;
    END LOOP;
    IF NOT is_distributed() THEN
        PERFORM sample_briefly('charge_postings');
    END IF;
END $$;

-- charging -----------------------------------------------------------------------------------------------------
-- A budget is changed by each batch, but what is known of its columns stays true: it is analyzed once most rows have changed
-- some times, not each minute.
ALTER TABLE job_budgets SET (autovacuum_analyze_scale_factor = 2);
