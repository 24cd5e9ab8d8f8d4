-- Apply before the code. Intake at speed: a charge's reference names its day, job and batch, so that one index serves
-- uniqueness, explanation and settlement.

-- ledger -------------------------------------------------------------------------------------------------------
-- Two bytes of the day (since 1970), six of the job, eight of the batch. Day first: what intake inserts lies in the
-- index's newest part, and a job's charges of a day lie side by side.

CREATE FUNCTION charge_reference(day date, job_id bigint, batch bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(day - date '1970-01-01'), 4, '0') || lpad(to_hex(job_id), 12, '0')
            || lpad(to_hex(batch), 16, '0'))::uuid
$$;

-- References were times before, and a posting is never changed: such a ledger cannot be read by what follows.
DO $$
BEGIN
    IF EXISTS (SELECT FROM charge_postings) THEN
        RAISE EXCEPTION 'this database was charged by a version before 0.1; begin with a new data folder';
    END IF;
END $$;

DROP INDEX ledger_postings_shard_source_kind_source_id_day_idx;
CREATE INDEX ON ledger_bookings (shard, source_kind, source_id, day);

-- charging -----------------------------------------------------------------------------------------------------
-- How many clicks the last charge took: how one UPDATE can lock, spend and tell what it spent.

ALTER TABLE job_budgets ADD COLUMN clicks_taken integer NOT NULL DEFAULT 0;
