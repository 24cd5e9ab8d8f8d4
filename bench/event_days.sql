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
