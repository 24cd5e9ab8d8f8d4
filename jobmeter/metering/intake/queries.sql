-- name: next_batch
-- The number of a batch, and whether what is known of filters still holds.
SELECT nextval('event_batches') AS batch, revision AS filter_revision
  FROM filter_revision

-- name: copy_events
COPY events (shard, event_key, job_id, kind, verdict, visitor, address, batch) FROM STDIN WITH (FORMAT binary)

-- name: add_events
-- A few events as one statement, which may go out with others; COPY may not.
INSERT INTO events (shard, event_key, job_id, kind, verdict, visitor, address, batch)
SELECT {shard: shard}, event_key, job_id, kind, verdict, visitor, address, batch
  FROM unnest(%(shards)s::smallint[], %(keys)s::uuid[], %(job_ids)s::bigint[], %(kinds)s::smallint[],
              %(verdicts)s::smallint[], %(visitors)s::bigint[], %(addresses)s::bigint[],
              %(batches)s::bigint[])
    AS taken (shard, event_key, job_id, kind, verdict, visitor, address, batch)

-- name: make_staging
-- Columns by name, for a temporary table cannot take part in the partitions.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_events (
    shard     smallint NOT NULL,
    event_key uuid     NOT NULL,
    job_id    bigint   NOT NULL,
    kind      smallint NOT NULL,
    verdict   smallint NOT NULL,
    visitor   bigint   NOT NULL,
    address   bigint   NOT NULL,
    batch     bigint   NOT NULL,
    row_index integer  NOT NULL
) ON COMMIT DROP

-- name: copy_staged
COPY staged_events (shard, event_key, job_id, kind, verdict, visitor, address, batch, row_index)
FROM STDIN WITH (FORMAT binary)

-- name: add_staged
-- Returns the rows of the batch that are new. Inserting in key order keeps two senders of the same events
-- from waiting for each other in a ring.
WITH added AS (
    INSERT INTO events (shard, event_key, job_id, kind, verdict, visitor, address, batch)
    SELECT {shard: shard}, event_key, job_id, kind, verdict, visitor, address, batch
      FROM staged_events
     ORDER BY shard, event_key
        ON CONFLICT (shard, event_key) DO NOTHING
    RETURNING shard, event_key
)
SELECT row_index
  FROM staged_events
  JOIN added USING (shard, event_key)
 ORDER BY row_index

-- name: list_counted
-- Which of the events were counted before. LATERAL and LIMIT make it one look-up in the index per event,
-- whatever the planner assumes about their number; a key names its day, so only that partition is read.
SELECT row_index
  FROM unnest(%(shards)s::smallint[], %(keys)s::uuid[], %(row_indexes)s::integer[])
    AS sent (shard, event_key, row_index)
 CROSS JOIN LATERAL (SELECT verdict
                       FROM events
                      WHERE events.shard = {shard: sent.shard}
                        AND events.event_key = sent.event_key
                      LIMIT 1) AS kept
 WHERE kept.verdict = {Verdict.COUNTED}

-- name: make_event_days
-- A day gets its salt when it is made, and never later: events may be stored in it from then on.
WITH made AS MATERIALIZED (
    SELECT day, salt, make_event_day(day) AS is_new
      FROM unnest(%(days)s::date[], %(salts)s::bytea[]) AS wanted (day, salt)
)
INSERT INTO visitor_salts (day, salt)
SELECT day, salt
  FROM made
 WHERE is_new
    ON CONFLICT (day) DO NOTHING
