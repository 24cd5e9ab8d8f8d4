-- columns: position
partition, next_offset, consumer, claimed_until

-- name: add_positions
-- Those of partitions that are new; where reading began is kept for good.
INSERT INTO stream_positions (stream, partition, next_offset, seen_at)
SELECT %(stream)s, partition, next_offset, %(now)s
  FROM unnest(%(partitions)s::text[], %(next_offsets)s::bigint[]) AS found (partition, next_offset)
 ORDER BY partition
    ON CONFLICT (stream, partition) DO NOTHING

-- name: list_positions
SELECT {position}
  FROM stream_positions
 WHERE stream = %(stream)s
 ORDER BY partition

-- name: save_consumer
INSERT INTO stream_consumers AS kept (stream, consumer, seen_at)
VALUES (%(stream)s, %(consumer)s, %(now)s)
    ON CONFLICT (stream, consumer) DO UPDATE
   SET seen_at = greatest(kept.seen_at, excluded.seen_at)

-- name: drop_consumers
-- One that was not seen since then is gone; it comes back by itself.
DELETE FROM stream_consumers
 WHERE stream = %(stream)s
   AND seen_at < %(seen_before)s

-- name: list_consumers
SELECT consumer
  FROM stream_consumers
 WHERE stream = %(stream)s

-- name: claim_positions
-- Those that are free, or the consumer's already. Of a row that is locked messages are being recorded, by its
-- consumer, or by one that was slow; it is claimed another time.
UPDATE stream_positions
   SET consumer = %(consumer)s, claimed_until = %(claimed_until)s
 WHERE stream = %(stream)s
   AND partition IN (SELECT partition
                       FROM stream_positions
                      WHERE stream = %(stream)s
                        AND partition = ANY(%(partitions)s)
                        AND (consumer = %(consumer)s OR consumer IS NULL OR claimed_until < %(now)s)
                      ORDER BY partition
                        FOR UPDATE SKIP LOCKED)
RETURNING {position}

-- name: release_positions
UPDATE stream_positions
   SET consumer = NULL, claimed_until = NULL
 WHERE stream = %(stream)s
   AND partition = ANY(%(partitions)s)
   AND consumer = %(consumer)s

-- name: drop_consumer
DELETE FROM stream_consumers
 WHERE stream = %(stream)s
   AND consumer = %(consumer)s

-- name: limit_idle_time
-- A process that is stopped in the middle of a transaction would keep the partition from everybody else: the
-- server ends it.
SELECT set_config('idle_in_transaction_session_timeout', %(milliseconds)s::text, true)

-- name: lock_position
-- Until the end of the transaction nobody else records messages of the partition.
SELECT {position}
  FROM stream_positions
 WHERE stream = %(stream)s
   AND partition = %(partition)s
   FOR NO KEY UPDATE

-- name: save_progress
UPDATE stream_positions
   SET next_offset = %(next_offset)s, messages_waiting = %(messages_waiting)s,
       seen_at = greatest(seen_at, %(seen_at)s), claimed_until = greatest(claimed_until, %(claimed_until)s),
       accepted = accepted + %(accepted)s, duplicate = duplicate + %(duplicate)s,
       rejected = rejected + %(rejected)s
 WHERE stream = %(stream)s
   AND partition = %(partition)s

-- name: list_states
SELECT stream, partition, next_offset, messages_waiting, seen_at, accepted, duplicate, rejected
  FROM stream_positions
 ORDER BY stream, partition
