-- name: lock_overdue
-- Runs that are over but that no chore has ended yet; rows that another transaction has locked are being
-- changed already.
SELECT shard, job_id, state, run_number, partner_contract_id, hiring_contract_id, expires_at
  FROM lock_overdue_postings(%(hiring_contract_id)s, %(now)s, %(rows_max)s)

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
