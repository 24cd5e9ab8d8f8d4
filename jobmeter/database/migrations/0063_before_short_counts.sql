-- Apply before the code. What is done beside intake each minute takes tenths of a second at a time: figures of lists are counted some jobs at a time,
-- and tables that change with each batch are analyzed without pauses. While one transaction lasts, or one analysis, no older version of a job's
-- budget makes room for the next one. In the three seconds that a count of 100,000 jobs took, budgets grew to twice their pages.

-- database -----------------------------------------------------------------------------------------------------
ALTER TABLE job_budgets SET (autovacuum_vacuum_cost_delay = 0);
ALTER TABLE listed_jobs SET (autovacuum_vacuum_cost_delay = 0);

-- metering -----------------------------------------------------------------------------------------------------
-- As before, with this setting of the partition.
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
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)'
                   ' WITH (autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0)', partition_name);
    PERFORM sample_briefly(partition_name::regclass);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   partition_name, event_key_floor(wanted), event_key_floor(wanted + 1));
    RETURN true;
END $$;

DO $$
DECLARE
    existing regclass;
BEGIN
    FOR existing IN
        SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_cost_delay = 0)', existing);
    END LOOP;
END $$;

-- jobs ---------------------------------------------------------------------------------------------------------
-- While figures are counted, `counting_through` is the last day that was final when it began, and `reached_job` the last job that was counted.

ALTER TABLE listed_job_counts
    ADD COLUMN counting_through date,
    ADD COLUMN reached_job bigint,
    ADD CHECK ((counting_through IS NULL) = (reached_job IS NULL));

-- The jobs of the count that began.
CREATE TABLE uncounted_jobs (
    job_id bigint PRIMARY KEY
);
