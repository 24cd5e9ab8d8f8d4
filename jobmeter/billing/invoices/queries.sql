-- columns: new_line
document_id, line, kind, contract_id, job_id, application_id, posting, external_id, title, company_name,
customer_job_code, poster_email, first_at, last_at, quantity, price_micros, net_micros, category, rate_micros,
corrects_document, corrects_line

-- name: find_due_month
-- The earliest month in which an account can be billed now. Runs several times a second, so accounts that are
-- billed already are excluded by one look into the key of the cuts, and only accounts of the earliest months
-- are asked for a reason against it, until one has none.
SELECT month
  FROM (SELECT id, next_months.month
          FROM billing_accounts
          JOIN billing_next_months AS next_months ON next_months.account_id = id
         WHERE id = coalesce(%(account_id)s, id)
           AND first_month <= %(last_month)s
           AND NOT EXISTS (SELECT
                             FROM billing_cuts
                            WHERE account_id = id
                              AND billing_cuts.month = %(last_month)s)
           AND next_months.month <= %(last_month)s
           AND NOT EXISTS (SELECT
                             FROM billing_cuts
                            WHERE account_id = id
                              AND billing_cuts.month = next_months.month)
         ORDER BY next_months.month
        OFFSET 0) AS due
 WHERE billing_hold_reason(id, month, %(day)s) IS NULL
 ORDER BY month
 LIMIT 1

-- name: find_month
SELECT until_number
  FROM billing_months
 WHERE month = %(month)s

-- name: has_unknown_posting
-- A posting of the month or before whose number is not known to be final: others may still appear below it.
SELECT EXISTS (SELECT 1
                 FROM ledger_postings
                WHERE number > %(known_until)s
                  AND day < %(until_day)s)

-- name: insert_month
-- Numbers never go back. Postings that the month before did not know yet are looked for once, here: they are
-- few, and the lines of an account then read the days of its month by index.
INSERT INTO billing_months (month, until_number, late_from, opened_at)
SELECT %(month)s, greatest(%(known_until)s, before.until_number),
       least(%(month)s::date, late.day), %(now)s
  FROM (SELECT max(until_number) AS until_number FROM billing_months WHERE month < %(month)s) AS before
 CROSS JOIN LATERAL first_day_of_numbers(
            before.until_number, %(known_until)s,
            ARRAY[{Purpose.FUND}, {Purpose.ADJUST}, {Purpose.CONSUME}]::smallint[]) AS late
    ON CONFLICT (month) DO NOTHING

-- name: claim_accounts
-- Skips accounts that another process is billing. A lock without the key: rows may refer to the account.
SELECT id, partner_id, currency, issues
  FROM billing_accounts
 WHERE id = coalesce(%(account_id)s, id)
   AND id IN (SELECT account_id FROM billing_next_months WHERE month = %(month)s)
   AND NOT EXISTS (SELECT FROM billing_cuts WHERE account_id = id AND month = %(month)s)
   AND billing_hold_reason(id, %(month)s, %(day)s) IS NULL
 ORDER BY id
 LIMIT %(accounts_max)s
   FOR NO KEY UPDATE SKIP LOCKED

-- name: insert_cuts
-- The key decides: an account that another process has billed meanwhile gets no second cut.
INSERT INTO billing_cuts (account_id, month, until_number)
SELECT account_id, %(month)s,
       greatest(%(until_number)s, (SELECT max(until_number)
                                     FROM billing_cuts
                                    WHERE billing_cuts.account_id = asked.account_id
                                      AND month < %(month)s))
  FROM unnest(%(account_ids)s::bigint[]) AS asked (account_id)
    ON CONFLICT (account_id, month) DO NOTHING
RETURNING account_id

-- name: insert_drafts
-- The parties are those in force on the day of issue, copied: a later change does not reach the document.
INSERT INTO billing_documents (id, account_id, kind, month, reference, currency, minor_digits, seller, buyer)
SELECT nextval('billing_ids'), billing_accounts.id, 'INVOICE', %(month)s,
       md5(format('invoice %%s %%s', billing_accounts.id, %(month)s - date '1970-01-01'))::uuid, currency,
       asked.minor_digits, seller.content, buyer.content
  FROM unnest(%(account_ids)s::bigint[], %(minor_digits)s::smallint[]) AS asked (account_id, minor_digits)
  JOIN billing_accounts ON id = account_id
 CROSS JOIN LATERAL (
       SELECT to_jsonb(billing_profiles) - '{account_id,valid_from,revision,recorded_at}'::text[] AS content
         FROM billing_profiles
        WHERE billing_profiles.account_id = billing_accounts.id
          AND valid_from <= %(day)s
        ORDER BY valid_from DESC, revision DESC
        LIMIT 1) AS buyer
 CROSS JOIN LATERAL (
       SELECT to_jsonb(billing_sellers) - '{valid_from,revision,recorded_at}'::text[] AS content
         FROM billing_sellers
        WHERE valid_from <= %(day)s
        ORDER BY valid_from DESC, revision DESC
        LIMIT 1) AS seller
 ORDER BY billing_accounts.id
RETURNING id

-- name: plan_for_many_lines
-- Until the transaction ends. Each job is looked up once, so that a cache of what was found, which the
-- planner expects to help, only costs. The lines of a set of accounts are sorted in memory.
SELECT set_config('enable_memoize', 'off', true), set_config('work_mem', '32MB', true)

-- name: insert_credit_lines
-- A line for each credit used, at the price that was kept then: by customer, contract and time.
INSERT INTO billing_lines ({new_line})
SELECT documents.id,
       row_number() OVER (PARTITION BY documents.id
                              ORDER BY application_id, used.contract_id, used_at, used.number),
       CASE WHEN is_renewal THEN 'RENEWAL' ELSE 'POSTING' END, used.contract_id, used.job_id, application_id,
       used.reference, used.external_id, used.title, used.company_name, used.customer_job_code,
       used.poster_email, used_at, used_at, 1, used.price_micros, used.price_micros, category, rate_micros,
       NULL, NULL
  FROM billing_documents AS documents
  JOIN billable_bookings AS posting USING (account_id, month)
  JOIN billing_rate_spans AS rate USING (account_id)
  JOIN credit_uses AS used ON used.shard = posting.shard AND used.reference = posting.reference
 WHERE documents.id = ANY(%(document_ids)s)
   AND posting.kind = 'CREDITS'
   AND bills = 'USE'
   AND source_kind IN ({AccountKind.CREDITS}, {AccountKind.CREDITS_OWED})
   AND purpose = {Purpose.CONSUME}
   AND from_day <= day
   AND until_day > day

-- name: insert_click_lines
-- A line for each job and tax rate: what its days of the month were charged, all final, at the job's fixed
-- price. Days are read by contract and jobs by key, whatever the planner knew when it made its plan; each
-- lateral query groups and sorts by one number only.
INSERT INTO billing_lines ({new_line})
SELECT document_id, lines_before + row_number() OVER (
           PARTITION BY document_id ORDER BY application_id, contract_id, charged.job_id, first_day),
       'CLICKS', contract_id, charged.job_id, application_id, NULL, external_id, title, company_name,
       coalesce(company_job_code, ''), poster_email, first_day::timestamp AT TIME ZONE 'UTC',
       last_day::timestamp AT TIME ZONE 'UTC', quantity, micros / quantity, micros, category, rate_micros,
       NULL, NULL
  FROM (SELECT documents.id AS document_id, contract_id, category, rate_micros,
               greatest(month, from_day) AS since,
               least((month + interval '1 month')::date, until_day) AS until,
               (SELECT count(*) FROM billing_lines WHERE document_id = documents.id) AS lines_before
          FROM billing_documents AS documents
          JOIN billing_agreements AS agreement USING (account_id)
          JOIN billing_rate_spans AS rate USING (account_id)
         WHERE documents.id = ANY(%(document_ids)s)
           AND agreement.kind = 'CLICKS'
           AND bills = 'USE'
           AND first_month <= month
        OFFSET 0) AS spans
 CROSS JOIN LATERAL click_use(contract_id, since, until)
    AS charged (job_id, quantity, micros, first_day, last_day)
 CROSS JOIN LATERAL posting_of(shard_of(charged.job_id), charged.job_id) AS job

-- name: insert_top_up_lines
-- A line for each top-up, at the price in force then; units that were removed correct it. Money added to a
-- partner contract has its amount as its price. An adjustment that adds units is not billed.
INSERT INTO billing_lines ({new_line})
SELECT documents.id,
       lines_before + row_number() OVER (PARTITION BY documents.id ORDER BY contract_id, number),
       CASE purpose WHEN {Purpose.FUND} THEN 'TOP_UP' ELSE 'CORRECTION' END, contract_id, 0, partner_id,
       posting.reference, '', '', '', '', '', booked_at, booked_at, quantity, price_micros,
       quantity * price_micros, category, rate_micros, NULL, NULL
  FROM (SELECT id, account_id, month,
               (SELECT count(*) FROM billing_lines WHERE document_id = id) AS lines_before
          FROM billing_documents
         WHERE id = ANY(%(document_ids)s)) AS documents
  JOIN billing_accounts AS account ON account.id = account_id
  JOIN billable_bookings AS posting USING (account_id, month)
  JOIN billing_rate_spans AS rate USING (account_id)
 CROSS JOIN LATERAL (
       SELECT CASE posting.kind WHEN 'CLICKS' THEN 1 ELSE amount END
              * CASE purpose WHEN {Purpose.FUND} THEN 1 ELSE -1 END AS quantity,
              CASE posting.kind WHEN 'CLICKS' THEN amount
                                ELSE hiring_price_at(contract_id, booked_at) END AS price_micros) AS priced
 WHERE bills = 'TOP_UPS'
   AND (purpose = {Purpose.FUND} AND source_kind = {AccountKind.FUNDING}
        OR purpose = {Purpose.ADJUST}
       AND source_kind IN ({AccountKind.CONTRACT}, {AccountKind.SLOTS_FREE}, {AccountKind.CREDITS}))
   AND from_day <= day
   AND until_day > day

-- name: insert_correction_lines
-- Credits of final charges, with the tax rate of the day that they correct, and the line that they correct:
-- of the same document first. One that a credit note names already is not repeated.
INSERT INTO billing_lines ({new_line})
SELECT documents.id, lines_before + row_number() OVER (PARTITION BY documents.id
                                                           ORDER BY original.document_id DESC, credit.number),
       'CORRECTION', credit.contract_id, credit.cause, application_id, credit.reference, external_id, title,
       company_name, coalesce(company_job_code, ''), poster_email, credit.booked_at, credit.booked_at,
       -1, credit.amount, -credit.amount, rate.category, rate.rate_micros, original.document_id, original.line
  FROM (SELECT id, account_id, month,
               (SELECT count(*) FROM billing_lines WHERE document_id = id) AS lines_before
          FROM billing_documents
         WHERE id = ANY(%(document_ids)s)) AS documents
  JOIN billable_bookings AS credit USING (account_id, month)
 CROSS JOIN LATERAL (SELECT charged_day(credit.corrects) AS day) AS charge
  JOIN billing_agreements AS agreement ON agreement.contract_id = credit.contract_id
 CROSS JOIN LATERAL posting_of(shard_of(credit.cause), credit.cause) AS job
  JOIN billing_rate_spans AS rate ON rate.account_id = documents.account_id
  LEFT JOIN LATERAL find_billed_line(documents.account_id, credit.cause, charge.day) AS original ON true
 WHERE credit.kind = 'CLICKS'
   AND credit.bills = 'USE'
   AND credit.source_kind = {AccountKind.EARNED}
   AND credit.purpose = {Purpose.ADJUST}
   AND credit.corrects IS NOT NULL
   AND charge.day >= agreement.first_month
   AND from_day <= charge.day
   AND until_day > charge.day
   AND NOT EXISTS (SELECT FROM billing_lines WHERE billing_lines.posting = credit.reference)

-- name: insert_taxes
-- Once for each rate of a document. The taxes of all credit notes of an invoice together are those of their
-- sum: in parts, an invoice is not credited more tax than it had.
INSERT INTO billing_taxes (document_id, category, rate_micros, reason, base_micros, tax_micros)
SELECT id, category, rate_micros,
       coalesce((SELECT reason
                   FROM billing_rate_spans AS span
                  WHERE (span.account_id, span.category, span.rate_micros)
                        = (documents.account_id, summed.category, summed.rate_micros)
                  ORDER BY from_day DESC
                  LIMIT 1), ''),
       base, tax_of(earlier_base + base, rate_micros, minor_digits) - earlier_tax
  FROM (SELECT document_id AS id, category, rate_micros, sum(net_micros)::bigint AS base
          FROM billing_lines
         WHERE document_id = ANY(%(document_ids)s)
         GROUP BY document_id, category, rate_micros) AS summed
  JOIN billing_documents AS documents USING (id)
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(base_micros), 0)::bigint AS earlier_base,
              coalesce(sum(billing_taxes.tax_micros), 0)::bigint AS earlier_tax
         FROM billing_documents AS note
         JOIN billing_taxes ON document_id = note.id
        WHERE note.corrects = documents.corrects
          AND note.digest <> ''
          AND (category, rate_micros) = (summed.category, summed.rate_micros)) AS earlier

-- name: delete_taxes
DELETE FROM billing_taxes
 WHERE document_id = ANY(%(document_ids)s)

-- name: sum_documents
-- The sums of drafts and the digest of their lines and taxes, in the order of their keys.
UPDATE billing_documents
   SET line_count = lined.lines,
       net_micros = taxed.net,
       tax_micros = taxed.tax,
       lines_digest = sha256(convert_to(lined.content || taxed.content, 'UTF8'))
  FROM unnest(%(document_ids)s::bigint[]) AS asked (document_id)
 CROSS JOIN LATERAL (
       SELECT count(*) AS lines,
              coalesce(string_agg(billing_line_text(billing_lines), '' ORDER BY line), '') AS content
         FROM billing_lines
        WHERE billing_lines.document_id = asked.document_id) AS lined
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(base_micros), 0) AS net, coalesce(sum(billing_taxes.tax_micros), 0) AS tax,
              coalesce(string_agg(billing_tax_text(billing_taxes), '' ORDER BY category, rate_micros), '')
                  AS content
         FROM billing_taxes
        WHERE billing_taxes.document_id = asked.document_id) AS taxed
 WHERE id = asked.document_id

-- name: list_below_zero
SELECT id
  FROM billing_documents
 WHERE id = ANY(%(document_ids)s)
   AND least(net_micros, net_micros + tax_micros) < 0
 ORDER BY id

-- name: insert_correction_notes
-- A credit note for each document that the lines of a month below zero correct; removed units name none.
INSERT INTO billing_documents (id, account_id, kind, month, reference, corrects, currency, minor_digits,
                               seller, buyer)
SELECT nextval('billing_ids'), account_id, 'CREDIT_NOTE', month,
       md5(format('correct %%s in %%s', corrects_document, reference))::uuid, corrects_document, currency,
       minor_digits, seller, buyer
  FROM (SELECT DISTINCT document_id, corrects_document
          FROM billing_lines
         WHERE document_id = ANY(%(document_ids)s)
           AND kind = 'CORRECTION'
           AND corrects_document IS DISTINCT FROM document_id) AS corrected
  JOIN billing_documents ON id = document_id
 ORDER BY account_id, corrects_document
RETURNING id

-- name: move_corrections
-- To the credit note of the document that they correct, where amounts are positive.
UPDATE billing_lines
   SET document_id = moved.note_id,
       line = moved.note_line,
       quantity = -quantity,
       net_micros = -net_micros
  FROM (SELECT document_id, line, notes.id AS note_id,
               row_number() OVER (PARTITION BY notes.id ORDER BY line) AS note_line
          FROM billing_lines
          JOIN billing_documents AS documents ON documents.id = document_id
          JOIN billing_documents AS notes
            ON notes.id = ANY(%(credit_note_ids)s)
           AND notes.account_id = documents.account_id
           AND notes.corrects IS NOT DISTINCT FROM corrects_document
         WHERE document_id = ANY(%(document_ids)s)
           AND billing_lines.kind = 'CORRECTION'
           AND corrects_document IS DISTINCT FROM document_id) AS moved
 WHERE billing_lines.document_id = moved.document_id
   AND billing_lines.line = moved.line

-- name: make_statements
-- Of months without a line, for accounts that want one.
UPDATE billing_documents
   SET kind = 'STATEMENT'
 WHERE id = ANY(%(document_ids)s)
   AND line_count = 0
   AND account_id IN (SELECT id FROM billing_accounts WHERE zero_month = 'STATEMENT')

-- name: delete_empty_drafts
DELETE FROM billing_documents
 WHERE id = ANY(%(document_ids)s)
   AND line_count = 0
   AND kind = 'INVOICE'

-- name: delete_holds
DELETE FROM billing_holds
 WHERE account_id = ANY(%(account_ids)s)

-- name: list_drafts
-- In the order in which they are numbered.
SELECT documents.id, documents.account_id, partner_id, kind
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = documents.account_id
 WHERE documents.account_id = ANY(%(account_ids)s)
   AND month = %(month)s
   AND digest = ''
 ORDER BY documents.account_id, documents.id

-- name: request_postings
-- What the account owes: net from sales, tax from tax; a credit note the other way round.
INSERT INTO asked_postings (shard, reference, purpose, source_kind, source_id, destination_kind,
                            destination_id, destination_shard, amount, unit, cause)
SELECT shard_of(account_id), md5(format('%%s of %%s', part.name, documents.reference))::uuid,
       CASE kind WHEN 'INVOICE' THEN {Purpose.INVOICE} ELSE {Purpose.CREDIT_NOTE} END,
       CASE WHEN is_owed THEN part.account ELSE {AccountKind.OWED} END, account_id,
       CASE WHEN is_owed THEN {AccountKind.OWED} ELSE part.account END, account_id, shard_of(account_id),
       abs(part.amount), currency, documents.id
  FROM billing_documents AS documents
 CROSS JOIN LATERAL (
       VALUES ('net', {AccountKind.SALES}, net_micros), ('tax', {AccountKind.TAX}, tax_micros)
       ) AS part (name, account, amount)
 CROSS JOIN LATERAL (SELECT (kind = 'INVOICE') = (part.amount > 0) AS is_owed) AS direction
 WHERE documents.id = ANY(%(document_ids)s)
   AND kind <> 'STATEMENT'
   AND part.amount <> 0

-- name: insert_series
INSERT INTO billing_series (name, kind, last, last_issued_at, last_digest)
VALUES (%(name)s, %(kind)s, 0, %(now)s, '')
    ON CONFLICT (name) DO NOTHING

-- name: take_numbers
-- The row stays locked until the transaction ends, which is soon: numbers have no gap. Dates never go back,
-- even if the clock did.
UPDATE billing_series
   SET last = last + %(count)s,
       last_issued_at = greatest(last_issued_at, %(now)s)
 WHERE name = %(name)s
RETURNING last - %(count)s AS last_before, last_issued_at AS issued_at, last_digest AS digest_before

-- name: number_documents
UPDATE billing_documents
   SET series = %(name)s,
       sequence = %(last_before)s + asked.nth,
       issued_at = %(issued_at)s,
       due_on = CASE kind WHEN 'INVOICE' THEN %(issued_on)s + (buyer ->> 'terms_days')::integer END
  FROM unnest(%(document_ids)s::bigint[]) WITH ORDINALITY AS asked (document_id, nth)
 WHERE id = asked.document_id

-- name: date_statements
UPDATE billing_documents
   SET issued_at = %(now)s
 WHERE id = ANY(%(document_ids)s)

-- name: chain_documents
-- Each digest continues that of the document before in its series: a changed one breaks all later ones.
WITH RECURSIVE numbered AS (
    SELECT id, row_number() OVER (ORDER BY sequence) AS nth,
           billing_document_content(billing_documents) AS content
      FROM billing_documents
     WHERE id = ANY(%(document_ids)s)
), chained (id, nth, digest) AS (
    SELECT id, nth, sha256(%(digest_before)s::bytea || content)
      FROM numbered
     WHERE nth = 1
     UNION ALL
    SELECT numbered.id, numbered.nth, sha256(chained.digest || content)
      FROM chained
      JOIN numbered ON numbered.nth = chained.nth + 1
)
UPDATE billing_documents
   SET digest = chained.digest
  FROM chained
 WHERE chained.id = billing_documents.id

-- name: advance_series_digest
UPDATE billing_series
   SET last_digest = (SELECT digest FROM billing_documents WHERE series = name AND sequence = last)
 WHERE name = %(name)s

-- name: seal_statements
-- Statements have no number and no chain.
UPDATE billing_documents
   SET digest = sha256(billing_document_content(billing_documents))
 WHERE id = ANY(%(document_ids)s)

-- name: lock_account
-- What changes an account's documents or settings holds this lock.
SELECT id, partner_id, currency, issues
  FROM billing_accounts
 WHERE id = %(account_id)s
   FOR NO KEY UPDATE

-- name: delete_draft_lines
DELETE FROM billing_lines
 WHERE document_id = ANY(%(document_ids)s)

-- name: delete_drafts
DELETE FROM billing_documents
 WHERE id = ANY(%(document_ids)s)

-- name: delete_cut
DELETE FROM billing_cuts
 WHERE account_id = %(account_id)s
   AND month = %(month)s

-- name: insert_hold
-- One for each account: an earlier one is of a month that is billed.
INSERT INTO billing_holds (account_id, month, reason, is_dropped, held_at)
VALUES (%(account_id)s, %(month)s, %(reason)s, %(is_dropped)s, %(now)s)
    ON CONFLICT (account_id) DO UPDATE
   SET month = excluded.month,
       reason = excluded.reason,
       is_dropped = excluded.is_dropped,
       held_at = excluded.held_at

-- name: release_dropped
-- A run that the operator requests bills what was dropped.
DELETE FROM billing_holds
 WHERE is_dropped
   AND month <= %(month)s
   AND account_id = coalesce(%(account_id)s, account_id)

-- name: list_held
-- Accounts whose month is due and cannot be billed, with the reason. Those that are recorded already are
-- skipped on request.
SELECT next_months.account_id, next_months.month, reason
  FROM billing_next_months AS next_months
 CROSS JOIN LATERAL (SELECT billing_hold_reason(account_id, next_months.month, %(day)s) AS reason) AS held
 WHERE next_months.month <= %(last_month)s
   AND next_months.account_id = coalesce(%(account_id)s, next_months.account_id)
   AND reason IS NOT NULL
   AND NOT EXISTS (SELECT
                     FROM billing_cuts
                    WHERE billing_cuts.account_id = next_months.account_id
                      AND billing_cuts.month = next_months.month)
   AND NOT (%(is_new)s AND EXISTS (SELECT
                                     FROM billing_holds
                                    WHERE billing_holds.account_id = next_months.account_id
                                      AND billing_holds.month = next_months.month
                                      AND billing_holds.reason = held.reason))
 ORDER BY next_months.account_id
 LIMIT %(rows_max)s

-- name: read_progress
-- Of a month: the accounts that bill it, those that are done, and their documents by kind.
SELECT %(month)s::date AS month,
       (SELECT count(*)
          FROM billing_accounts
         WHERE first_month <= %(month)s
           AND id = coalesce(%(account_id)s, id)) AS accounts,
       (SELECT count(*)
          FROM billing_cuts
         WHERE month = %(month)s
           AND account_id = coalesce(%(account_id)s, account_id)) AS billed,
       count(*) FILTER (WHERE kind = 'INVOICE' AND digest <> '') AS invoices,
       count(*) FILTER (WHERE kind = 'CREDIT_NOTE' AND digest <> '') AS credit_notes,
       count(*) FILTER (WHERE kind = 'STATEMENT' AND digest <> '') AS statements,
       count(*) FILTER (WHERE digest = '') AS drafts
  FROM billing_documents
 WHERE month = %(month)s
   AND account_id = coalesce(%(account_id)s, account_id)

-- name: erase_poster_of_drafts
UPDATE billing_lines
   SET poster_email = %(substitute)s
 WHERE poster_email = %(email)s
   AND poster_email <> ''
   AND document_id IN (SELECT id FROM billing_documents WHERE digest = '')

-- name: count_issued_lines
SELECT count(*)
  FROM billing_lines
 WHERE poster_email = %(email)s
   AND poster_email <> ''
   AND document_id IN (SELECT id FROM billing_documents WHERE digest <> '')
