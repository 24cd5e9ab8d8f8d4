-- columns: credit_use
number, reference, contract_id, job_id, run_number, application_id, is_renewal, price_micros, external_id,
title, company_name, customer_job_code, poster_email, used_at, is_backfilled

-- name: lock_prices_to_read
-- Waits for a change of the contract's price list that is not committed yet, and keeps others out. A posting
-- on the contract locks it in the same way, by its foreign key.
SELECT id
  FROM hiring_contracts
 WHERE id = %(contract_id)s
   FOR KEY SHARE

-- name: lock_prices_to_change
-- Waits for every transaction that uses a credit at a price of the list.
SELECT id
  FROM hiring_contracts
 WHERE id = %(contract_id)s
   FOR UPDATE

-- name: insert_credit_use
INSERT INTO credit_uses (
    shard, reference, contract_id, job_id, run_number, application_id, is_renewal, price_micros,
    external_id, title, company_name, customer_job_code, poster_email, used_at, is_backfilled
)
VALUES (
    %(shard)s, %(reference)s, %(contract_id)s, %(job_id)s, %(run_number)s, %(application_id)s,
    %(is_renewal)s, hiring_price_at(%(contract_id)s, %(used_at)s), %(external_id)s, %(title)s,
    %(company_name)s, %(customer_job_code)s, %(poster_email)s, %(used_at)s, false
)

-- name: read_last_use
-- Or the last top-up that a payment caused: it was paid for at the price of then.
SELECT greatest((SELECT max(used_at)
                   FROM credit_uses
                  WHERE contract_id = %(contract_id)s),
                (SELECT max(booked_at)
                   FROM (SELECT booked_at, cause AS payment_id
                           FROM ledger_bookings
                          WHERE shard = shard_of(%(contract_id)s)
                            AND source_id = %(contract_id)s
                            AND source_kind = {AccountKind.FUNDING}
                            AND purpose = {Purpose.FUND}) AS funded
                  WHERE payment_id <> 0))

-- name: list_credit_uses
-- The time of the use that the page continues after is where the page begins: it reads its own rows only.
SELECT {credit_use}
  FROM credit_uses
 WHERE contract_id = %(contract_id)s
   AND used_at >= %(since)s
   AND used_at < %(until)s
   AND (used_at, number) > (coalesce((SELECT used_at FROM credit_uses WHERE number = %(after)s), '-infinity'),
                            %(after)s::bigint)
 ORDER BY used_at, number
 LIMIT %(rows_max)s

-- name: list_partner_credits
-- Contracts for credits that the caller owns, was granted, or used in the span. The caller is an application,
-- or with the token of a partner's own application all of the partner's. Of a contract of others it sees its
-- own uses.
WITH family AS (
    SELECT id
      FROM applications
     WHERE %(application_id)s IN (id, parent_id)
), seen AS (
    SELECT id, shard, owner_name, currency, is_postpaid,
           owner_application_id IN (SELECT id FROM family) AS is_owner
      FROM hiring_contracts
     WHERE kind = 'CREDITS'
       AND (owner_application_id IN (SELECT id FROM family)
            OR id IN (SELECT contract_id FROM hiring_grants WHERE application_id IN (SELECT id FROM family))
            OR id IN (SELECT contract_id
                        FROM credit_uses
                       WHERE application_id IN (SELECT id FROM family)
                         AND used_at >= %(since)s
                         AND used_at < %(until)s))
)
SELECT id AS contract_id, owner_name, currency, is_owner, credits, price_micros,
       CASE WHEN NOT is_postpaid THEN coalesce(amount, 0) END AS unused
  FROM seen
 CROSS JOIN LATERAL (
       SELECT count(*) AS credits, coalesce(sum(price_micros), 0)::bigint AS price_micros
         FROM credit_uses_between(seen.id, %(since)s, %(until)s)
        WHERE is_owner OR application_id IN (SELECT id FROM family)) AS used
  LEFT JOIN LATERAL balance_of(seen.shard, {AccountKind.CREDITS}, seen.id) AS balance ON true
 ORDER BY id

-- name: list_partner_uses
-- Contract by contract, so that a page reads at most its own rows of each.
WITH bounds AS MATERIALIZED (
    SELECT array_agg(id) AS family,
           coalesce((SELECT used_at FROM credit_uses WHERE number = %(after)s), '-infinity') AS last_used_at
      FROM applications
     WHERE %(application_id)s IN (id, parent_id)
)
SELECT {credit_use}
  FROM unnest(%(contract_ids)s::bigint[], %(are_owned)s::boolean[]) AS seen (seen_id, is_owned)
 CROSS JOIN bounds
 CROSS JOIN LATERAL credit_uses_after(seen_id, %(since)s, %(until)s, last_used_at, %(after)s,
                                      CASE WHEN NOT is_owned THEN family END, %(rows_max)s) AS used
 ORDER BY used_at, number
 LIMIT %(rows_max)s

-- name: erase_poster
-- All else of a used credit is never changed.
UPDATE credit_uses
   SET poster_email = %(substitute)s
 WHERE poster_email = %(email)s
   AND poster_email <> ''
