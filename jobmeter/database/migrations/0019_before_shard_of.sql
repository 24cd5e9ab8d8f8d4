-- Apply before the code. Names for what statements spelled out: the shard in a job's id, the day of a partition of
-- events.

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

-- events -------------------------------------------------------------------------------------------------------
-- The day of each partition that still exists, read from its lower bound: the first 48 bits are milliseconds.

CREATE VIEW event_partitions AS
SELECT pg_class.oid AS partition,
       date '1970-01-01' + (('x' || left(translate(substring(pg_get_expr(relpartbound, pg_class.oid)
           FROM '[0-9a-f]{8}-[0-9a-f]{4}'), '-', ''), 12))::bit(48)::bigint / 86400000)::integer AS day
  FROM pg_inherits
  JOIN pg_class ON pg_class.oid = inhrelid
 WHERE inhparent = 'events'::regclass;
