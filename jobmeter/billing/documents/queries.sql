-- columns: document
documents.id, documents.kind, billing_number(documents.series, documents.sequence) AS number,
documents.account_id, partner_id, documents.month, documents.currency, documents.seller, documents.buyer,
documents.line_count, documents.net_micros, documents.tax_micros, documents.issued_at, documents.due_on,
coalesce(billing_number(corrected.series, corrected.sequence), '') AS corrects_number, documents.digest,
documents.note, credited_micros, paid_micros,
(SELECT coalesce(sum(amount_micros), 0)::bigint
   FROM billing_allocations
  WHERE billing_allocations.document_id = documents.id
    AND allocated_at <= documents.issued_at) AS prepaid_micros,
(SELECT coalesce(jsonb_agg(to_jsonb(billing_taxes) - 'document_id' ORDER BY category, rate_micros), '[]')
   FROM billing_taxes
  WHERE document_id = documents.id) AS taxes

-- name: list_documents
-- In the order of their ids. A partner sees issued documents only.
SELECT {document}
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = documents.account_id
  JOIN billing_balances ON billing_balances.document_id = documents.id
  LEFT JOIN billing_documents AS corrected ON corrected.id = documents.corrects
 WHERE documents.id > %(after)s
   AND partner_id = coalesce(%(partner_id)s, partner_id)
   AND (%(partner_id)s::bigint IS NULL OR documents.digest <> '')
   AND documents.account_id = coalesce(%(account_id)s, documents.account_id)
   AND documents.month = coalesce(%(month)s, documents.month)
 ORDER BY documents.id
 LIMIT %(rows_max)s

-- name: list_newest_documents
-- The newest first: those before an id.
SELECT {document}
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = documents.account_id
  JOIN billing_balances ON billing_balances.document_id = documents.id
  LEFT JOIN billing_documents AS corrected ON corrected.id = documents.corrects
 WHERE documents.id < %(before)s
   AND partner_id = coalesce(%(partner_id)s, partner_id)
   AND (%(partner_id)s::bigint IS NULL OR documents.digest <> '')
   AND documents.account_id = coalesce(%(account_id)s, documents.account_id)
   AND documents.month = coalesce(%(month)s, documents.month)
 ORDER BY documents.id DESC
 LIMIT %(rows_max)s

-- name: find_number
SELECT id
  FROM billing_documents
 WHERE series = %(series)s
   AND sequence = %(sequence)s

-- name: list_credit_notes
-- The issued credit notes of an invoice.
SELECT {document}
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = documents.account_id
  JOIN billing_balances ON billing_balances.document_id = documents.id
  JOIN billing_documents AS corrected ON corrected.id = documents.corrects
 WHERE documents.corrects = %(document_id)s
   AND documents.digest <> ''
 ORDER BY documents.id

-- name: find_documents
-- The partner's condition is part of the statement: a document of another partner is not found.
SELECT {document}
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = documents.account_id
  JOIN billing_balances ON billing_balances.document_id = documents.id
  LEFT JOIN billing_documents AS corrected ON corrected.id = documents.corrects
 WHERE documents.id = ANY(%(document_ids)s)
   AND partner_id = coalesce(%(partner_id)s, partner_id)
   AND (%(partner_id)s::bigint IS NULL OR documents.digest <> '')
 ORDER BY documents.id

-- name: list_lines
SELECT line, billing_lines.kind, contract_id, job_id, application_id, external_id, title, company_name,
       customer_job_code, poster_email, first_at, last_at, quantity, price_micros, billing_lines.net_micros,
       category, rate_micros, coalesce(billing_number(corrected.series, corrected.sequence), '')
           AS corrects_number, corrects_line
  FROM billing_lines
  LEFT JOIN billing_documents AS corrected ON corrected.id = corrects_document
 WHERE document_id = %(document_id)s
   AND line > %(after)s
 ORDER BY line
 LIMIT %(rows_max)s

-- name: sum_lines
SELECT kind, count(*) AS lines, sum(quantity)::bigint AS quantity, sum(net_micros)::bigint AS net_micros
  FROM billing_lines
 WHERE document_id = %(document_id)s
 GROUP BY kind

-- name: find_line
SELECT document_id, line, billing_lines.kind, contract_id, job_id, posting,
       (first_at AT TIME ZONE 'UTC')::date AS first_day, (last_at AT TIME ZONE 'UTC')::date AS last_day,
       price_micros, currency
  FROM billing_lines
  JOIN billing_documents ON id = document_id
 WHERE document_id = %(document_id)s
   AND line = %(line)s

-- name: list_day_charges
-- A page of a job's charges of a day, by reference, which is by batch.
SELECT charge.number, charge.reference, {Purpose.CHARGE} AS purpose, charge.day, amount_micros AS amount,
       coalesce(reversed.amount, 0) AS reversed_amount, currency AS unit, charge.booked_at,
       NULL::uuid AS corrects, dropped_at
  FROM charges_of_day(shard_of(%(job_id)s), %(job_id)s, %(day)s) AS charge
  LEFT JOIN event_days ON event_days.day = charge.day
 CROSS JOIN LATERAL returned_of_charge(charge.reference, {Purpose.REVERSE}) AS reversed
 WHERE charge.reference > %(after)s
 ORDER BY charge.reference
 LIMIT %(rows_max)s

-- name: find_posting
-- The posting of a line that has one: a credit used, a top-up, a credit of a charge; in the contract's shard.
SELECT number, reference, purpose, day, amount, 0::bigint AS reversed_amount, unit, booked_at, corrects,
       NULL::timestamptz AS dropped_at
  FROM ledger_bookings
 WHERE shard = shard_of(%(contract_id)s)
   AND reference = %(reference)s
   AND purpose IN ({Purpose.FUND}, {Purpose.ADJUST}, {Purpose.CONSUME})

-- name: find_first_drop
-- When the first of these days lost its events; null while all are kept.
SELECT min(dropped_at)
  FROM event_days
 WHERE day BETWEEN %(first_day)s AND %(last_day)s

-- name: insert_mails
-- One for each address, once.
INSERT INTO billing_mails (document_id, email, kind, level, due_at)
SELECT %(document_id)s, email, %(kind)s, %(level)s, %(due_at)s
  FROM unnest(%(emails)s::text[]) AS email
    ON CONFLICT DO NOTHING
