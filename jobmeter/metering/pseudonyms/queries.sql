-- name: list_salts
-- A day without a salt was made by an earlier version, or its salt is deleted.
SELECT day, salt
  FROM event_days
  LEFT JOIN visitor_salts USING (day)
 WHERE day = ANY(%(days)s::date[])

-- name: delete_old_salts
-- Not before the day and the next one are final: the clicks of a day are compared with the views of the day
-- before.
DELETE FROM visitor_salts
 WHERE day IN (SELECT day FROM days_past_comparison(%(before)s))

-- name: list_event_days
-- Days whose events are there, with their salts.
SELECT day, salt
  FROM event_days
  LEFT JOIN visitor_salts USING (day)
 WHERE dropped_at IS NULL
 ORDER BY day

-- name: replace_visitor
UPDATE events
   SET visitor = %(substitute)s
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
   AND visitor = %(visitor)s

-- name: replace_recent_visitor
UPDATE recent_clicks
   SET subject = %(substitute)s
 WHERE window_ms >= extract(epoch FROM %(day)s::date)::bigint * 1000
   AND window_ms < extract(epoch FROM %(day)s::date + 1)::bigint * 1000
   AND kind = %(kind)s
   AND subject = %(visitor)s

-- name: replace_excluded_visitor
UPDATE excluded_visitors
   SET subject = %(substitute)s
 WHERE subject = %(visitor)s
   AND NOT is_address
