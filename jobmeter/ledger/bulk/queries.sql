-- name: create_requested_postings
-- Other packages insert the postings here that they want booked as a set. Dropped at the end of the
-- transaction: behind a pooler the next one on this connection may be that of another release.
CREATE TEMPORARY TABLE IF NOT EXISTS asked_postings (
    shard             smallint NOT NULL,
    reference         uuid     NOT NULL,
    purpose           smallint NOT NULL,
    source_kind       smallint NOT NULL,
    source_id         bigint   NOT NULL,
    destination_kind  smallint NOT NULL,
    destination_id    bigint   NOT NULL,
    destination_shard smallint NOT NULL,
    amount            bigint   NOT NULL,
    unit              text     NOT NULL,
    cause             bigint   NOT NULL,
    corrects          uuid
) ON COMMIT DROP

-- name: count_requested_debits
-- Postings that would decrease a stored balance; these need a check of each balance first (see ledger.flow).
SELECT count(*)
  FROM asked_postings
 WHERE source_kind IN ({AccountKind.CONTRACT}, {AccountKind.SLOTS_FREE}, {AccountKind.CREDITS})

-- name: book_requested_postings
-- An existing reference violates the key and aborts the transaction: nothing is booked twice.
INSERT INTO ledger_bookings (
    shard, reference, purpose, source_kind, source_id, destination_kind, destination_id, amount, unit, day,
    booked_at, cause, corrects
)
SELECT shard, reference, purpose, source_kind, source_id, destination_kind, destination_id, amount, unit,
       %(day)s, %(booked_at)s, cause, corrects
  FROM asked_postings
 ORDER BY shard, reference

-- name: add_requested_to_balances
-- In the order of the key, to prevent deadlocks between two transactions.
INSERT INTO ledger_balances AS kept (shard, kind, owner_id, unit, amount)
SELECT destination_shard, destination_kind, destination_id, unit, sum(amount)
  FROM asked_postings
 WHERE destination_kind IN ({AccountKind.CONTRACT}, {AccountKind.SLOTS_FREE}, {AccountKind.CREDITS})
 GROUP BY destination_shard, destination_kind, destination_id, unit
 ORDER BY destination_shard, destination_kind, destination_id
    ON CONFLICT (shard, kind, owner_id) DO UPDATE
   SET amount = kept.amount + excluded.amount
 WHERE kept.unit = excluded.unit
RETURNING owner_id

-- name: count_requested_balances
SELECT count(DISTINCT (destination_shard, destination_kind, destination_id))
  FROM asked_postings
 WHERE destination_kind IN ({AccountKind.CONTRACT}, {AccountKind.SLOTS_FREE}, {AccountKind.CREDITS})
