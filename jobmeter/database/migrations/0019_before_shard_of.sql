-- Apply before the code. The shard in a job's id has a name.

-- ids ----------------------------------------------------------------------------------------------------------
-- A job's id ends in eight bits that name its shard (see jobmeter.base.ids). The planner puts these bodies where the
-- functions are called, so that a plan is that of the bare arithmetic.

CREATE FUNCTION shard_of(job_id bigint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (job_id % 256)::smallint;

CREATE FUNCTION make_job_id(sequence bigint, shard bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sequence * 256 + shard;

-- For keys that begin with the shard where it is not known: each shard has its part of the key.
CREATE FUNCTION every_shard() RETURNS SETOF smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 256
    RETURN generate_series(0, 255)::smallint;
