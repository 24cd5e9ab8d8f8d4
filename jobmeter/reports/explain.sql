-- name: read_explained_job
SELECT shard, job_id, external_id, title, state, job_budgets.partner_contract_id, currency, click_price_micros,
       budget_micros, spent_micros, released_micros, listed_at, closed_at
  FROM job_postings
  JOIN job_budgets USING (shard, job_id)
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: list_explained_days
SELECT job_days.day, views, apply_clicks, clicks_charged, clicks_refused, clicks_reversed, charge_micros,
       settled_at
  FROM job_days
  LEFT JOIN settled_days USING (day)
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND day BETWEEN %(first)s AND %(last)s
 ORDER BY day

-- name: list_job_postings
-- Everything that moved the job's money on these days, in order. What leaves the job and what it was given lies with
-- it; a correction after the job closed goes to the contract, and names the job's charge. A job's charges are found by
-- the days on which it had any.
WITH charges AS (
    SELECT charge_postings.number, reference, purpose, source_kind, destination_kind, amount, charge_postings.day,
           booked_at, cause, corrects
      FROM job_days
      JOIN charge_postings
        ON charge_postings.shard = %(shard)s
       AND reference BETWEEN charge_reference(job_days.day, %(job_id)s, 0)
                         AND charge_reference(job_days.day, %(job_id)s, 9223372036854775807)
       AND purpose = 3
     WHERE job_days.shard = %(shard)s
       AND job_id = %(job_id)s
)
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM charges
 WHERE day BETWEEN %(first)s AND %(last)s
 UNION ALL
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE shard = %(shard)s
   AND source_kind = 3
   AND source_id = %(job_id)s
   AND day BETWEEN %(first)s AND %(last)s
 UNION ALL
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE shard = %(shard)s
   AND destination_kind = 3
   AND destination_id = %(job_id)s
   AND day BETWEEN %(first)s AND %(last)s
 UNION ALL
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE corrects IN (SELECT reference FROM charges)
   AND destination_kind <> 3
   AND day BETWEEN %(first)s AND %(last)s
 ORDER BY number

-- name: list_day_restatements
SELECT number, recorded_at, cause, batch, reasons, views, apply_clicks, clicks_charged, clicks_refused, charge_micros,
       after_views, after_apply_clicks, after_clicks_charged, after_clicks_refused, after_charge_micros
  FROM job_day_restatements
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND day = %(day)s
 ORDER BY number

-- name: find_charge
-- The shard is in no reference: each has its part of the key.
SELECT shard, source_id, day, cause, amount, unit, booked_at, number
  FROM charge_postings
 WHERE shard IN (SELECT generate_series(0, 255))
   AND reference = %(reference)s
   AND purpose = 3

-- name: list_corrections
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE corrects = %(reference)s
 ORDER BY number

-- name: list_explained_clicks
-- A batch's clicks on a job and day were charged in the order of their keys, as many as its posting pays for.
WITH placed AS (
    SELECT event_key, visitor, batch, verdict,
           row_number() OVER (PARTITION BY batch, verdict = 0 ORDER BY event_key) AS nth
      FROM events
     WHERE shard = %(shard)s
       AND event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
       AND job_id = %(job_id)s
       AND kind = 1
       AND batch = coalesce(%(batch)s, batch)
), charges AS (
    SELECT cause AS batch, reference, amount
      FROM charge_postings
     WHERE shard = %(shard)s
       AND reference BETWEEN charge_reference(%(day)s, %(job_id)s, 0)
                         AND charge_reference(%(day)s, %(job_id)s, 9223372036854775807)
       AND purpose = 3
)
SELECT placed.event_key, event_key_ms(placed.event_key), visitor, placed.batch, verdict, rule,
       verdict = 0 AND nth * click_price_micros <= coalesce(amount, 0) AS was_charged,
       CASE WHEN verdict = 0 AND nth * click_price_micros <= amount THEN reference END, click_price_micros
  FROM placed
  JOIN job_budgets
    ON job_budgets.shard = %(shard)s
   AND job_budgets.job_id = %(job_id)s
  LEFT JOIN charges USING (batch)
  LEFT JOIN event_reversals
    ON event_reversals.shard = %(shard)s
   AND event_reversals.event_key = placed.event_key
 WHERE placed.event_key > %(after)s
 ORDER BY placed.event_key
 LIMIT %(clicks_max)s

-- name: find_stored_event
SELECT shard, job_id, kind, verdict, visitor, batch
  FROM events
 WHERE shard IN (SELECT generate_series(0, 255))
   AND event_key = %(event_key)s
