-- columns: own
(applications.id = %(application_id)s OR (applications.parent_id = %(partner_id)s AND %(is_parent)s))

-- columns: contract_row
id AS contract_id, currency, limit_micros, coalesce(balance.amount, 0) AS free_micros, final_micros,
       credited.corrected AS credited_micros, estimated_micros, term_starts_at, term_ends_at
  FROM partner_contracts
  LEFT JOIN LATERAL balance_of(shard, {AccountKind.CONTRACT}, id) AS balance ON true
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(charge_micros), 0)::bigint AS final_micros
         FROM contract_days
        WHERE partner_contract_id = id) AS final
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(charge_micros), 0)::bigint AS estimated_micros
         FROM listed_contract_days
        WHERE partner_contract_id = id
          AND day > %(final_through)s) AS estimated
 CROSS JOIN LATERAL sums_of_source(shard, {AccountKind.EARNED}, id, {Purpose.ADJUST}) AS credited

-- name: list_contracts
-- The newest contracts first. Charges that were credited after their day was final are corrections from the
-- contract's own account, in its shard.
SELECT {contract_row}
 WHERE partner_id = %(partner_id)s
   AND id = coalesce(%(contract_id)s, id)
   AND id < %(before)s
 ORDER BY id DESC
 LIMIT %(rows_max)s

-- name: list_named_contracts
SELECT {contract_row}
 WHERE id = ANY(%(contract_ids)s)
 ORDER BY id

-- name: read_final_day
SELECT kept_through
  FROM job_month_keeping

-- name: list_due_invoices
SELECT billing_number(series, sequence) AS number, documents.currency,
       net_micros + tax_micros - credited_micros - paid_micros AS open_micros, due_on
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = documents.account_id
  JOIN billing_balances ON billing_balances.document_id = documents.id
 WHERE partner_id = %(partner_id)s
   AND documents.kind = 'INVOICE'
   AND digest <> ''
   AND net_micros + tax_micros > credited_micros + paid_micros
 ORDER BY due_on, documents.id
 LIMIT %(rows_max)s

-- name: list_dead_webhooks
-- Given up within the time for which deliveries are kept; counted up to a number that nobody reads one by
-- one.
SELECT endpoints.id AS endpoint_id, gone_at IS NOT NULL AS is_disabled, dead
  FROM applications
  JOIN notice_endpoints AS endpoints ON application_id = applications.id
 CROSS JOIN LATERAL (
       SELECT count(*) AS dead
         FROM (SELECT
                 FROM notices
                WHERE endpoint_id = endpoints.id
                  AND state = 'DEAD'
                LIMIT 1000) AS given_up) AS counted
 WHERE {own}
   AND removed_at IS NULL
   AND (gone_at IS NOT NULL OR dead > 0)
 ORDER BY endpoints.id
 LIMIT %(rows_max)s

-- name: list_faulty_feeds
SELECT job_feeds.id AS feed_id, outcome IN ('DONE', 'NOT_CHANGED') AS is_read, failed
  FROM applications
  JOIN job_feeds ON application_id = applications.id
 CROSS JOIN LATERAL (
       SELECT outcome, failed
         FROM feed_runs
        WHERE feed_id = job_feeds.id
        ORDER BY number DESC
        LIMIT 1) AS last_run
 WHERE {own}
   AND (outcome NOT IN ('DONE', 'NOT_CHANGED') OR failed > 0)
 ORDER BY job_feeds.id
 LIMIT %(rows_max)s

-- name: list_hiring_contracts
-- Those that an application owns or may post on, whose term has begun and is not over. A post-paid contract
-- has no stored balance.
SELECT hiring_contracts.id AS contract_id, hiring_contracts.kind = 'SLOTS' AS has_slots,
       coalesce(amount, 0) AS units, ends_at
  FROM hiring_contracts
  LEFT JOIN ledger_balances
    ON (ledger_balances.shard, ledger_balances.kind, owner_id)
       = (hiring_contracts.shard, {AccountKind.SLOTS_FREE}, hiring_contracts.id)
 WHERE hiring_contracts.id IN (
       SELECT contract_id
         FROM hiring_grants
         JOIN applications ON applications.id = application_id
        WHERE {own}
        UNION
       SELECT owned.id
         FROM hiring_contracts AS owned
         JOIN applications ON applications.id = owner_application_id
        WHERE {own})
   AND starts_at <= %(now)s
   AND ends_at > %(now)s
 ORDER BY ends_at, hiring_contracts.id
 LIMIT %(rows_max)s
