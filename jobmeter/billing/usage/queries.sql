-- name: list_used_contracts
-- The contracts that a partner pays for: its own, and those that its account bills. Or those of an account.
WITH agreed AS (
    SELECT contract_id, account_id, bills
      FROM billing_agreements
      JOIN billing_accounts ON id = account_id
     WHERE partner_id = %(partner_id)s
), contracts AS (
    SELECT id AS contract_id, shard, 'CLICKS' AS kind, currency, false AS is_postpaid,
           term_starts_at AS starts_at, term_ends_at AS ends_at
      FROM partner_contracts
     WHERE partner_id = %(partner_id)s
     UNION ALL
    SELECT id, shard, kind, currency, is_postpaid, starts_at, ends_at
      FROM hiring_contracts
     WHERE owner_application_id IN (SELECT id
                                      FROM applications
                                     WHERE %(partner_id)s IN (id, parent_id))
        OR id IN (SELECT contract_id
                    FROM agreed)
)
SELECT contract_id, shard, kind, currency, is_postpaid, (starts_at AT TIME ZONE 'UTC')::date AS starts_on,
       (ends_at AT TIME ZONE 'UTC')::date AS ends_on, account_id, bills
  FROM contracts
  LEFT JOIN agreed USING (contract_id)
 WHERE %(account_id)s::bigint IS NULL
    OR account_id = %(account_id)s
 ORDER BY contract_id

-- name: list_click_use
-- Of the days of the month and of those before it whose mean is the forecast. Report days hold what postings
-- say, less what settlement took back (law 4). All jobs, or those of one application.
SELECT partner_contract_id AS contract_id,
       coalesce(sum(clicks_charged) FILTER (WHERE day >= %(month)s AND day <= %(final_through)s), 0)
       AS final_quantity,
       coalesce(sum(charge_micros) FILTER (WHERE day >= %(month)s AND day <= %(final_through)s),
                0)::bigint AS final_micros,
       coalesce(sum(clicks_charged) FILTER (WHERE day >= %(month)s AND day > %(final_through)s), 0)
       AS estimated_quantity,
       coalesce(sum(charge_micros) FILTER (WHERE day >= %(month)s AND day > %(final_through)s),
                0)::bigint AS estimated_micros,
       coalesce(sum(clicks_charged) FILTER (WHERE day >= %(mean_from)s AND day <= %(final_through)s), 0)
       AS recent_quantity,
       coalesce(sum(charge_micros) FILTER (WHERE day >= %(mean_from)s AND day <= %(final_through)s),
                0)::bigint AS recent_micros
  FROM all_job_days
 WHERE partner_contract_id = ANY(%(contract_ids)s)
   AND day >= least(%(month)s::date, %(mean_from)s)
   AND day <= %(last_day)s
   AND (%(application_id)s::bigint IS NULL
        OR EXISTS (SELECT FROM job_postings
                    WHERE job_postings.shard = all_job_days.shard
                      AND job_postings.job_id = all_job_days.job_id
                      AND application_id = %(application_id)s))
 GROUP BY partner_contract_id

-- name: list_credit_use
-- A used credit is final at once; the forecast is of days that are over.
SELECT contract_id,
       count(*) FILTER (WHERE used_at >= %(since)s) AS final_quantity,
       coalesce(sum(price_micros) FILTER (WHERE used_at >= %(since)s), 0)::bigint AS final_micros,
       0 AS estimated_quantity, 0 AS estimated_micros,
       count(*) FILTER (WHERE used_at >= %(mean_since)s AND used_at < %(mean_until)s) AS recent_quantity,
       coalesce(sum(price_micros) FILTER (WHERE used_at >= %(mean_since)s
                                            AND used_at < %(mean_until)s), 0)::bigint AS recent_micros
  FROM credit_uses
 WHERE contract_id = ANY(%(contract_ids)s)
   AND used_at >= least(%(since)s::timestamptz, %(mean_since)s)
   AND used_at < %(until)s
   AND (%(application_id)s::bigint IS NULL OR application_id = %(application_id)s)
 GROUP BY contract_id

-- name: list_bookings
-- What was booked for contracts in the month besides their use: credits of final charges, funds and their
-- adjustments. Each by the account's own index.
SELECT asked_id AS contract_id, credited_micros, funded_in - funded_out AS funded,
       coalesce(amount, 0) AS unused
  FROM unnest(%(contract_ids)s::bigint[], %(shards)s::smallint[], %(kinds)s::smallint[])
    AS asked (asked_id, asked_shard, asked_kind)
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount), 0)::bigint AS credited_micros
         FROM bookings_of_source(asked_shard, {AccountKind.EARNED}, asked_id, %(month)s, %(last_day)s)
        WHERE purpose = {Purpose.ADJUST}
          AND corrects IS NOT NULL
          AND (%(application_id)s::bigint IS NULL
               OR EXISTS (SELECT FROM posting_of(shard_of(cause), cause) AS job
                           WHERE application_id = %(application_id)s))) AS credited
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount), 0)::bigint AS funded_in
         FROM bookings_of_destination(asked_shard, asked_kind, asked_id, %(month)s, %(last_day)s)
        WHERE source_kind = {AccountKind.FUNDING}) AS incoming
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount), 0)::bigint AS funded_out
         FROM bookings_of_source(asked_shard, asked_kind, asked_id, %(month)s, %(last_day)s)
        WHERE destination_kind = {AccountKind.FUNDING}) AS outgoing
  LEFT JOIN LATERAL balance_of(asked_shard, asked_kind, asked_id) AS balance ON true
 ORDER BY asked_id
