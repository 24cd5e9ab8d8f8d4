-- name: read_explained_job
SELECT shard, job_id, external_id, title, state, job_budgets.partner_contract_id, currency,
       click_price_micros, budget_micros, spent_micros, released_micros, listed_at, closed_at
  FROM job_postings
  JOIN job_budgets USING (shard, job_id)
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: list_explained_days
SELECT job_day_sums.day, views, apply_clicks, clicks_charged, clicks_refused, clicks_reversed, charge_micros,
       settled_at
  FROM job_day_sums
  LEFT JOIN settled_days USING (day)
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND day BETWEEN %(first)s AND %(last)s
 ORDER BY day

-- name: find_drop
SELECT dropped_at
  FROM event_days
 WHERE day = %(day)s

-- name: list_job_postings
-- A page of the postings of the job on these days, in order. A correction after the job closed goes to the
-- contract and names the job's charge.
WITH charged AS (
    SELECT number, reference, {Purpose.CHARGE} AS purpose, {AccountKind.JOB} AS source_kind,
           {AccountKind.EARNED} AS destination_kind, amount_micros AS amount, day, booked_at, batch AS cause,
           NULL::uuid AS corrects
      FROM charge_days(%(shard)s, %(job_id)s) AS charge_day
     CROSS JOIN LATERAL (
           SELECT number, reference, amount_micros, day, booked_at, batch
             FROM charges_of_day(%(shard)s, %(job_id)s, charge_day)
           OFFSET 0) AS charges
)
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM charged
 WHERE day BETWEEN %(first)s AND %(last)s
   AND number > %(after_number)s
 UNION ALL
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE shard = %(shard)s
   AND ((source_kind = {AccountKind.JOB} AND source_id = %(job_id)s)
        OR (destination_kind = {AccountKind.JOB} AND destination_id = %(job_id)s))
   AND day BETWEEN %(first)s AND %(last)s
   AND number > %(after_number)s
 UNION ALL
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE corrects IN (SELECT reference FROM charged)
   AND destination_kind <> {AccountKind.JOB}
   AND day BETWEEN %(first)s AND %(last)s
   AND number > %(after_number)s
 ORDER BY number
 LIMIT %(postings_max)s

-- name: list_day_restatements
SELECT number, recorded_at, cause, batch, reasons, views, apply_clicks, clicks_charged, clicks_refused,
       charge_micros, after_views, after_apply_clicks, after_clicks_charged, after_clicks_refused,
       after_charge_micros
  FROM job_day_restatements
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND day = %(day)s
 ORDER BY number

-- name: find_charge
SELECT shard, job_id, day, batch, amount_micros AS amount, currency AS unit, booked_at, number
  FROM charge_named(%(reference)s)

-- name: list_corrections
SELECT number, reference, purpose, source_kind, destination_kind, amount, day, booked_at, cause, corrects
  FROM ledger_bookings
 WHERE corrects = %(reference)s
 ORDER BY number

-- name: list_explained_clicks
-- A page of a job's clicks on a day, in the order of their keys.
WITH page AS (
    SELECT event_key, visitor, batch, verdict
      FROM events
     WHERE shard = %(shard)s
       AND event_key > %(after)s
       AND event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
       AND job_id = %(job_id)s
       AND kind = {EventKind.APPLY_CLICK}
     ORDER BY event_key
     LIMIT %(clicks_max)s
)
SELECT page.event_key, event_key_ms(page.event_key) AS time_ms, visitor, page.batch, verdict, rule
  FROM page
  LEFT JOIN event_reversals
    ON event_reversals.shard = %(shard)s
   AND event_reversals.event_key = page.event_key
 ORDER BY page.event_key

-- name: list_batch_clicks
-- The same for one batch. A batch is stored together in a partition, and its index finds it.
WITH page AS (
    SELECT event_key, visitor, batch, verdict
      FROM events
     WHERE shard = %(shard)s
       AND event_key > %(after)s
       AND event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
       AND job_id = %(job_id)s
       AND kind = {EventKind.APPLY_CLICK}
       AND batch = %(batch)s
     ORDER BY event_key
     LIMIT %(clicks_max)s
)
SELECT page.event_key, event_key_ms(page.event_key) AS time_ms, visitor, page.batch, verdict, rule
  FROM page
  LEFT JOIN event_reversals
    ON event_reversals.shard = %(shard)s
   AND event_reversals.event_key = page.event_key
 ORDER BY page.event_key

-- name: list_last_charged
-- Of a batch's clicks on a job and day the first by key were charged, as many as its posting pays for.
-- Returns the last of those; free clicks follow it.
WITH charged AS (
    SELECT charge.batch, reference, amount_micros / %(price_micros)s AS paid
      FROM unnest(%(batches)s::bigint[]) AS asked (batch)
     CROSS JOIN LATERAL charge_of(%(shard)s, %(job_id)s, %(day)s, asked.batch) AS charge
), placed AS (
    SELECT batch, event_key, row_number() OVER (PARTITION BY batch ORDER BY event_key) AS nth
      FROM events
     WHERE shard = %(shard)s
       AND event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
       AND job_id = %(job_id)s
       AND kind = {EventKind.APPLY_CLICK}
       AND verdict = {Verdict.COUNTED}
       AND batch = ANY(%(batches)s)
)
SELECT batch, reference, event_key
  FROM charged
  JOIN placed USING (batch)
 WHERE nth = paid

-- name: find_stored_event
SELECT shard, job_id, kind, verdict, visitor, batch
  FROM events
 WHERE shard IN (SELECT every_shard())
   AND event_key = %(event_key)s
