-- name: make_seller
INSERT INTO billing_sellers (
    valid_from, revision, legal_name, address_lines, city, postcode, country, vat_number, registration_number,
    registration_scheme, endpoint, endpoint_scheme, emails, iban, bic, recorded_at
)
VALUES ('1970-01-01', 1, 'Bench Seller', '{}', 'Leeds', '', 'GB', '', '', '', '', '', '{}', '', '', %(now)s)

-- name: make_accounts
-- A partner with a contract, an account that bills it, its profile and its tax, as many as are wanted.
WITH made AS MATERIALIZED (
    SELECT nextval('application_ids') AS partner_id, nextval('contract_ids') AS contract_id,
           nextval('billing_ids') AS account_id
      FROM generate_series(1, %(accounts)s)
), partners AS (
    INSERT INTO applications (id, parent_id, shard, client_id, name, created_at)
    SELECT partner_id, NULL, shard_of(partner_id), 'bench-' || partner_id, 'Partner ' || partner_id, %(now)s
      FROM made
), contracts AS (
    INSERT INTO partner_contracts (id, partner_id, shard, currency, limit_micros, term_starts_at,
                                   term_ends_at, created_at)
    SELECT contract_id, partner_id, shard_of(contract_id), 'USD', 1000000000000, %(month)s,
           %(month)s + interval '2 years', %(month)s
      FROM made
), accounts AS (
    INSERT INTO billing_accounts (id, partner_id, currency, issues, zero_month, first_month, created_at)
    SELECT account_id, partner_id, 'USD', 'ALONE', 'NOTHING', %(month)s, %(now)s
      FROM made
), profiles AS (
    INSERT INTO billing_profiles (
        account_id, valid_from, revision, legal_name, address_lines, city, postcode, country, vat_number,
        registration_number, registration_scheme, endpoint, endpoint_scheme, emails, language, terms_days,
        purchase_order, shows_customers, recorded_at
    )
    SELECT account_id, '1970-01-01', 1, 'Buyer', '{}', 'Leeds', '', 'GB', '', '', '', '', '', '{}', 'en',
           30, '', true, %(now)s
      FROM made
), rates AS (
    INSERT INTO billing_tax_rates (account_id, valid_from, revision, category, rate_micros, reason,
                                   recorded_at)
    SELECT account_id, '1970-01-01', 1, 'S', 210000, '', %(now)s
      FROM made
)
INSERT INTO billing_agreements (contract_id, account_id, kind, bills, first_month, agreed_at)
SELECT contract_id, account_id, 'CLICKS', 'USE', %(month)s, %(now)s
  FROM made
RETURNING contract_id

-- name: post_jobs
-- Jobs of each contract in some shards, as posting stores them.
WITH made AS MATERIALIZED (
    SELECT contract_id, partner_id,
           make_job_id(nextval('job_sequence'), (nth %% %(shards)s)::smallint) AS job_id
      FROM billing_agreements
      JOIN partner_contracts ON id = contract_id
     CROSS JOIN generate_series(1, %(jobs)s) AS nth
), posted AS (
    INSERT INTO job_postings (
        shard, job_id, application_id, external_id, partner_contract_id, listing_type, title, company_name,
        apply_url, location, content, state, listed_at, expires_at, created_at
    )
    SELECT shard_of(job_id), job_id, partner_id, 'bench-' || job_id, contract_id, 'BASIC',
           'Fitter ' || job_id, 'Harbour Logistics', 'https://careers.example.com/apply',
           'Leeds, England, United Kingdom', '{}', 'LIVE', %(month)s, %(month)s + interval '1 year', %(month)s
      FROM made
)
INSERT INTO job_budgets (
    shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms,
    live_until_ms
)
SELECT shard_of(job_id), job_id, contract_id, 'USD', 1500000, 100000000000, 0, 9000000000000
  FROM made

-- name: charge_days
-- What intake and settlement left of a month: some days of each job.
INSERT INTO job_days (shard, job_id, day, partner_contract_id, views, apply_clicks, clicks_charged,
                      charge_micros)
SELECT shard, job_id, %(month)s + (job_id %% 7)::integer + 5 * nth, partner_contract_id, 40,
       1 + (job_id + nth) %% 9, 1 + (job_id + nth) %% 9, (1 + (job_id + nth) %% 9) * click_price_micros
  FROM job_budgets
 CROSS JOIN generate_series(1, %(days)s) AS nth
 WHERE partner_contract_id <> 0

-- name: analyze_month
VACUUM ANALYZE job_postings, job_budgets, job_days, billing_accounts, billing_agreements, billing_tax_rates

-- name: list_lines
-- The limit: all lines in the order of their accounts and jobs, fetched.
SELECT account_id, lines.line, lines.kind, contract_id, job_id, application_id, external_id, title,
       company_name, customer_job_code, poster_email, first_at, last_at, quantity, price_micros,
       lines.net_micros, category, rate_micros
  FROM billing_lines AS lines
  JOIN billing_documents AS documents ON documents.id = document_id
 ORDER BY account_id, job_id

-- name: count_lines
SELECT count(*), count(DISTINCT document_id)
  FROM billing_lines

-- name: settle_days
INSERT INTO settled_days (day, settled_at)
SELECT day, %(now)s
  FROM event_days
    ON CONFLICT DO NOTHING

-- name: analyze_clicks
VACUUM ANALYZE events, charge_postings, job_days
