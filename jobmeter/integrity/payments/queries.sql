-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_payments
-- Each payment and each reversal is one posting of the ledger, of its amount in the currency of its account,
-- and nothing else is. What went back of a payment is no more than it was, and a reversal is not reversed.
WITH booked AS (
    SELECT cause, count(*) AS times, min(amount) AS amount, min(unit) AS unit, min(booked_at) AS booked_at,
           min(CASE WHEN destination_kind = {AccountKind.PAID} THEN destination_id ELSE -source_id END)
               AS paid_by,
           bool_and((source_kind, destination_kind)
                    IN (({AccountKind.OWED}, {AccountKind.PAID}), ({AccountKind.PAID}, {AccountKind.OWED}))
                    AND source_id = destination_id AND shard = shard_of(source_id)) AS fits
      FROM ledger_bookings
     WHERE purpose = {Purpose.PAYMENT}
     GROUP BY cause
), looked AS (
    SELECT coalesce(payment.id, cause) AS id,
           times = 1
           AND fits
           AND amount = payment.amount_micros
           AND unit = currency
           AND booked_at = recorded_at
           AND paid_on <= (recorded_at AT TIME ZONE 'UTC')::date
           AND paid_by = CASE WHEN payment.reverses IS NULL THEN account_id ELSE -account_id END
           AND (payment.reverses IS NULL
                OR EXISTS (SELECT
                             FROM billing_payments AS reversed
                            WHERE reversed.id = payment.reverses
                              AND reversed.reverses IS NULL
                              AND (reversed.account_id, reversed.source)
                                  = (payment.account_id, payment.source)))
           AND (SELECT coalesce(sum(amount_micros), 0) FROM billing_payments AS back
                 WHERE back.reverses = payment.id) <= payment.amount_micros AS holds
      FROM billing_payments AS payment
      JOIN billing_accounts ON billing_accounts.id = account_id
      FULL JOIN booked ON cause = payment.id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('payment %s is not booked as it was recorded', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_paid_top_ups
-- A payment that tops up a contract names the posting that does, which was booked with it and names the
-- payment; no other top-up names one.
WITH booked AS (
    SELECT reference, shard, source_id, booked_at, payment_id
      FROM (SELECT reference, shard, source_id, booked_at, cause AS payment_id
              FROM ledger_bookings
             WHERE purpose = {Purpose.FUND}
               AND source_kind = {AccountKind.FUNDING}) AS funded
     WHERE payment_id <> 0
), looked AS (
    SELECT coalesce(payment.id, payment_id) AS id,
           payment_id = payment.id
           AND source_id = tops_up
           AND shard = shard_of(tops_up)
           AND booked_at = recorded_at
           AND reverses IS NULL AS holds
      FROM (SELECT id, tops_up, top_up, recorded_at, reverses
              FROM billing_payments
             WHERE top_up IS NOT NULL) AS payment
      FULL JOIN booked ON reference = top_up
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('payment %s and what it added to a contract differ', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_allocations
-- Law 14. A payment or credit note pays issued invoices of its own account, each with no less than nothing,
-- all together no more than is left of it.
WITH paid AS (
    SELECT payment_id, credit_note_id, document_id, sum(amount_micros) AS amount
      FROM billing_allocations
     GROUP BY payment_id, credit_note_id, document_id
), looked AS (
    SELECT coalesce(paid.payment_id, paid.credit_note_id, credit.source_id) AS id,
           coalesce(amount >= 0
                    AND document.kind = 'INVOICE'
                    AND document.digest <> ''
                    AND credit.account_id = document.account_id, paid.document_id IS NULL)
           AND left_micros >= 0 AS holds
      FROM paid
      FULL JOIN billing_credits AS credit
        ON coalesce(paid.payment_id, paid.credit_note_id) = source_id
       AND (paid.payment_id IS NULL) = (credit.payment_id IS NULL)
      LEFT JOIN billing_documents AS document ON document.id = paid.document_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('payment or credit note %s pays more than it holds, or no invoice of its account', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_unpaid_invoices
-- Law 14. No invoice is paid beyond what its credit notes leave of it, and none is open while its account has
-- credit. A payment that names an invoice is of the same account.
WITH credit AS (
    SELECT account_id, sum(left_micros) AS left_micros
      FROM billing_credits
     GROUP BY account_id
), looked AS (
    SELECT document_id AS id,
           open_micros >= 0 AND (open_micros = 0 OR coalesce(left_micros, 0) = 0) AS holds
      FROM billing_open_invoices
      LEFT JOIN credit USING (account_id)
     UNION ALL
    SELECT document.id, document.account_id = payment.account_id AND kind = 'INVOICE' AND digest <> ''
      FROM billing_payments AS payment
      JOIN billing_documents AS document ON document.id = document_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('invoice %s is paid twice, or open although there is credit', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_owed
-- Law 15. What the ledger says an account owes is what is open of its invoices, less its credit.
WITH owed AS (
    SELECT account_id, sum(amount) AS amount
      FROM (SELECT destination_id AS account_id, amount FROM ledger_bookings
             WHERE destination_kind = {AccountKind.OWED}
             UNION ALL
            SELECT source_id, -amount FROM ledger_bookings WHERE source_kind = {AccountKind.OWED}) AS moved
     GROUP BY account_id
), expected AS (
    SELECT account_id, sum(amount) AS amount
      FROM (SELECT account_id, open_micros AS amount FROM billing_open_invoices
             UNION ALL
            SELECT account_id, -left_micros FROM billing_credits) AS parts
     GROUP BY account_id
), looked AS (
    SELECT account_id, coalesce(owed.amount, 0) AS owed, coalesce(expected.amount, 0) AS expected
      FROM owed
      FULL JOIN expected USING (account_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE owed <> expected) AS breaches,
       min(format('account %s owes %s, its documents and payments say %s', account_id, owed, expected))
           FILTER (WHERE owed <> expected) AS example
  FROM looked
