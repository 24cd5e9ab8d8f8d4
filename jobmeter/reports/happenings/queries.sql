-- name: list_happenings
-- What happened after one moment and until another, in order. What happens to many is counted by the hour.
SELECT CASE WHEN is_by_hour THEN date_trunc('hour', at) ELSE at END AS at, kind,
       sum(count)::bigint AS count, subject
  FROM happenings
 WHERE at > %(since)s
   AND at <= %(until)s
 GROUP BY 1, kind, subject
 ORDER BY 1, kind, subject
