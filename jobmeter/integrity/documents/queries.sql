-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_billed_clicks
-- Law 9. What a contract's jobs were charged in a billed month, less reversals, is on one line for each job
-- and tax rate, at the job's price and with the first and last of its days.
WITH movements (contract_id, job_id, day, change) AS (
    SELECT contract_id, job_id, day, amount_micros
      FROM charges
     UNION ALL
    SELECT source_id, cause, day, -amount
      FROM ledger_bookings
     WHERE purpose = {Purpose.REVERSE}
), charged AS (
    SELECT contract_id, job_id, day, sum(change)::bigint AS micros
      FROM movements
     GROUP BY contract_id, job_id, day
), due AS (
    SELECT account_id, cuts.month, contract_id, job_id, category, rate_micros, min(day) AS first_day,
           max(day) AS last_day, sum(micros)::bigint AS micros
      FROM charged
      JOIN billing_agreements AS agreements USING (contract_id)
      JOIN billing_cuts AS cuts USING (account_id)
      JOIN billing_rate_spans AS rates USING (account_id)
     WHERE bills = 'USE' AND micros > 0 AND day >= first_month
       AND cuts.month = date_trunc('month', day::timestamp)::date
       AND day >= from_day AND day < until_day
     GROUP BY account_id, cuts.month, contract_id, job_id, category, rate_micros, from_day
), looked AS (
    SELECT account_id, month, job_id, micros AS due, net_micros AS billed,
           (micros, due.last_day, click_price_micros) = (net_micros, billed.last_day, price_micros)
           AND count(*) OVER (PARTITION BY account_id, contract_id, job_id, first_day) = 1 AS holds
      FROM due
      FULL JOIN (SELECT account_id, month, contract_id, job_id, category, rate_micros, first_day, last_day,
                        net_micros, price_micros
                   FROM billed_lines
                  WHERE kind = 'CLICKS') AS billed
     USING (account_id, month, contract_id, job_id, category, rate_micros, first_day)
      LEFT JOIN job_budgets USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('account %s in %s, job %s: charged %s, billed %s', account_id, month, job_id, due, billed))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_billed_postings
-- Law 9. Each credit used, top-up and credit of a charge within an account's cuts is on exactly one line: of
-- its first month, or of an earlier credit note made by hand. A line names no other posting.
WITH due AS (
    SELECT account_id, booked.reference AS posting, min(cuts.month) AS month,
           CASE booked.purpose WHEN {Purpose.ADJUST} THEN 'CORRECTION' WHEN {Purpose.FUND} THEN 'TOP_UP'
                ELSE 'USE' END AS kind
      FROM billing_agreements
      JOIN billing_cuts AS cuts USING (account_id)
      JOIN ledger_bookings AS booked ON source_id = contract_id
      LEFT JOIN charges AS paid
        ON paid.shard = shard_of(booked.cause) AND paid.reference = booked.corrects
     WHERE booked.number <= until_number
       AND booked.day < cuts.month + interval '1 month'
       AND coalesce(paid.day, booked.day) >= first_month
       AND (bills, booked.purpose, booked.source_kind) IN (
           ('USE', {Purpose.CONSUME}, {AccountKind.CREDITS}), ('USE', {Purpose.ADJUST}, {AccountKind.EARNED}),
           ('USE', {Purpose.CONSUME}, {AccountKind.CREDITS_OWED}),
           ('TOP_UPS', {Purpose.FUND}, {AccountKind.FUNDING}),
           ('TOP_UPS', {Purpose.ADJUST}, {AccountKind.CONTRACT}),
           ('TOP_UPS', {Purpose.ADJUST}, {AccountKind.CREDITS}),
           ('TOP_UPS', {Purpose.ADJUST}, {AccountKind.SLOTS_FREE}))
     GROUP BY account_id, booked.reference, booked.purpose
), looked AS (
    SELECT account_id, posting, due.kind AS due, billed.kind AS billed,
           CASE WHEN billed.kind IN ('POSTING', 'RENEWAL') THEN 'USE' ELSE billed.kind END = due.kind
           AND (due.month = billed.month OR document_kind = 'CREDIT_NOTE')
           AND count(*) OVER (PARTITION BY posting) = 1 AS holds
      FROM due
      FULL JOIN (SELECT account_id, posting, month, kind, document_kind
                   FROM billed_lines
                  WHERE posting IS NOT NULL) AS billed USING (account_id, posting)
     WHERE due.kind IS NOT NULL OR document_kind <> 'CREDIT_NOTE'
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('account %s, posting %s: due %s, billed %s', account_id, posting, due, billed))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_line_postings
-- Law 9. A line says of its posting what the posting is: a credit used at its kept price, a top-up at the
-- price in force then, a correction with its amount and the rate of the day that it corrects.
WITH looked AS (
    SELECT document_id, line,
           booked.booked_at = first_at
           AND booked.source_id = billed.contract_id
           AND (billed.category, billed.rate_micros) = (rates.category, rates.rate_micros)
           AND CASE WHEN billed.kind IN ('POSTING', 'RENEWAL')
                    THEN quantity = 1 AND billed.price_micros = used.price_micros
                     AND (billed.kind = 'RENEWAL') = used.is_renewal AND billed.job_id = used.job_id
                    WHEN booked.corrects IS NOT NULL
                    THEN abs(quantity) * billed.price_micros = booked.amount 
                     AND (quantity > 0) = (document_kind = 'CREDIT_NOTE')
                     AND billed.job_id = booked.cause
                    WHEN agreements.kind = 'CLICKS'
                    THEN abs(quantity) * billed.price_micros = booked.amount
                    ELSE abs(quantity) = booked.amount
                     AND billed.price_micros = hiring_price_at(billed.contract_id, booked.booked_at)
               END AS holds
      FROM billed_lines AS billed
      LEFT JOIN ledger_bookings AS booked
        ON booked.shard = shard_of(billed.contract_id)
       AND booked.reference = posting
      LEFT JOIN charges AS charge
        ON charge.shard = shard_of(booked.cause)
       AND charge.reference = booked.corrects
      LEFT JOIN credit_uses AS used
        ON used.shard = shard_of(billed.contract_id)
       AND used.reference = posting
      LEFT JOIN billing_agreements AS agreements ON agreements.contract_id = billed.contract_id
      LEFT JOIN billing_rate_spans AS rates
        ON rates.account_id = billed.account_id
       AND coalesce(charge.day, booked.day) >= from_day
       AND coalesce(charge.day, booked.day) < until_day
     WHERE posting IS NOT NULL
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s, line %s is not what its posting is', document_id, line))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_corrected_lines
-- Law 14. What corrects a line is of the same account, job, contract and tax rate, and all of it together is
-- not more than the line.
WITH corrections AS (
    SELECT account_id, contract_id, job_id, category, rate_micros, corrects_document, corrects_line,
           sum(abs(net_micros)) OVER (PARTITION BY corrects_document, corrects_line) AS all_micros,
           document_kind = 'CREDIT_NOTE' AND document_corrects IS DISTINCT FROM corrects_document
               AS is_elsewhere
      FROM billed_lines
     WHERE corrects_document IS NOT NULL
), looked AS (
    SELECT corrections.corrects_document, corrections.corrects_line, all_micros, original.net_micros,
           NOT is_elsewhere
           AND all_micros <= abs(original.net_micros)
           AND original.document_kind = 'INVOICE'
           AND (original.account_id, original.contract_id, original.job_id, original.category,
                original.rate_micros)
               = (corrections.account_id, corrections.contract_id, corrections.job_id, corrections.category,
                  corrections.rate_micros) AS holds
      FROM corrections
      LEFT JOIN billed_lines AS original
        ON original.document_id = corrections.corrects_document
       AND original.line = corrections.corrects_line
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('line %s of document %s: %s of %s corrected', corrects_line, corrects_document, all_micros,
                  net_micros)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_document_numbers
-- Law 11. The numbers of a series are 1, 2, 3 ... up to its last, without a gap; dates never go back, and the
-- series knows the last date and digest.
WITH numbered AS (
    SELECT series, documents.kind, sequence, issued_at, digest,
           lag(issued_at) OVER (PARTITION BY series ORDER BY sequence) AS issued_before,
           row_number() OVER (PARTITION BY series ORDER BY sequence) AS nth
      FROM billing_documents AS documents
     WHERE series IS NOT NULL
), summed AS (
    SELECT series AS name, count(*) AS found, max(issued_at) AS last_issued_at, min(kind) AS kind,
           max(kind) AS other_kind, bool_and(sequence = nth AND coalesce(issued_before <= issued_at, true)
               AND to_char(issued_at AT TIME ZONE 'UTC', 'YYYY') = right(series, 4)) AS are_in_order
      FROM numbered
     GROUP BY series
), looked AS (
    SELECT name, last, found,
           (series.last, series.kind, series.kind, series.last_issued_at, series.last_digest)
           = (found, summed.kind, summed.other_kind, summed.last_issued_at, numbered.digest)
           AND name LIKE CASE series.kind WHEN 'INVOICE' THEN 'INV-____' ELSE 'CN-____' END
           AND are_in_order AS holds
      FROM billing_series AS series
      FULL JOIN summed USING (name)
      LEFT JOIN numbered ON numbered.series = name AND sequence = last
)
SELECT coalesce(sum(found), 0)::bigint AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('series %s: %s documents, last number %s, or dates or digest differ', name, found, last))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_document_taxes
-- Law 12. Tax is rounded once for each rate of a document, in whole minor units, and its base is the sum of
-- the lines. The taxes of all credit notes of a document are together those of their sum.
WITH lined AS (
    SELECT document_id, category, rate_micros, sum(net_micros)::bigint AS net
      FROM billing_lines
     GROUP BY document_id, category, rate_micros
), taxed AS (
    SELECT document_id, category, rate_micros, base_micros AS base, taxes.tax_micros AS tax, minor_digits,
           sum(base_micros) OVER earlier::bigint AS base_until,
           sum(taxes.tax_micros) OVER earlier AS tax_until
      FROM billing_taxes AS taxes
      JOIN billing_documents AS documents ON documents.id = document_id
    WINDOW earlier AS (PARTITION BY coalesce(corrects, documents.id), corrects IS NULL, category, rate_micros
                           ORDER BY issued_at NULLS LAST, sequence, document_id)
), looked AS (
    SELECT document_id, rate_micros, base, tax,
           net = base
           AND tax_until = tax_of(base_until, rate_micros, minor_digits)
           AND tax % (10::numeric ^ (6 - minor_digits)) = 0
           AND base % (10::numeric ^ (6 - minor_digits)) = 0 AS holds
      FROM lined
      FULL JOIN taxed USING (document_id, category, rate_micros)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s: tax %s of %s', document_id, tax, base)) FILTER (WHERE holds IS NOT TRUE)
           AS example
  FROM looked

-- name: check_document_sums
-- Law 12. A document is its lines, numbered 1 to n, and its taxes; it is in its account's currency, above or
-- at zero, and due as its buyer's terms say.
WITH lined AS (
    SELECT document_id, count(*) AS lines, max(line) AS last, sum(net_micros) AS net
      FROM billing_lines
     GROUP BY document_id
), taxed AS (
    SELECT document_id, sum(base_micros) AS base, sum(tax_micros) AS tax
      FROM billing_taxes
     GROUP BY document_id
), looked AS (
    SELECT documents.id, net_micros, net, tax_micros, tax,
           (line_count, line_count, net_micros, net_micros, tax_micros)
           = (coalesce(lines, 0), coalesce(last, 0), coalesce(net, 0), coalesce(base, 0), coalesce(tax, 0))
           AND (lines IS NULL) = (documents.kind = 'STATEMENT')
           AND least(net_micros, net_micros + tax_micros) >= 0
           AND documents.currency = accounts.currency
           AND coalesce(due_on = (issued_at AT TIME ZONE 'UTC')::date + (buyer ->> 'terms_days')::integer,
                        due_on IS NULL) AS holds
      FROM billing_documents AS documents
      FULL JOIN lined ON lined.document_id = documents.id
      FULL JOIN taxed ON taxed.document_id = documents.id
      LEFT JOIN billing_accounts AS accounts ON accounts.id = account_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s: net %s of lines %s, tax %s of %s', id, net_micros, net, tax_micros, tax))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_cuts
-- Law 13. An account's months are cut in order from its first one, without a gap, and never further back than
-- the month before; what a month's documents are about is cut, and no later than it is known.
WITH ordered AS (
    SELECT account_id, month, until_number,
           lag(month) OVER in_order AS month_before, lag(until_number) OVER in_order AS until_before
      FROM billing_cuts
    WINDOW in_order AS (PARTITION BY account_id ORDER BY month)
), looked AS (
    SELECT account_id, month,
           month = coalesce((month_before + interval '1 month')::date, first_month)
           AND months.until_number IS NOT NULL
           AND ordered.until_number = greatest(months.until_number, until_before) AS holds
      FROM ordered
      LEFT JOIN billing_accounts ON billing_accounts.id = account_id
      LEFT JOIN billing_months AS months USING (month)
     UNION ALL
    SELECT account_id, month, EXISTS (SELECT
                                        FROM billing_cuts
                                       WHERE billing_cuts.account_id = documents.account_id
                                         AND billing_cuts.month = documents.month)
      FROM billing_documents AS documents
     UNION ALL
    SELECT NULL, month, until_number <= (SELECT known_until FROM ledger_horizon)
      FROM billing_months
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('account %s, month %s', account_id, month)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_document_postings
-- Law 15. What the ledger says that an account was invoiced and credited is what its documents say, net and
-- tax, each once.
WITH due AS (
    SELECT id AS cause, account_id, part.account, currency AS unit,
           part.amount * CASE kind WHEN 'INVOICE' THEN 1 ELSE -1 END AS amount,
           CASE kind WHEN 'INVOICE' THEN {Purpose.INVOICE} ELSE {Purpose.CREDIT_NOTE} END AS purpose
      FROM billing_documents
     CROSS JOIN LATERAL (
           VALUES ({AccountKind.SALES}, net_micros), ({AccountKind.TAX}, tax_micros)
           ) AS part (account, amount)
     WHERE digest <> ''
       AND kind <> 'STATEMENT'
       AND part.amount <> 0
), booked AS (
    SELECT cause, destination_id AS account_id, least(source_kind, destination_kind) AS owed,
           greatest(source_kind, destination_kind) AS account, unit, purpose, count(*) AS times,
           sum(CASE destination_kind WHEN {AccountKind.OWED} THEN amount ELSE -amount END) AS amount
      FROM ledger_bookings
     WHERE purpose IN ({Purpose.INVOICE}, {Purpose.CREDIT_NOTE})
     GROUP BY cause, destination_id, owed, account, unit, purpose
), looked AS (
    SELECT cause, due.amount AS due, booked.amount AS booked,
           due.amount = booked.amount AND times = 1 AND owed = {AccountKind.OWED} AS holds
      FROM due
      FULL JOIN booked USING (cause, account_id, account, unit, purpose)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s: %s due, %s booked', cause, due, booked)) FILTER (WHERE holds IS NOT TRUE)
           AS example
  FROM looked

-- name: check_document_digests
-- Law 16. An issued document is what was hashed when it was issued, and each continues the one before.
WITH chained AS (
    SELECT id, series, sequence, digest, lines_digest, billing_document_content(billing_documents) AS content,
           CASE WHEN series IS NULL THEN ''::bytea
                ELSE coalesce(lag(digest) OVER (PARTITION BY series ORDER BY sequence), '')
           END AS digest_before
      FROM billing_documents
     WHERE issued_at IS NOT NULL
), lined AS (
    SELECT document_id, string_agg(billing_line_text(billing_lines), '' ORDER BY line) AS content
      FROM billing_lines
     GROUP BY document_id
), taxed AS (
    SELECT document_id,
           string_agg(billing_tax_text(billing_taxes), '' ORDER BY category, rate_micros) AS content
      FROM billing_taxes
     GROUP BY document_id
), looked AS (
    SELECT id, billing_number(series, sequence) AS number,
           digest = sha256(digest_before || chained.content)
           AND lines_digest = sha256(convert_to(coalesce(lined.content, '') || coalesce(taxed.content, ''),
                                                'UTF8')) AS holds
      FROM chained
      LEFT JOIN lined ON lined.document_id = id
      LEFT JOIN taxed ON taxed.document_id = id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s, %s, is not as it was issued', id, number)) FILTER (WHERE holds IS NOT TRUE)
           AS example
  FROM looked

-- name: check_billed_before_dropped
-- A month is billed before the events of its days are dropped, where its contract was agreed on by then.
WITH looked AS (
    SELECT contract_id, day, next_months.month > day AS holds
      FROM billing_agreements AS agreements
      JOIN billing_next_months AS next_months USING (account_id)
      JOIN event_days ON day >= agreements.first_month AND dropped_at > agreed_at
     WHERE kind = 'CLICKS'
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('contract %s: the events of %s were dropped before it was billed', contract_id, day))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_document_files
-- Law 16. Every issued document has its files: all but the electronic invoices, of which it has both or none;
-- or these are due. Nothing else has files.
WITH files AS (
    SELECT document_id, array_agg(format ORDER BY format) AS formats
      FROM billing_files
     GROUP BY document_id
), issued AS (
    SELECT id AS document_id
      FROM billing_documents
     WHERE digest <> ''
), looked AS (
    SELECT document_id, formats,
           issued.document_id IS NOT NULL
           AND CASE WHEN tasks.document_id IS NOT NULL THEN formats IS NULL
                    ELSE formats IN (ARRAY['csv', 'json', 'pdf', 'xlsx'],
                                     ARRAY['csv', 'json', 'pdf', 'ubl', 'xlsx', 'xml']) END AS holds
      FROM issued
      FULL JOIN files USING (document_id)
      FULL JOIN billing_file_tasks AS tasks USING (document_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s has the files %s', document_id, formats)) FILTER (WHERE holds IS NOT TRUE)
           AS example
  FROM looked

-- name: check_kept_files
-- Law 16. Every file that the database keeps has the bytes of its hash.
SELECT count(*) AS checked,
       count(*) FILTER (WHERE (sha256, byte_count) <> (sha256(content), length(content))) AS breaches,
       min(format('document %s as %s', document_id, format))
           FILTER (WHERE (sha256, byte_count) <> (sha256(content), length(content))) AS example
  FROM billing_files
 WHERE content IS NOT NULL
