-- name: lock_overdue
-- Runs that are over but that no chore has ended yet; rows that another transaction has locked are being
-- changed already.
SELECT shard, job_id, state, run_number, partner_contract_id, hiring_contract_id, expires_at
  FROM job_postings
 WHERE hiring_contract_id = %(hiring_contract_id)s
   AND channel = 'XML'
   AND state = 'LIVE'
   AND expires_at <= %(now)s
 ORDER BY expires_at, job_id
 LIMIT %(rows_max)s
   FOR UPDATE SKIP LOCKED

-- name: set_ended
-- A job that has already ended keeps its end time. A revision counts the changes that a document requested,
-- and closing is one; jobs posted element by element have no document.
UPDATE job_postings
   SET state = %(state)s,
       closed_at = coalesce(closed_at, %(ended_at)s),
       failure = %(failure)s,
       revision = revision + CASE WHEN channel <> 'P4P' AND %(state)s = 'CLOSED' THEN 1 ELSE 0 END
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s)
