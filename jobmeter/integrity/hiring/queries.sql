-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_credit_uses
-- Law 9. Each posting of the ledger that uses a credit is kept once, with its contract, job and time, and the
-- job's application and external id; nothing else is kept. All but a job's first by the XML API are renewals,
-- and pay one run after the other.
WITH consumed AS (
    SELECT reference, shard, destination_id, cause, booked_at, amount,
           row_number() OVER (PARTITION BY cause ORDER BY number) AS run
      FROM ledger_bookings
     WHERE purpose = {Purpose.CONSUME}
), looked AS (
    SELECT reference,
           amount = 1
           AND (used.shard, used.contract_id, used.job_id, used.used_at)
               = (consumed.shard, consumed.destination_id, consumed.cause, consumed.booked_at)
           AND (used.application_id, used.external_id) = (jobs.application_id, jobs.external_id)
           AND is_renewal = (channel = 'XML' AND run > 1)
           AND used.run_number BETWEEN run AND CASE channel WHEN 'XML' THEN run ELSE jobs.run_number END
               AS holds
      FROM consumed
      FULL JOIN credit_uses AS used USING (reference)
      LEFT JOIN job_postings AS jobs
        ON jobs.shard = shard_of(cause)
       AND jobs.job_id = cause
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('credit %s is not kept as it was used', reference))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_credit_prices
-- Law 9. The price of a used credit is that of its contract's list at the moment of its use.
WITH used AS MATERIALIZED (
    SELECT reference, contract_id, price_micros, used_at
      FROM credit_uses
), looked AS (
    SELECT reference, price_micros, hiring_price_at(contract_id, used_at) AS listed_micros
      FROM used
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE price_micros <> listed_micros) AS breaches,
       min(format('credit %s: price %s, listed %s', reference, price_micros, listed_micros))
           FILTER (WHERE price_micros <> listed_micros) AS example
  FROM looked

-- name: check_credit_texts
-- What is kept of a job of the XML API is what the job says, unless it was edited since.
WITH used AS MATERIALIZED (
    SELECT reference, job_id, title, company_name, customer_job_code, poster_email, used_at
      FROM credit_uses
), looked AS (
    SELECT reference,
           (used.title, used.company_name, used.customer_job_code, used.poster_email)
           = (jobs.title, jobs.company_name, coalesce(company_job_code, ''), jobs.poster_email) AS holds
      FROM used
      JOIN job_postings AS jobs
        ON jobs.shard = shard_of(used.job_id)
       AND jobs.job_id = used.job_id
     WHERE channel = 'XML'
       AND NOT EXISTS (SELECT
                         FROM job_changes AS edits
                        WHERE edits.shard = jobs.shard
                          AND edits.job_id = jobs.job_id
                          AND kind = 'EDIT'
                          AND made_at > used_at)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('credit %s: its job says something else', reference))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked
