-- name: list_partner_rows
-- Of each of these partners: applications with those of its customers, jobs, and invoices that are overdue.
SELECT asked.partner_id, applications, jobs, promoted, overdue
  FROM unnest(%(partner_ids)s::bigint[]) AS asked (partner_id)
 CROSS JOIN LATERAL (
       SELECT count(*) AS applications
         FROM applications
        WHERE id = asked.partner_id
           OR parent_id = asked.partner_id) AS owned
 CROSS JOIN LATERAL (
       SELECT count(*) AS jobs, count(*) FILTER (WHERE state = 'PROMOTED') AS promoted
         FROM listed_jobs
        WHERE listed_jobs.partner_id = asked.partner_id) AS posted
 CROSS JOIN LATERAL (
       SELECT count(*) AS overdue
         FROM billing_accounts
         JOIN billing_documents AS documents ON documents.account_id = billing_accounts.id
         JOIN billing_balances ON billing_balances.document_id = documents.id
        WHERE billing_accounts.partner_id = asked.partner_id
          AND documents.kind = 'INVOICE'
          AND digest <> ''
          AND due_on < %(today)s
          AND net_micros + tax_micros > credited_micros + paid_micros) AS unpaid

-- name: list_partner_budgets
-- Of contracts whose term is not over, what was spent since a day, and what no job has reserved.
SELECT partner_id, currency, sum(limit_micros)::bigint AS limit_micros,
       sum(coalesce(amount, 0))::bigint AS free_micros, sum(spent_micros)::bigint AS spent_micros
  FROM partner_contracts
  LEFT JOIN ledger_balances
    ON (ledger_balances.shard, kind, owner_id) = (partner_contracts.shard, {AccountKind.CONTRACT}, id)
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(charge_micros), 0) AS spent_micros
         FROM listed_contract_days
        WHERE partner_contract_id = id
          AND day >= %(first)s) AS spent
 WHERE partner_id = ANY(%(partner_ids)s)
   AND term_ends_at > %(now)s
 GROUP BY partner_id, currency
 ORDER BY partner_id, currency
