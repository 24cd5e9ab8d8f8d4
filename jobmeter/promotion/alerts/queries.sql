-- name: add_alerts
-- The given percentages of this limit that were not reported before.
INSERT INTO budget_alerts (scope, owner_id, limit_micros, percent, told_at)
SELECT %(scope)s, %(owner_id)s, %(limit_micros)s, percent, %(now)s
  FROM unnest(%(percents)s::smallint[]) AS reached (percent)
    ON CONFLICT DO NOTHING
RETURNING percent

-- name: lock_spend_cursor
SELECT counted_until
  FROM contract_spend_cursor
   FOR UPDATE

-- name: move_spend_cursor
UPDATE contract_spend_cursor
   SET counted_until = %(counted_until)s

-- name: add_spends
-- Charges in a range of the ledger's numbers, less reversals of charges in it.
WITH moved (contract_id, micros) AS (
    SELECT contract_id, amount_micros
      FROM charges
     WHERE number > %(after)s
       AND number <= %(until)s
     UNION ALL
    SELECT source_id, -amount
      FROM ledger_bookings
     WHERE number > %(after)s
       AND number <= %(until)s
       AND source_kind = {AccountKind.EARNED}
       AND corrects IS NOT NULL
)
INSERT INTO contract_spends AS kept (contract_id, spent_micros)
SELECT contract_id, sum(micros)::bigint
  FROM moved
 GROUP BY contract_id
    ON CONFLICT (contract_id) DO UPDATE
   SET spent_micros = kept.spent_micros + excluded.spent_micros

-- name: list_spends
-- Contracts that may need a report: half of the limit is used, or the limit has changed since the last check.
SELECT contract_id, partner_id, currency, spent_micros, partner_contracts.limit_micros,
       seen_limit_micros, seen_spent_micros
  FROM contract_spends
  JOIN partner_contracts ON id = contract_id
 WHERE spent_micros >= partner_contracts.limit_micros / 2
    OR seen_limit_micros <> partner_contracts.limit_micros

-- name: set_seen
UPDATE contract_spends
   SET seen_limit_micros = %(limit_micros)s,
       seen_spent_micros = spent_micros
 WHERE contract_id = %(contract_id)s
