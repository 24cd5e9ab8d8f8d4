-- columns: account
id, partner_id, currency, issues, zero_month, first_month

-- columns: agreement
contract_id, account_id, kind, bills, first_month

-- columns: seller
legal_name, address_lines, city, postcode, country, vat_number, registration_number, registration_scheme,
endpoint, endpoint_scheme, emails, iban, bic, logo

-- columns: buyer
legal_name, address_lines, city, postcode, country, vat_number, registration_number, registration_scheme,
endpoint, endpoint_scheme, emails, language, terms_days, purchase_order, shows_customers

-- columns: tax_rate
category, rate_micros, reason

-- name: insert_account
-- No row if the partner has an account in the currency.
INSERT INTO billing_accounts (id, partner_id, currency, issues, zero_month, first_month, created_at)
VALUES (
    nextval('billing_ids'), %(partner_id)s, %(currency)s, %(issues)s, %(zero_month)s, %(first_month)s, %(now)s
)
    ON CONFLICT (partner_id, currency) DO NOTHING
RETURNING {account}

-- name: find_account
SELECT {account}
  FROM billing_accounts
 WHERE id = %(account_id)s

-- name: lock_account
-- A month is billed under the same lock, so that what a document uses does not change meanwhile.
SELECT {account}
  FROM billing_accounts
 WHERE id = %(account_id)s
   FOR NO KEY UPDATE

-- name: find_partner_account
SELECT {account}
  FROM billing_accounts
 WHERE partner_id = %(partner_id)s
   AND currency = %(currency)s

-- name: list_accounts
-- All accounts, or a partner's, in the order of their ids.
SELECT {account}
  FROM billing_accounts
 WHERE id > %(after)s
   AND (%(partner_id)s::bigint IS NULL OR partner_id = %(partner_id)s)
 ORDER BY id
 LIMIT %(rows_max)s

-- name: set_account
UPDATE billing_accounts
   SET issues = %(issues)s,
       zero_month = %(zero_month)s,
       first_month = %(first_month)s
 WHERE id = %(id)s

-- name: find_billed_through
-- The last day of the account's last billed month.
SELECT (max(month) + interval '1 month - 1 day')::date
  FROM billing_cuts
 WHERE account_id = %(account_id)s

-- name: find_any_billed_through
-- The last day of the last month that any account was billed for.
SELECT (max(month) + interval '1 month - 1 day')::date
  FROM billing_cuts

-- name: lock_sellers
-- Two requests of the same moment must not choose the same revision.
SELECT pg_advisory_xact_lock(hashtext('billing_sellers'))

-- name: insert_seller
INSERT INTO billing_sellers (
    valid_from, revision, legal_name, address_lines, city, postcode, country, vat_number, registration_number,
    registration_scheme, endpoint, endpoint_scheme, emails, iban, bic, logo, recorded_at
)
VALUES (
    %(valid_from)s,
    (SELECT count(*) + 1
       FROM billing_sellers
      WHERE valid_from = %(valid_from)s),
    %(legal_name)s, %(address_lines)s, %(city)s, %(postcode)s, %(country)s, %(vat_number)s,
    %(registration_number)s, %(registration_scheme)s, %(endpoint)s, %(endpoint_scheme)s, %(emails)s, %(iban)s,
    %(bic)s, %(logo)s, %(now)s
)

-- name: find_seller
SELECT valid_from, recorded_at, {seller}
  FROM billing_sellers
 WHERE valid_from <= %(day)s
 ORDER BY valid_from DESC, revision DESC
 LIMIT 1

-- name: list_sellers
SELECT valid_from, recorded_at, {seller}
  FROM billing_sellers
 ORDER BY valid_from, revision

-- name: insert_logo
-- Named by its hash: the same image is kept once.
INSERT INTO billing_logos (sha256, media_type, content, recorded_at)
VALUES (%(sha256)s, %(media_type)s, %(content)s, %(now)s)
    ON CONFLICT DO NOTHING
RETURNING sha256

-- name: find_logo
SELECT content
  FROM billing_logos
 WHERE sha256 = %(sha256)s

-- name: insert_buyer
INSERT INTO billing_profiles (
    account_id, valid_from, revision, legal_name, address_lines, city, postcode, country, vat_number,
    registration_number, registration_scheme, endpoint, endpoint_scheme, emails, language, terms_days,
    purchase_order, shows_customers, recorded_at
)
VALUES (
    %(account_id)s, %(valid_from)s,
    (SELECT count(*) + 1
       FROM billing_profiles
      WHERE account_id = %(account_id)s
        AND valid_from = %(valid_from)s),
    %(legal_name)s, %(address_lines)s, %(city)s, %(postcode)s, %(country)s, %(vat_number)s,
    %(registration_number)s, %(registration_scheme)s, %(endpoint)s, %(endpoint_scheme)s, %(emails)s,
    %(language)s, %(terms_days)s, %(purchase_order)s, %(shows_customers)s, %(now)s
)

-- name: find_buyer
SELECT valid_from, recorded_at, {buyer}
  FROM billing_profiles
 WHERE account_id = %(account_id)s
   AND valid_from <= %(day)s
 ORDER BY valid_from DESC, revision DESC
 LIMIT 1

-- name: list_buyers
SELECT valid_from, recorded_at, {buyer}
  FROM billing_profiles
 WHERE account_id = %(account_id)s
 ORDER BY valid_from, revision

-- name: insert_tax_rate
INSERT INTO billing_tax_rates (
    account_id, valid_from, revision, category, rate_micros, reason, recorded_at
)
VALUES (
    %(account_id)s, %(valid_from)s,
    (SELECT count(*) + 1
       FROM billing_tax_rates
      WHERE account_id = %(account_id)s
        AND valid_from = %(valid_from)s),
    %(category)s, %(rate_micros)s, %(reason)s, %(now)s
)

-- name: find_tax_rate
SELECT valid_from, recorded_at, {tax_rate}
  FROM billing_tax_rates
 WHERE account_id = %(account_id)s
   AND valid_from <= %(day)s
 ORDER BY valid_from DESC, revision DESC
 LIMIT 1

-- name: list_tax_rates
SELECT valid_from, recorded_at, {tax_rate}
  FROM billing_tax_rates
 WHERE account_id = %(account_id)s
 ORDER BY valid_from, revision

-- name: insert_agreement
-- No row if the contract is billed already.
INSERT INTO billing_agreements (contract_id, account_id, kind, bills, first_month, agreed_at)
VALUES (%(contract_id)s, %(account_id)s, %(kind)s, %(bills)s, %(first_month)s, %(now)s)
    ON CONFLICT (contract_id) DO NOTHING
RETURNING {agreement}

-- name: find_agreement
SELECT {agreement}
  FROM billing_agreements
 WHERE contract_id = %(contract_id)s

-- name: set_agreement
UPDATE billing_agreements
   SET bills = %(bills)s,
       first_month = %(first_month)s
 WHERE contract_id = %(contract_id)s

-- name: delete_agreement
DELETE FROM billing_agreements
 WHERE contract_id = %(contract_id)s

-- name: list_agreements
-- In the order of the contracts' ids.
SELECT {agreement}
  FROM billing_agreements
 WHERE account_id = %(account_id)s
   AND contract_id > %(after)s
 ORDER BY contract_id
 LIMIT %(rows_max)s
