-- name: list_creditable_lines
-- What is left of the lines of an invoice: net less all that corrects them, except by one credit note, and
-- less the credits of charges that no document names yet.
SELECT line, kind, contract_id, job_id, first_day, last_day, price_micros, net_micros,
       net_micros - sign(net_micros)::bigint * (corrected.micros + pending.micros) AS left_micros
  FROM billed_lines
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(abs(net_micros)), 0)::bigint AS micros
         FROM billing_lines AS correction
        WHERE correction.corrects_document = billed_lines.document_id
          AND correction.corrects_line = billed_lines.line
          AND correction.document_id <> %(except_id)s) AS corrected
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(credit.amount), 0)::bigint AS micros
         FROM credits_of_job(shard_of(contract_id), {AccountKind.EARNED}, contract_id, {Purpose.ADJUST},
                             job_id) AS credit
        WHERE billed_lines.kind = 'CLICKS'
          AND charged_day(credit.corrects) BETWEEN first_day AND last_day
          AND NOT EXISTS (SELECT FROM billing_lines WHERE billing_lines.posting = credit.reference)
       ) AS pending
 WHERE document_id = %(document_id)s
   AND (%(lines)s::integer[] IS NULL OR line = ANY(%(lines)s))
 ORDER BY line

-- name: find_credit_note
SELECT id
  FROM billing_documents
 WHERE reference = %(reference)s

-- name: list_credited
-- What a credit note credits, by line of its invoice.
SELECT corrects_line AS line, sum(net_micros)::bigint AS micros,
       bool_or(kind = 'CORRECTION') AS returns_budget
  FROM billing_lines
 WHERE document_id = %(document_id)s
 GROUP BY corrects_line
 ORDER BY corrects_line

-- name: insert_credit_note
-- The parties are those of the invoice: a credit note is its mirror.
INSERT INTO billing_documents (id, account_id, kind, month, reference, corrects, note, currency, minor_digits,
                               seller, buyer)
SELECT nextval('billing_ids'), account_id, 'CREDIT_NOTE', month, %(reference)s, id, %(note)s, currency,
       minor_digits, seller, buyer
  FROM billing_documents
 WHERE id = %(invoice_id)s
RETURNING id

-- name: insert_goodwill_lines
INSERT INTO billing_lines (document_id, line, kind, contract_id, job_id, application_id, external_id, title,
                           company_name, customer_job_code, poster_email, first_at, last_at, quantity,
                           price_micros, net_micros, category, rate_micros, corrects_document, corrects_line)
SELECT %(document_id)s, nth, 'GOODWILL', contract_id, job_id, application_id, external_id, title,
       company_name, customer_job_code, poster_email, first_at, last_at, asked.quantity, asked.price_micros,
       asked.quantity * asked.price_micros, category, rate_micros, original.document_id, original.line
  FROM unnest(%(lines)s::integer[], %(quantities)s::bigint[], %(prices_micros)s::bigint[])
       WITH ORDINALITY AS asked (line, quantity, price_micros, nth)
  JOIN billing_lines AS original ON original.document_id = %(invoice_id)s AND original.line = asked.line

-- name: insert_returned_line
-- A credit of a charge: the line names its posting, so that the next invoice does not repeat it.
INSERT INTO billing_lines (document_id, line, kind, contract_id, job_id, application_id, posting, external_id,
                           title, company_name, customer_job_code, poster_email, first_at, last_at, quantity,
                           price_micros, net_micros, category, rate_micros, corrects_document, corrects_line)
SELECT %(document_id)s, (SELECT count(*) + 1 FROM billing_lines WHERE document_id = %(document_id)s),
       'CORRECTION', contract_id, job_id, application_id, %(posting)s, external_id, title, company_name,
       customer_job_code, poster_email, %(now)s, %(now)s, 1, %(amount_micros)s, %(amount_micros)s, category,
       rate_micros, document_id, line
  FROM billing_lines
 WHERE document_id = %(invoice_id)s
   AND line = %(line)s

-- name: list_charges_left
-- Charges of a job's day, after one of them, with what no correction has returned of them.
SELECT charge.reference, amount_micros - coalesce(corrected.amount, 0) AS left_micros
  FROM charges_of_day(shard_of(%(job_id)s), %(job_id)s, %(day)s) AS charge
 CROSS JOIN LATERAL returned_of_charge(charge.reference, NULL) AS corrected
 ORDER BY charge.reference

-- name: find_charge_line
-- The line that billed a charge, if one did.
SELECT billed.document_id, billed.line
  FROM charge_named(%(charge)s) AS charge
  JOIN billing_agreements AS agreement USING (contract_id)
 CROSS JOIN LATERAL find_billed_line(account_id, job_id, charge.day) AS billed
