-- columns: content
sha256(convert_to(string_agg(posting_text(
               number, shard, reference, purpose, source_kind, source_id, destination_kind, destination_id,
               amount, unit, day, booked_at, cause, corrects), '' ORDER BY number), 'UTF8')) AS content

-- name: lock_chain
SELECT pg_try_advisory_xact_lock(1246707541)

-- name: read_horizon
SELECT known_until, next_until, next_transaction
  FROM ledger_horizon

-- name: read_oldest_transaction
-- Of those that have not ended, or the next one. Transactions of other databases of the server write no
-- posting here. One is of another database if it is found holding the lock of its number there, or prepared
-- there; every other that the snapshot lists may be of this one, also if it has just begun or ended.
WITH elsewhere AS (
    SELECT transactionid
      FROM pg_locks
      JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'transactionid'
       AND mode = 'ExclusiveLock'
       AND granted
       AND datname <> current_database()
     UNION ALL
    SELECT transaction
      FROM pg_prepared_xacts
     WHERE database <> current_database()
)
SELECT coalesce(min(number::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
  FROM pg_snapshot_xip(pg_current_snapshot()) AS number
 WHERE NOT EXISTS (SELECT FROM elsewhere WHERE transactionid = number::xid)

-- name: read_last_number
SELECT last_value - (NOT is_called)::integer
  FROM ledger_numbers

-- name: are_commits_done
-- After it is read which transactions have ended: on other nodes they may still be being committed.
SELECT are_commits_done()

-- name: read_own_transaction
SELECT pg_current_xact_id()::text::bigint

-- name: save_horizon
INSERT INTO ledger_horizon (known_until, next_until, next_transaction)
VALUES (%(known_until)s, %(next_until)s, %(next_transaction)s)
    ON CONFLICT (only_one) DO UPDATE
   SET known_until = excluded.known_until,
       next_until = excluded.next_until,
       next_transaction = excluded.next_transaction

-- name: read_last_round
SELECT round AS round_number, until_number, sealed_at
  FROM ledger_seal_rounds
 ORDER BY round DESC
 LIMIT 1

-- name: insert_seal_round
INSERT INTO ledger_seal_rounds (round, until_number, sealed_at)
VALUES (%(round_number)s, %(until_number)s, %(sealed_at)s)

-- name: insert_seals
-- The digest of a shard's postings by number, combined with the digest of the shard's previous seal.
WITH found AS (
    SELECT shard, count(*) AS postings,
           {content}
      FROM ledger_postings
     WHERE number > %(after_number)s
       AND number <= %(until_number)s
     GROUP BY shard
)
INSERT INTO ledger_seals (shard, round, postings, content, digest)
SELECT found.shard, %(round_number)s, found.postings, found.content,
       sha256(coalesce(last_seal.digest, '') || found.content)
  FROM found
  LEFT JOIN LATERAL (
       SELECT digest
         FROM ledger_seals
        WHERE ledger_seals.shard = found.shard
        ORDER BY ledger_seals.round DESC
        LIMIT 1) AS last_seal ON true

-- name: check_chain
-- Law 3. The stored postings have the digest that was sealed, each seal continues the previous one, and no
-- posting of a sealed round is without its seal.
WITH bounds AS (
    SELECT array_agg(until_number ORDER BY round) AS untils, array_agg(round ORDER BY round) AS rounds
      FROM ledger_seal_rounds
), found AS (
    SELECT shard, rounds[width_bucket(number - 1, untils) + 1] AS round, count(*) AS postings,
           {content}
      FROM ledger_postings
     CROSS JOIN bounds
     WHERE number <= untils[array_length(untils, 1)]
     GROUP BY shard, round
), sealed AS (
    SELECT shard, round, postings, content, digest,
           coalesce(lag(digest) OVER (PARTITION BY shard ORDER BY round), '') AS digest_before
      FROM ledger_seals
), looked AS (
    SELECT shard, round, coalesce(found.postings, sealed.postings) AS postings,
           found.postings = sealed.postings
           AND found.content = sealed.content
           AND digest = sha256(digest_before || sealed.content) AS holds
      FROM found
      FULL JOIN sealed USING (shard, round)
)
SELECT coalesce(sum(postings), 0)::bigint AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('round %s of shard %s is not as it was sealed', round, shard))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked
