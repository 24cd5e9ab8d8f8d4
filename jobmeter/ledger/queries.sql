-- name: debit_balance
-- The condition enforces the law: a stored balance never goes below zero, even with concurrent withdrawals.
UPDATE ledger_balances
   SET amount = amount - %(amount)s
 WHERE shard = %(shard)s
   AND kind = %(kind)s
   AND owner_id = %(owner_id)s
   AND unit = %(unit)s
   AND amount >= %(amount)s
RETURNING amount

-- name: add_to_balance
INSERT INTO ledger_balances AS kept (shard, kind, owner_id, unit, amount)
VALUES (%(shard)s, %(kind)s, %(owner_id)s, %(unit)s, %(amount)s)
    ON CONFLICT (shard, kind, owner_id) DO UPDATE
   SET amount = kept.amount + excluded.amount
 WHERE kept.unit = excluded.unit
RETURNING amount

-- name: read_balance
SELECT amount
  FROM ledger_balances
 WHERE shard = %(shard)s
   AND kind = %(kind)s
   AND owner_id = %(owner_id)s

-- name: list_movements
-- What left some accounts of an owner for some purposes, the newest first.
SELECT number, purpose, source_kind, amount, unit, day, booked_at, cause
  FROM ledger_bookings
 WHERE shard = %(shard)s
   AND source_kind = ANY(%(kinds)s::smallint[])
   AND source_id = %(owner_id)s
   AND purpose = ANY(%(purposes)s::smallint[])
 ORDER BY number DESC
 LIMIT %(rows_max)s

-- name: insert_posting
-- A posting is stored in the shard of the job or contract it concerns: the destination's, or the source's
-- when an amount leaves a job. The caller has decided; see ledger.flow.
INSERT INTO ledger_bookings (
    shard, reference, purpose, source_kind, source_id, destination_kind, destination_id,
    amount, unit, day, booked_at, cause, corrects
)
VALUES (
    %(shard)s, %(reference)s, %(purpose)s, %(source_kind)s, %(source_owner_id)s, %(destination_kind)s,
    %(destination_owner_id)s, %(amount)s, %(unit)s, %(day)s, %(booked_at)s, %(cause)s, %(corrects)s
)
    ON CONFLICT (shard, reference, purpose) DO NOTHING
RETURNING reference

-- name: read_posting
SELECT source_kind, source_id, destination_kind, destination_id, amount, unit
  FROM ledger_bookings
 WHERE shard = %(shard)s
   AND reference = %(reference)s
   AND purpose = %(purpose)s
