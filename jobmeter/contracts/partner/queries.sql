-- columns: partner_contract
id, partner_id, shard, currency, limit_micros, term_starts_at, term_ends_at, pacing

-- name: insert_partner_contract
INSERT INTO partner_contracts (
    id, partner_id, shard, currency, limit_micros, term_starts_at, term_ends_at, pacing, created_at
)
VALUES (
    %(id)s, %(partner_id)s, %(shard)s, %(currency)s, %(limit_micros)s, %(term_starts_at)s,
    %(term_ends_at)s, %(pacing)s, %(created_at)s
)

-- name: set_pacing
UPDATE partner_contracts
   SET pacing = %(pacing)s
 WHERE id = %(contract_id)s

-- name: raise_limit
UPDATE partner_contracts
   SET limit_micros = limit_micros + %(amount_micros)s
 WHERE id = %(contract_id)s

-- name: list_partner_contracts
SELECT {partner_contract}
  FROM partner_contracts
 WHERE partner_id = %(partner_id)s
 ORDER BY id

-- name: list_all_partner_contracts
-- All partner contracts, or a partner's, in the order of their ids.
SELECT {partner_contract}
  FROM partner_contracts
 WHERE id > %(after)s
   AND (%(partner_id)s::bigint IS NULL OR partner_id = %(partner_id)s)
 ORDER BY id
 LIMIT %(rows_max)s

-- name: find_customer_contract
SELECT customer_contract_id, application_id, {partner_contract}
  FROM (SELECT id AS customer_contract_id, application_id, partner_contract_id
          FROM customer_contracts
         WHERE id = %(contract_id)s) AS customer_contracts
  JOIN partner_contracts ON id = partner_contract_id

-- name: find_partner_contract
SELECT {partner_contract}
  FROM partner_contracts
 WHERE id = %(contract_id)s

-- name: insert_customer_contract
INSERT INTO customer_contracts (id, application_id, partner_contract_id, created_at)
VALUES (%(contract_id)s, %(application_id)s, %(partner_contract_id)s, %(created_at)s)
    ON CONFLICT (application_id, partner_contract_id) DO NOTHING

-- name: list_customer_contracts
-- Both tables have an `id`; it is renamed here, so that the columns of the partner contract keep their names.
SELECT customer_contract_id, application_id, {partner_contract}
  FROM (SELECT id AS customer_contract_id, application_id, partner_contract_id
          FROM customer_contracts) AS customer_contracts
  JOIN partner_contracts ON id = partner_contract_id
 WHERE application_id = %(application_id)s
 ORDER BY customer_contract_id

-- name: list_customers
-- The customers' contracts that share a partner contract, in the order of their ids.
SELECT customer_contracts.id, application_id, name AS application_name, customer_contracts.created_at
  FROM customer_contracts
  JOIN applications ON applications.id = application_id
 WHERE partner_contract_id = %(contract_id)s
   AND customer_contracts.id > %(after)s
 ORDER BY customer_contracts.id
 LIMIT %(rows_max)s

-- name: insert_click_price
INSERT INTO click_prices (
    partner_contract_id, country, job_function, experience_level, valid_from, price_micros
)
VALUES (
    %(contract_id)s, %(country)s, %(job_function)s, %(experience_level)s, %(valid_from)s, %(price_micros)s
)
    ON CONFLICT (partner_contract_id, country, job_function, experience_level, valid_from) DO UPDATE
   SET price_micros = excluded.price_micros

-- name: list_click_prices
SELECT country, job_function, experience_level, valid_from, price_micros
  FROM click_prices
 WHERE partner_contract_id = %(contract_id)s
 ORDER BY country, job_function, experience_level, valid_from
