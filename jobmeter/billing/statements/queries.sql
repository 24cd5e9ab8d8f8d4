-- name: list_customers
-- Clicks by application, credits by poster and job code: together what the contracts used in the month.
SELECT kind, key, job_code, name, currency, postings, renewals, clicks, micros
  FROM (SELECT 'APPLICATION' AS kind, 'urn:li:developerApplication:' || application_id AS key, '' AS job_code,
               name, currency, 0 AS postings, 0 AS renewals, sum(clicks)::bigint AS clicks,
               sum(micros)::bigint AS micros
          FROM (SELECT application_id, all_job_days.partner_contract_id AS contract_id,
                       sum(clicks_charged) AS clicks,
                       CASE WHEN all_job_days.partner_contract_id = ANY(%(free_ids)s) THEN 0
                            ELSE sum(charge_micros) END AS micros
                  FROM all_job_days
                  JOIN job_postings USING (shard, job_id)
                 WHERE all_job_days.partner_contract_id = ANY(%(click_ids)s)
                   AND day BETWEEN %(first)s AND %(last)s
                 GROUP BY application_id, all_job_days.partner_contract_id) AS used
          JOIN partner_contracts ON partner_contracts.id = contract_id
          JOIN applications ON applications.id = application_id
         GROUP BY application_id, name, currency
         UNION ALL
        SELECT 'POSTER', coalesce(nullif(poster_email, ''), 'none'), customer_job_code, max(company_name),
               currency, count(*) FILTER (WHERE NOT is_renewal), count(*) FILTER (WHERE is_renewal), 0,
               coalesce(sum(price_micros) FILTER (WHERE contract_id <> ALL(%(free_ids)s)), 0)::bigint
          FROM credit_uses
          JOIN hiring_contracts ON id = contract_id
         WHERE contract_id = ANY(%(credit_ids)s)
           AND used_at >= %(since)s
           AND used_at < %(until)s
         GROUP BY poster_email, customer_job_code, currency) AS customers
 WHERE (key, job_code, currency) > (%(after_key)s, %(after_job_code)s, %(after_currency)s)
 ORDER BY key, job_code, currency
 LIMIT %(rows_max)s

-- name: list_credit_lines
SELECT CASE WHEN is_renewal THEN 'RENEWAL' ELSE 'POSTING' END AS kind, contract_id, job_id, application_id,
       external_id, title, company_name, customer_job_code, poster_email, used_at AS first_at,
       used_at AS last_at, 1 AS quantity,
       CASE WHEN contract_id = ANY(%(free_ids)s) THEN 0 ELSE price_micros END AS price_micros
  FROM credit_uses
 WHERE contract_id = ANY(%(credit_ids)s)
   AND used_at >= %(since)s
   AND used_at < %(until)s
   AND application_id = coalesce(%(application_id)s, application_id)
   AND poster_email = coalesce(%(poster_email)s, poster_email)
   AND customer_job_code = coalesce(%(job_code)s, customer_job_code)
 ORDER BY used_at, number
 LIMIT %(lines_max)s

-- name: list_click_lines
-- The jobs of an application by their key, and the days of each: other customers' days are not read. The
-- shard is named twice, because a cluster does not look for it through OFFSET.
SELECT 'CLICKS' AS kind, partner_contract_id AS contract_id, job.job_id, application_id, external_id, title,
       company_name, coalesce(company_job_code, '') AS customer_job_code, poster_email,
       first_day::timestamp AT TIME ZONE 'UTC' AS first_at, last_day::timestamp AT TIME ZONE 'UTC' AS last_at,
       quantity,
       CASE WHEN partner_contract_id = ANY(%(free_ids)s) THEN 0 ELSE micros / quantity END AS price_micros
  FROM job_postings AS job
 CROSS JOIN LATERAL (
       SELECT sum(clicks_charged)::bigint AS quantity, sum(charge_micros)::bigint AS micros,
              min(day) AS first_day, max(day) AS last_day
         FROM all_job_days
        WHERE shard = %(application_shard)s
          AND job_id = job.job_id
          AND day BETWEEN %(first)s AND %(last)s
          AND clicks_charged > 0
       OFFSET 0) AS used
 WHERE job.shard = %(application_shard)s
   AND application_id = %(application_id)s
   AND partner_contract_id = ANY(%(click_ids)s)
   AND quantity > 0
 ORDER BY partner_contract_id, job.job_id
 LIMIT %(lines_max)s

-- name: list_correction_lines
-- Credits of final charges, on the day on which they were booked.
SELECT 'CORRECTION' AS kind, contracts.id AS contract_id, cause AS job_id, application_id, external_id, title,
       company_name, coalesce(company_job_code, '') AS customer_job_code, poster_email,
       booked_at AS first_at, booked_at AS last_at, -1 AS quantity,
       CASE WHEN contracts.id = ANY(%(free_ids)s) THEN 0 ELSE amount END AS price_micros
  FROM partner_contracts AS contracts
 CROSS JOIN LATERAL (
       SELECT cause, booked_at, amount, number
         FROM bookings_of_source(contracts.shard, {AccountKind.EARNED}, contracts.id, %(first)s, %(last)s)
        WHERE purpose = {Purpose.ADJUST}
          AND corrects IS NOT NULL) AS credited
 CROSS JOIN LATERAL own_posting(%(application_shard)s, %(application_id)s, cause) AS job
 WHERE contracts.id = ANY(%(click_ids)s)
 ORDER BY number
 LIMIT %(lines_max)s

-- name: list_refund_lines
-- What the partner refunded of lines of this customer. The amount is the partner's own.
SELECT 'REFUND' AS kind, contract_id, job_id, application_id, external_id, title, company_name,
       customer_job_code, poster_email, recorded_at AS first_at, recorded_at AS last_at, -1 AS quantity,
       amount_micros AS price_micros, billing_number(series, sequence) AS corrects_number,
       billing_lines.line AS corrects_line
  FROM customer_refunds
  JOIN billing_lines USING (document_id, line)
  JOIN billing_documents ON billing_documents.id = document_id
 WHERE partner_id = %(partner_id)s
   AND refunded_on BETWEEN %(first)s AND %(last)s
   AND currency = %(currency)s
   AND application_id = coalesce(%(application_id)s, application_id)
   AND poster_email = coalesce(%(poster_email)s, poster_email)
   AND customer_job_code = coalesce(%(job_code)s, customer_job_code)
   AND (contract_id = ANY(%(click_ids)s) OR contract_id = ANY(%(credit_ids)s))
 ORDER BY customer_refunds.number
 LIMIT %(lines_max)s

-- name: count_application
-- What an application's jobs used that is on no line: free clicks, refused ones, jobs without a price.
SELECT coalesce(sum(free), 0)::bigint AS free, coalesce(sum(refused), 0)::bigint AS refused,
       count(*) FILTER (WHERE is_running AND partner_contract_id IS NULL AND hiring_contract_id IS NULL)
       AS basic_jobs,
       count(*) FILTER (WHERE is_running AND hiring_contract_id = ANY(%(slot_ids)s)) AS slots_used
  FROM (SELECT partner_contract_id, hiring_contract_id,
               state <> 'FAILED' AND created_at < %(until)s
               AND least(closed_at, expires_at) >= %(since)s AS is_running,
               free, refused
          FROM job_postings AS job
         CROSS JOIN LATERAL (
               SELECT sum(apply_clicks - clicks_charged) AS free,
                      sum(clicks_refused + clicks_reversed) AS refused
                 FROM all_job_days
                WHERE shard = %(application_shard)s
                  AND job_id = job.job_id
                  AND day BETWEEN %(first)s AND %(last)s
               OFFSET 0) AS used
         WHERE job.shard = %(application_shard)s
           AND application_id = %(application_id)s) AS jobs

-- name: find_invoice_line
-- A line of an issued document of the partner.
SELECT document_id, line, documents.currency
  FROM billing_documents AS documents
  JOIN billing_accounts AS accounts ON accounts.id = account_id
  JOIN billing_lines ON document_id = documents.id
 WHERE series = %(series)s
   AND sequence = %(sequence)s
   AND partner_id = %(partner_id)s
   AND documents.digest <> ''
   AND line = %(line)s

-- name: insert_refund
-- No row if the reference was used.
INSERT INTO customer_refunds (
    partner_id, reference, document_id, line, amount_micros, refunded_on, recorded_at
)
VALUES (
    %(partner_id)s, %(reference)s, %(document_id)s, %(line)s, %(amount_micros)s, %(refunded_on)s, %(now)s
)
    ON CONFLICT (partner_id, reference) DO NOTHING
RETURNING number

-- name: find_refund
SELECT customer_refunds.number, customer_refunds.reference, billing_number(series, sequence)
       AS document_number, line, amount_micros, currency, refunded_on, recorded_at
  FROM customer_refunds
  JOIN billing_documents ON id = document_id
 WHERE partner_id = %(partner_id)s
   AND customer_refunds.reference = %(reference)s

-- name: list_refunds
SELECT customer_refunds.number, customer_refunds.reference, billing_number(series, sequence)
       AS document_number, line, amount_micros, currency, refunded_on, recorded_at
  FROM customer_refunds
  JOIN billing_documents ON id = document_id
 WHERE partner_id = %(partner_id)s
   AND customer_refunds.number > %(after)s
 ORDER BY customer_refunds.number
 LIMIT %(rows_max)s
