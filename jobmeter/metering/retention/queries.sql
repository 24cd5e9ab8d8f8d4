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
                 AND event_days.day < CASE WHEN EXISTS (SELECT FROM billing_agreements WHERE kind = 'CLICKS')
                                           THEN %(invoiced_before)s::date
                                           ELSE %(before)s::date
                                      END)
   AND day < coalesce((SELECT min(unbilled_from(contract_id))
                         FROM billing_agreements
                        WHERE kind = 'CLICKS'), 'infinity')
   FOR UPDATE SKIP LOCKED

-- name: claim_unindexed_day
-- The oldest final day whose clicks may be invoiced and are not indexed by job; none while another process is
-- indexing it.
SELECT day
  FROM event_days
 WHERE dropped_at IS NULL
   AND day < %(before)s
   AND day >= (SELECT min(first_month) FROM billing_agreements WHERE kind = 'CLICKS')
   AND day IN (SELECT day FROM settled_days)
   AND to_regclass(format('events_%%s_by_job', to_char(day, 'YYYYMMDD'))) IS NULL
 ORDER BY day
 LIMIT 1
   FOR UPDATE SKIP LOCKED

-- name: index_event_day
SELECT index_event_day(%(day)s)

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
