-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_accounts
-- An account is a parent application's, and has a profile for every day.
WITH looked AS (
    SELECT accounts.id, applications.id IS NOT NULL AND parent_id IS NULL AND EXISTS (
           SELECT FROM billing_profiles
            WHERE account_id = accounts.id
              AND valid_from = '1970-01-01') AS holds
      FROM billing_accounts AS accounts
      LEFT JOIN applications ON applications.id = partner_id
     UNION ALL
    SELECT account_id, false
      FROM (SELECT account_id
              FROM billing_profiles
             UNION
            SELECT account_id
              FROM billing_tax_rates
             UNION
            SELECT account_id
              FROM billing_agreements) AS named
     WHERE account_id NOT IN (SELECT id
                                FROM billing_accounts)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('account %s', id)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_agreements
-- An account bills contracts of its own partner in its own currency, clicks of a partner contract, credits
-- and slots of a hiring contract, none before its first month. An owner may be without an application.
WITH contracts AS (
    SELECT 'CLICKS' AS kind, id, currency, partner_id
      FROM partner_contracts
     UNION ALL
    SELECT 'CREDITS', hiring_contracts.id, currency, coalesce(parent_id, applications.id)
      FROM hiring_contracts
      LEFT JOIN applications ON applications.id = owner_application_id
), looked AS (
    SELECT contract_id, account_id,
           contracts.currency = accounts.currency
           AND coalesce(contracts.partner_id, accounts.partner_id) = accounts.partner_id
           AND agreements.first_month >= accounts.first_month AS holds
      FROM billing_agreements AS agreements
      LEFT JOIN billing_accounts AS accounts ON accounts.id = account_id
      LEFT JOIN contracts ON contracts.id = contract_id AND contracts.kind = agreements.kind
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('contract %s by account %s', contract_id, account_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_logos
-- Each logo that a seller or a document names is kept, and is of its type.
WITH named AS (
    SELECT logo
      FROM billing_sellers
     WHERE logo <> ''
     UNION
    SELECT seller ->> 'logo'
      FROM billing_documents
     WHERE seller ->> 'logo' <> ''
), looked AS (
    SELECT logo,
           sha256 = sha256(content)
           AND media_type = CASE substr(content, 1, 4) WHEN '\x89504e47' THEN 'image/png'
                                                       ELSE 'image/svg+xml' END AS holds
      FROM named
      LEFT JOIN billing_logos ON encode(sha256, 'hex') = logo
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('logo %s', logo)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked
