-- name: enqueue_job_changes
INSERT INTO job_notes (shard, job_id)
SELECT shard_of(job_id), job_id
  FROM unnest(%(job_ids)s::bigint[]) AS noted (job_id)

-- name: claim_job_changes
-- Each job once. A note that another process reads is its business.
WITH claimed AS (
    DELETE FROM job_notes
     WHERE id IN (SELECT id
                    FROM job_notes
                   ORDER BY id
                   LIMIT %(rows_max)s
                     FOR UPDATE SKIP LOCKED)
    RETURNING job_id
)
SELECT DISTINCT job_id
  FROM claimed
 ORDER BY job_id
