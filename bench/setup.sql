-- name: post_jobs
-- What posting over HTTP would store: live postings, their budgets, and the money reserved for them.
WITH made AS MATERIALIZED (
    SELECT make_job_id(nextval('job_sequence'), %(shard)s) AS job_id
      FROM generate_series(1, %(jobs)s)
), posted AS (
    INSERT INTO job_postings (
        shard, job_id, application_id, external_id, partner_contract_id, listing_type, title, company_name,
        apply_url, location, content, state, listed_at, expires_at, created_at
    )
    SELECT %(shard)s, job_id, %(application_id)s, 'bench-' || job_id, %(contract_id)s, 'BASIC',
           'Fitter ' || job_id, 'Harbour Logistics', 'https://careers.example.com/apply',
           'Leeds, England, United Kingdom', '{}', 'LIVE', %(live_from)s, %(live_until)s, %(live_from)s
      FROM made
), reserved AS (
    INSERT INTO ledger_bookings (
        shard, reference, purpose, source_kind, source_id, destination_kind, destination_id, amount, unit,
        day, booked_at
    )
    SELECT %(shard)s, md5('reserve ' || job_id)::uuid, {Purpose.RESERVE}, {AccountKind.CONTRACT},
           %(contract_id)s, {AccountKind.JOB}, job_id, %(budget_micros)s, %(currency)s, %(live_from)s::date,
           %(live_from)s
      FROM made
)
INSERT INTO job_budgets (
    shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms,
    live_until_ms
)
SELECT %(shard)s, job_id, %(contract_id)s, %(currency)s, %(price_micros)s, %(budget_micros)s,
       floor(extract(epoch FROM %(live_from)s::timestamptz) * 1000),
       floor(extract(epoch FROM %(live_until)s::timestamptz) * 1000)
  FROM made
RETURNING job_id

-- name: reserve_budgets
UPDATE ledger_balances
   SET amount = amount - %(amount)s
 WHERE kind = {AccountKind.CONTRACT}
   AND owner_id = %(contract_id)s

-- name: analyze_jobs
-- Autovacuum would do this within a minute, but the measurement must not depend on it.
VACUUM ANALYZE job_budgets, job_postings, ledger_bookings, job_days, ledger_balances

-- name: make_ceiling
-- Only the columns of an event: no key, no partition.
CREATE TABLE IF NOT EXISTS ceiling_events (
    shard     smallint NOT NULL,
    event_key uuid     NOT NULL,
    job_id    bigint   NOT NULL,
    kind      smallint NOT NULL,
    verdict   smallint NOT NULL,
    visitor   bigint   NOT NULL,
    address   bigint   NOT NULL,
    batch     bigint   NOT NULL
)

-- name: empty_ceiling
TRUNCATE ceiling_events

-- name: copy_ceiling
COPY ceiling_events (shard, event_key, job_id, kind, verdict, visitor, address, batch)
FROM STDIN WITH (FORMAT binary)
