-- columns: hiring_contract
id, shard, kind, owner_name, owner_application_id, is_postpaid, currency, run_days, default_poster_email,
seats, sandbox_number, starts_at, ends_at

-- name: insert_hiring_contract
INSERT INTO hiring_contracts (
    id, shard, kind, owner_name, owner_application_id, is_postpaid, currency, run_days, default_poster_email,
    seats, sandbox_number, starts_at, ends_at, created_at
)
VALUES (
    %(id)s, %(shard)s, %(kind)s, %(owner_name)s, %(owner_application_id)s, %(is_postpaid)s, %(currency)s,
    %(run_days)s, %(default_poster_email)s, %(seats)s, %(sandbox_number)s, %(starts_at)s, %(ends_at)s,
    %(created_at)s
)

-- name: find_hiring_contract
SELECT {hiring_contract}
  FROM hiring_contracts
 WHERE id = %(contract_id)s

-- name: is_seat
SELECT EXISTS (SELECT
                 FROM hiring_contracts
                WHERE seats @> ARRAY[%(email)s::text]
                   OR (default_poster_email = %(email)s AND default_poster_email <> ''))

-- name: list_hiring_contracts
SELECT {hiring_contract}
  FROM hiring_contracts
 WHERE id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_granted_contracts
-- The application's contracts with this number; its own number before a sandbox number.
SELECT {hiring_contract}
  FROM hiring_grants
  JOIN hiring_contracts ON hiring_contracts.id = hiring_grants.contract_id
 WHERE application_id = %(application_id)s
   AND %(number)s IN (id, sandbox_number)
 ORDER BY id = %(number)s DESC, id DESC

-- name: list_partner_contracts
-- The contracts that a partner's applications own or may post on, the newest first: those before an id, or
-- one.
WITH family AS (
    SELECT id
      FROM applications
     WHERE %(partner_id)s IN (id, parent_id)
), seen AS (
    SELECT {hiring_contract}
      FROM hiring_contracts
     WHERE (owner_application_id IN (SELECT id FROM family)
            OR id IN (SELECT contract_id FROM hiring_grants WHERE application_id IN (SELECT id FROM family)))
       AND id = coalesce(%(contract_id)s, id)
       AND id < %(before)s
     ORDER BY id DESC
     LIMIT %(rows_max)s
)
SELECT {hiring_contract}, coalesce(owner_application_id IN (SELECT id FROM family), false) AS is_owner,
       CASE WHEN NOT is_postpaid THEN coalesce(balance.amount, 0) END AS unused,
       added.amount - slots_taken.amount - credits_taken.amount AS funded
  FROM seen
  LEFT JOIN LATERAL balance_of(seen.shard, CASE seen.kind WHEN 'SLOTS' THEN {AccountKind.SLOTS_FREE}
                                                          ELSE {AccountKind.CREDITS} END, seen.id) AS balance
    ON true
 CROSS JOIN LATERAL sums_of_source(seen.shard, {AccountKind.FUNDING}, seen.id, NULL) AS added
 CROSS JOIN LATERAL sums_of_source(seen.shard, {AccountKind.SLOTS_FREE}, seen.id, {Purpose.ADJUST})
    AS slots_taken
 CROSS JOIN LATERAL sums_of_source(seen.shard, {AccountKind.CREDITS}, seen.id, {Purpose.ADJUST})
    AS credits_taken
 ORDER BY seen.id DESC

-- name: list_partner_grants
-- A partner's applications that may post on a contract, in the order of their ids.
SELECT application_id, name, granted_at
  FROM hiring_grants
  JOIN applications ON id = application_id
 WHERE contract_id = %(contract_id)s
   AND %(partner_id)s IN (id, parent_id)
 ORDER BY application_id
 LIMIT %(rows_max)s

-- name: end_hiring_contract
UPDATE hiring_contracts
   SET ends_at = greatest(starts_at, %(ends_at)s)
 WHERE id = %(contract_id)s

-- name: insert_grant
INSERT INTO hiring_grants (contract_id, application_id, granted_at)
VALUES (%(contract_id)s, %(application_id)s, %(granted_at)s)
    ON CONFLICT DO NOTHING

-- name: delete_grant
DELETE FROM hiring_grants
 WHERE contract_id = %(contract_id)s
   AND application_id = %(application_id)s

-- name: list_grants
SELECT application_id
  FROM hiring_grants
 WHERE contract_id = %(contract_id)s
 ORDER BY application_id

-- name: page_grants
SELECT application_id, granted_at
  FROM hiring_grants
 WHERE contract_id = %(contract_id)s
   AND application_id > %(after)s
 ORDER BY application_id
 LIMIT %(rows_max)s

-- name: set_hiring_price
INSERT INTO hiring_prices (contract_id, valid_from, price_micros)
VALUES (%(contract_id)s, %(valid_from)s, %(price_micros)s)
    ON CONFLICT (contract_id, valid_from) DO UPDATE
   SET price_micros = excluded.price_micros

-- name: read_hiring_price
SELECT hiring_price_at(%(contract_id)s, %(now)s)

-- name: list_hiring_prices
SELECT valid_from, price_micros
  FROM hiring_prices
 WHERE contract_id = %(contract_id)s
 ORDER BY valid_from

-- name: erase_seat
UPDATE hiring_contracts
   SET seats = array_replace(seats, %(email)s, %(substitute)s),
       default_poster_email = CASE WHEN default_poster_email = %(email)s THEN %(substitute)s
                                   ELSE default_poster_email
                              END
 WHERE %(email)s = ANY(seats || default_poster_email)
