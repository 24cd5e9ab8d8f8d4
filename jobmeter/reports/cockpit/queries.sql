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

-- name: read_figures_of_day
-- By contract, and 0 for jobs without one: the index of days begins with it.
SELECT coalesce(sum(views), 0)::bigint AS views, coalesce(sum(apply_clicks), 0)::bigint AS clicks
  FROM (SELECT 0::bigint AS contract_id UNION ALL SELECT id FROM partner_contracts) AS contracts
 CROSS JOIN LATERAL (
       SELECT views, apply_clicks
         FROM all_job_days
        WHERE partner_contract_id = contract_id
          AND day = %(day)s) AS found

-- name: read_newest_event
-- Of each shard the last key of a day, by the index. A key begins with its milliseconds.
SELECT (('x' || left(replace(max(event_key::text), '-', ''), 12))::bit(48))::bigint AS happened_ms
  FROM every_shard() AS shards (shard)
 CROSS JOIN LATERAL newest_event(shards.shard, %(day)s) AS last

-- name: read_queues
-- Counted up to a number that nobody reads one by one. Of each feed, its last run.
SELECT tasks, oldest_task_at, dead, dead_endpoints, faulty_feeds,
       (SELECT max(sealed_at) FROM ledger_seal_rounds) AS sealed_at
  FROM (SELECT count(*) AS tasks, min(created_at) AS oldest_task_at
          FROM (SELECT created_at
                  FROM job_tasks
                 WHERE status = 'IN_PROGRESS'
                 ORDER BY number
                 LIMIT 10000) AS waiting) AS in_progress
 CROSS JOIN (
       SELECT coalesce(sum(dead), 0)::bigint AS dead, count(*) AS dead_endpoints
         FROM notice_endpoints
        CROSS JOIN LATERAL (
              SELECT count(*) AS dead
                FROM (SELECT
                        FROM notices
                       WHERE endpoint_id = notice_endpoints.id
                         AND state = 'DEAD'
                       LIMIT 1000) AS given_up) AS counted
        WHERE removed_at IS NULL
          AND dead > 0) AS notified
 CROSS JOIN (
       SELECT count(*) AS faulty_feeds
         FROM job_feeds
        CROSS JOIN LATERAL (
              SELECT outcome
                FROM feed_runs
               WHERE feed_id = job_feeds.id
               ORDER BY number DESC
               LIMIT 1) AS last_run
        WHERE outcome NOT IN ('DONE', 'NOT_CHANGED')) AS fed
