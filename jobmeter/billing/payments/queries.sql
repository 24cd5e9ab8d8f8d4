-- columns: payment
payment.id, payment.account_id, currency, payment.source, payment.reference, payment.amount_micros,
payment.paid_on, payment.note, payment.document_id, payment.reverses, payment.recorded_at, payment.tops_up,
payment.top_up,
(SELECT coalesce(sum(back.amount_micros), 0)::bigint
   FROM billing_payments AS back
  WHERE back.reverses = payment.id) AS reversed_micros,
(SELECT coalesce(sum(paid.amount_micros), 0)::bigint
   FROM billing_allocations AS paid
  WHERE paid.payment_id = payment.id) AS allocated_micros

-- name: lock_payments
-- Payments of an account, their reversals and the issue of its invoices come one after the other.
SELECT currency
  FROM billing_accounts
 WHERE id = %(account_id)s
   FOR UPDATE

-- name: find_payment
SELECT {payment}
  FROM billing_payments AS payment
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE payment.id = %(payment_id)s

-- name: find_by_reference
SELECT {payment}
  FROM billing_payments AS payment
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE account_id = %(account_id)s
   AND payment.source = %(source)s
   AND payment.reference = %(reference)s

-- name: find_received
-- The payment that a provider received, of whichever account.
SELECT {payment}
  FROM billing_payments AS payment
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE payment.source = %(source)s
   AND payment.reference = %(reference)s
   AND payment.reverses IS NULL
 ORDER BY payment.id
 LIMIT 1

-- name: list_payments
SELECT {payment}
  FROM billing_payments AS payment
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE account_id = %(account_id)s
   AND payment.id > %(after)s
 ORDER BY payment.id
 LIMIT %(rows_max)s

-- name: list_partner_payments
-- The partner's condition is part of the statement: another partner's payment is not found.
SELECT {payment}
  FROM billing_payments AS payment
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE partner_id = %(partner_id)s
   AND payment.id > %(after)s
 ORDER BY payment.id
 LIMIT %(rows_max)s

-- name: list_newest_payments
-- Of a partner, the newest first: those before an id.
SELECT {payment}
  FROM billing_payments AS payment
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE partner_id = %(partner_id)s
   AND payment.id < %(before)s
 ORDER BY payment.id DESC
 LIMIT %(rows_max)s

-- name: list_invoice_payments
-- What pays an invoice, in the order in which it was allocated.
SELECT payment_id, coalesce(payment.reference, billing_number(note.series, note.sequence)) AS reference,
       coalesce(payment.paid_on, (note.issued_at AT TIME ZONE 'UTC')::date) AS paid_on,
       sum(allocated.amount_micros)::bigint AS amount_micros
  FROM billing_allocations AS allocated
  LEFT JOIN billing_payments AS payment ON payment.id = payment_id
  LEFT JOIN billing_documents AS note ON note.id = credit_note_id
 WHERE allocated.document_id = %(document_id)s
 GROUP BY payment_id, payment.reference, payment.paid_on, note.series, note.sequence, note.issued_at
HAVING sum(allocated.amount_micros) <> 0
 ORDER BY min(allocated.number)

-- name: list_partner_debts
-- Each account of a partner, also one that owes nothing.
SELECT billing_accounts.id AS account_id, currency, open_micros, overdue_micros, credit_micros
  FROM billing_accounts
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(open.open_micros), 0)::bigint AS open_micros,
              coalesce(sum(open.open_micros) FILTER (WHERE due_on < %(today)s), 0)::bigint AS overdue_micros
         FROM billing_open_invoices AS open
        WHERE open.account_id = billing_accounts.id
          AND open.open_micros > 0) AS owed
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(left_micros), 0)::bigint AS credit_micros
         FROM billing_credits
        WHERE billing_credits.account_id = billing_accounts.id
          AND left_micros > 0) AS credit
 WHERE partner_id = %(partner_id)s
 ORDER BY currency

-- name: insert_payment
INSERT INTO billing_payments (
    id, account_id, source, reference, amount_micros, paid_on, note, document_id, reverses, tops_up, top_up,
    recorded_at
)
VALUES (
    nextval('billing_ids'), %(account_id)s, %(source)s, %(reference)s, %(amount_micros)s, %(paid_on)s,
    %(note)s, %(document_id)s, %(reverses)s, %(tops_up)s, %(top_up)s, %(recorded_at)s
)
RETURNING id

-- name: read_received
SELECT coalesce(sum(amount_micros), 0)::bigint
  FROM billing_payments
 WHERE account_id = %(account_id)s

-- name: allocate_named
-- Of a payment that names its invoice: as much as is open.
INSERT INTO billing_allocations (payment_id, document_id, amount_micros, allocated_at)
SELECT payment_id, document_id, least(left_micros, open_micros), %(now)s
  FROM billing_credits
  JOIN billing_open_invoices USING (account_id)
 WHERE payment_id = %(payment_id)s
   AND document_id = %(document_id)s
   AND left_micros > 0
   AND open_micros > 0
RETURNING document_id

-- name: allocate_credit
-- The oldest credit pays the invoice that is due first. Both are laid end to end, each from where the one
-- before ended: what two of them share is allocated.
WITH credit AS (
    SELECT account_id, payment_id, credit_note_id, left_micros,
           sum(left_micros) OVER (PARTITION BY account_id ORDER BY since, source_id) AS upto
      FROM billing_credits
     WHERE account_id = ANY(%(account_ids)s)
       AND left_micros > 0
), invoice AS (
    SELECT account_id, document_id, open_micros,
           sum(open_micros) OVER (PARTITION BY account_id ORDER BY due_on, document_id) AS upto
      FROM billing_open_invoices
     WHERE account_id IN (SELECT account_id FROM credit)
       AND open_micros > 0
)
INSERT INTO billing_allocations (payment_id, credit_note_id, document_id, amount_micros, allocated_at)
SELECT payment_id, credit_note_id, document_id,
       least(credit.upto, invoice.upto)
       - greatest(credit.upto - left_micros, invoice.upto - open_micros), %(now)s
  FROM credit
  JOIN invoice USING (account_id)
 WHERE least(credit.upto, invoice.upto) > greatest(credit.upto - left_micros, invoice.upto - open_micros)
 ORDER BY document_id, credit.upto
RETURNING document_id

-- name: release_reversed
-- What a payment pays beyond what is left of it, from the invoice that is due last.
WITH beyond AS (
    SELECT payment_id, -left_micros AS amount
      FROM billing_credits
     WHERE payment_id = %(payment_id)s
       AND left_micros < 0
), paid AS (
    SELECT payment_id, document_id, held, sum(held) OVER (ORDER BY due_on DESC, document_id DESC) AS upto
      FROM (SELECT payment_id, document_id, sum(amount_micros) AS held
              FROM billing_allocations
             WHERE payment_id = %(payment_id)s
             GROUP BY payment_id, document_id) AS summed
      JOIN billing_documents ON id = document_id
     WHERE held > 0
)
INSERT INTO billing_allocations (payment_id, document_id, amount_micros, allocated_at)
SELECT payment_id, document_id, -(least(upto, amount) - (upto - held)), %(now)s
  FROM paid
  JOIN beyond USING (payment_id)
 WHERE amount > upto - held

-- name: release_excess
-- What pays an invoice beyond what it asks for, after a credit note: the newest payment first.
WITH beyond AS (
    SELECT document_id, -open_micros AS amount
      FROM billing_open_invoices
     WHERE account_id = ANY(%(account_ids)s)
       AND open_micros < 0
), paid AS (
    SELECT payment_id, credit_note_id, document_id, held,
           sum(held) OVER (PARTITION BY document_id ORDER BY last_number DESC) AS upto
      FROM (SELECT payment_id, credit_note_id, document_id, sum(amount_micros) AS held,
                   max(number) AS last_number
              FROM billing_allocations
             WHERE document_id IN (SELECT document_id FROM beyond)
             GROUP BY payment_id, credit_note_id, document_id) AS summed
     WHERE held > 0
)
INSERT INTO billing_allocations (payment_id, credit_note_id, document_id, amount_micros, allocated_at)
SELECT payment_id, credit_note_id, document_id, -(least(upto, amount) - (upto - held)), %(now)s
  FROM paid
  JOIN beyond USING (document_id)
 WHERE amount > upto - held

-- name: list_paid_invoices
SELECT payment_id, document_id, billing_number(series, sequence) AS number,
       sum(amount_micros)::bigint AS amount_micros
  FROM billing_allocations
  JOIN billing_documents ON id = document_id
 WHERE payment_id = ANY(%(payment_ids)s)
 GROUP BY payment_id, document_id, series, sequence
HAVING sum(amount_micros) > 0
 ORDER BY payment_id, document_id

-- name: list_ages
-- Accounts that owe or have credit, by how long invoices are overdue. The name is that of the last document.
WITH invoice AS (
    SELECT account_id, document_id, due_on, open_micros, %(today)s::date - due_on AS days,
           (SELECT max(level) FROM billing_reminders WHERE billing_reminders.document_id = open.document_id)
               AS level
      FROM billing_open_invoices AS open
     WHERE account_id > %(after)s
       AND open_micros > 0
), owed AS (
    SELECT account_id, count(*) AS invoices, min(due_on) AS oldest_due_on, max(level) AS level,
           sum(open_micros) FILTER (WHERE days <= 0) AS not_due,
           sum(open_micros) FILTER (WHERE days BETWEEN 1 AND 30) AS days_30,
           sum(open_micros) FILTER (WHERE days BETWEEN 31 AND 60) AS days_60,
           sum(open_micros) FILTER (WHERE days BETWEEN 61 AND 90) AS days_90,
           sum(open_micros) FILTER (WHERE days > 90) AS older
      FROM invoice
     GROUP BY account_id
), credit AS (
    SELECT account_id, sum(left_micros) AS left_micros
      FROM billing_credits
     WHERE account_id > %(after)s
       AND left_micros > 0
     GROUP BY account_id
)
SELECT account_id, partner_id, currency, coalesce(invoices, 0) AS invoices, oldest_due_on,
       coalesce(not_due, 0)::bigint AS not_due_micros, coalesce(days_30, 0)::bigint AS days_30_micros,
       coalesce(days_60, 0)::bigint AS days_60_micros, coalesce(days_90, 0)::bigint AS days_90_micros,
       coalesce(older, 0)::bigint AS older_micros, coalesce(left_micros, 0)::bigint AS credit_micros,
       coalesce(level, 0) AS reminder_level,
       coalesce((SELECT legal_name
                   FROM billing_profiles
                  WHERE billing_profiles.account_id = billing_accounts.id
                    AND valid_from <= %(today)s
                  ORDER BY valid_from DESC, revision DESC
                  LIMIT 1), '') AS legal_name
  FROM owed
  FULL JOIN credit USING (account_id)
  JOIN billing_accounts ON id = account_id
 ORDER BY account_id
 LIMIT %(rows_max)s

-- name: find_reminded_through
-- Null if never, or with another setting: then every overdue invoice is looked at again.
SELECT reminded_through
  FROM billing_reminder_rounds
 WHERE reminder_days = array_to_string(%(days)s::integer[], ',')

-- name: set_reminded_through
INSERT INTO billing_reminder_rounds AS kept (reminder_days, reminded_through)
VALUES (array_to_string(%(days)s::integer[], ','), %(today)s)
    ON CONFLICT (only_one) DO UPDATE
   SET reminder_days = excluded.reminder_days,
       reminded_through = CASE WHEN kept.reminder_days = excluded.reminder_days
                               THEN greatest(kept.reminded_through, excluded.reminded_through)
                               ELSE excluded.reminded_through END

-- name: list_due_reminders
-- Of each overdue invoice the highest level that is due, unless it or a higher one was sent. `days` are after
-- how many days overdue each level is due. Invoices are found by the days after `since` on which a level
-- became due, and by what was taken back of their payments after it: no other invoice is looked at.
WITH levels AS (
    SELECT days, nth
      FROM unnest(%(days)s::integer[]) WITH ORDINALITY AS given (days, nth)
), candidate AS (
    SELECT id AS document_id
      FROM levels
      JOIN billing_documents
        ON due_on > %(since)s::date - levels.days
       AND due_on <= %(today)s::date - levels.days
     UNION
    SELECT document_id
      FROM billing_allocations
     WHERE amount_micros < 0
       AND allocated_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC'
)
SELECT document_id, due.level, open_micros
  FROM candidate
  JOIN billing_open_invoices AS open USING (document_id)
 CROSS JOIN LATERAL (SELECT max(nth) AS level FROM levels WHERE due_on + levels.days <= %(today)s) AS due
 WHERE open_micros > 0
   AND due.level > coalesce((SELECT max(billing_reminders.level)
                               FROM billing_reminders
                              WHERE billing_reminders.document_id = open.document_id), 0)
 ORDER BY document_id
 LIMIT %(rows_max)s

-- name: insert_reminder
-- Whichever process inserts it sends it.
INSERT INTO billing_reminders (document_id, level, open_micros, sent_at)
VALUES (%(document_id)s, %(level)s, %(open_micros)s, %(now)s)
    ON CONFLICT DO NOTHING
RETURNING level
