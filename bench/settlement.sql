-- name: make_day
SELECT make_event_day(%(day)s)

-- name: copy_events
COPY events (shard, event_key, job_id, kind, verdict, visitor, address, batch) FROM STDIN WITH (FORMAT binary)

-- name: charge_day
-- What intake would have stored: one posting per batch, job and day, within budgets that do not run out.
INSERT INTO charge_postings (
    shard, reference, purpose, source_kind, source_id, destination_kind, destination_id, amount, unit, day,
    booked_at, cause
)
SELECT shard, charge_reference(%(day)s, job_id, batch), {Purpose.CHARGE}, {AccountKind.JOB}, job_id,
       {AccountKind.EARNED}, partner_contract_id, count(*) * click_price_micros, currency, %(day)s,
       %(booked_at)s, batch
  FROM events
  JOIN job_budgets USING (shard, job_id)
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
   AND kind = {EventKind.APPLY_CLICK}
 GROUP BY shard, job_id, batch, partner_contract_id, click_price_micros, currency

-- name: roll_up_day
INSERT INTO job_days (
    shard, job_id, day, partner_contract_id, views, apply_clicks, clicks_charged, charge_micros
)
SELECT shard, job_id, %(day)s, partner_contract_id, count(*) FILTER (WHERE kind = {EventKind.VIEW}),
       count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK}),
       count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK}),
       count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK}) * click_price_micros
  FROM events
  JOIN job_budgets USING (shard, job_id)
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
 GROUP BY shard, job_id, partner_contract_id, click_price_micros

-- name: spend_day
UPDATE job_budgets
   SET spent_micros = charge_micros
  FROM job_days
 WHERE job_days.shard = job_budgets.shard
   AND job_days.job_id = job_budgets.job_id
   AND day = %(day)s

-- name: analyze_day
VACUUM ANALYZE events, charge_postings, job_days, job_budgets

-- name: settle_other_days
-- Otherwise the other days would be settled too and distort the figure.
INSERT INTO settled_days (day, settled_at)
SELECT day, %(settled_at)s
  FROM event_days
 WHERE day <> %(day)s
    ON CONFLICT DO NOTHING

-- name: count_by_job
-- The limit: the simplest query over the same rows that returns a figure for each job.
SELECT job_id, count(*)
  FROM events
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
 GROUP BY job_id

-- name: count_reversed
SELECT clicks_reversed
  FROM settlement_runs
 WHERE day = %(day)s
