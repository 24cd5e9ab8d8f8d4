-- Apply before the code. A charge's key begins with its day and batch, so that what a batch books is together in the index. It began with the
-- day and job: then each batch touched as many places of it as it has jobs, in an index of the whole day.

-- ledger -------------------------------------------------------------------------------------------------------
-- One charge of a batch for each job and day, one booking for each reference and purpose. Both indexes may be there already: those of a
-- large ledger are made beside its writers (CONCURRENTLY) before the upgrade.
CREATE UNIQUE INDEX IF NOT EXISTS charges_by_batch ON charge_postings (shard, day, cause, source_id);
CREATE UNIQUE INDEX IF NOT EXISTS bookings_by_reference ON ledger_bookings (shard, reference, purpose);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index
                WHERE indexrelid IN ('charges_by_batch'::regclass, 'bookings_by_reference'::regclass) AND NOT indisvalid) THEN
        RAISE EXCEPTION 'the making of charges_by_batch or bookings_by_reference was interrupted: drop the index, and make it again';
    END IF;
END $$;
ALTER TABLE ledger_postings DROP CONSTRAINT ledger_postings_pkey;
-- Replication names rows by these, which it cannot find out without a primary key.
ALTER TABLE charge_postings REPLICA IDENTITY USING INDEX charges_by_batch;
ALTER TABLE ledger_bookings REPLICA IDENTITY USING INDEX bookings_by_reference;

-- charging -----------------------------------------------------------------------------------------------------
-- As before, by the new key.

CREATE OR REPLACE FUNCTION charge_of(of_shard bigint, of_job bigint, of_day date, of_batch bigint) RETURNS SETOF charges
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT shard, job_id, contract_id, day, batch, reference, amount_micros, currency, booked_at, number
      FROM charges
     WHERE shard = of_shard::smallint
       AND day = of_day
       AND batch = of_batch
       AND job_id = of_job
$$;

-- The charges of a job's day: the index is gone through for the shard's day, without its rows, or skips from batch to batch.
CREATE OR REPLACE FUNCTION charges_of_day(of_shard bigint, of_job bigint, of_day date) RETURNS SETOF charges
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT shard, job_id, contract_id, day, batch, reference, amount_micros, currency, booked_at, number
      FROM charges
     WHERE shard = of_shard::smallint
       AND day = of_day
       AND job_id = of_job
$$;

-- The batch in a charge's reference.
CREATE FUNCTION charged_batch(reference uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('x' || encode(substr(uuid_send(reference), 9, 8), 'hex'))::bit(64)::bigint;

CREATE OR REPLACE FUNCTION charge_named(of_reference uuid) RETURNS SETOF charges LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT shard, job_id, contract_id, day, batch, reference, amount_micros, currency, booked_at, number
      FROM charges
     WHERE shard = shard_of(charged_job(of_reference))
       AND day = charged_day(of_reference)
       AND batch = charged_batch(of_reference)
       AND job_id = charged_job(of_reference)
       AND reference = of_reference
$$;
