-- name: close_event_day
SELECT close_event_day(%(day)s)

-- name: claim_expired_event_day
-- The oldest settled day whose events have been kept for their time; none while another process is ending it,
-- for that would write the file of a day whose events are just gone, and two that drop at once wait for each
-- other. A day that is not billed yet is kept, so that its invoice can be opened down to the clicks.
SELECT day
  FROM event_days
 WHERE dropped_at IS NULL
   AND day = (SELECT min(event_days.day)
                FROM event_days
                JOIN settled_days USING (day)
               WHERE dropped_at IS NULL
                 AND event_days.day < %(before)s)
   AND day < coalesce((SELECT min(unbilled_from(contract_id))
                         FROM billing_agreements
                        WHERE kind = 'CLICKS'), 'infinity')
   FOR UPDATE SKIP LOCKED

-- name: stream_event_day
-- With what settlement reversed, which is deleted with the events.
SELECT shard, event_key, event_key_ms(event_key) AS time_ms, events.job_id, kind, verdict, visitor, address,
       events.batch, rule AS settlement_rule, charge
  FROM events
  LEFT JOIN event_reversals USING (shard, event_key)
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
 ORDER BY shard, event_key

-- name: drop_event_day
SELECT drop_event_day(%(day)s, %(dropped_at)s)
