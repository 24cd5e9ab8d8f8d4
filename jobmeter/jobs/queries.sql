-- name: next_job_sequence
SELECT nextval('job_sequence')

-- name: insert_posting
INSERT INTO job_postings (
    shard, job_id, application_id, external_id, company_job_code, partner_contract_id, listing_type, title,
    company_name, company_page, apply_url, location, content, state, listed_at, expires_at, created_at
)
VALUES (
    %(shard)s, %(job_id)s, %(application_id)s, %(external_id)s, %(company_job_code)s, %(partner_contract_id)s,
    %(listing_type)s, %(title)s, %(company_name)s, %(company_page)s, %(apply_url)s, %(location)s, %(content)s,
    'PENDING', %(listed_at)s, %(expires_at)s, %(created_at)s
)
    ON CONFLICT DO NOTHING
RETURNING job_id

-- name: find_by_external_id
SELECT shard, job_id, application_id, external_id, partner_contract_id, title, company_name, company_page,
       apply_url, location, state, listed_at, expires_at, closed_at
  FROM job_postings
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND external_id = %(external_id)s
   AND state <> 'FAILED'

-- name: resolve_external_ids
-- For events that name a job by child application and external id.
SELECT application_id, external_id, job_id
  FROM job_postings
 WHERE shard = ANY(%(shards)s)
   AND (application_id, external_id) IN (
       SELECT asked.application_id, asked.external_id
         FROM unnest(%(application_ids)s::bigint[], %(external_ids)s::text[]) AS asked (application_id, external_id))
   AND state <> 'FAILED'

-- name: list_live_postings
SELECT shard, job_id, application_id, external_id, partner_contract_id, title, company_name, company_page,
       apply_url, location, state, listed_at, expires_at, closed_at
  FROM job_postings
 WHERE state = 'LIVE'
 ORDER BY job_id

-- name: lock_posting
SELECT shard, job_id, application_id, external_id, partner_contract_id, title, company_name, company_page,
       apply_url, location, state, listed_at, expires_at, closed_at
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   FOR UPDATE

-- name: set_state
UPDATE job_postings
   SET state = %(state)s,
       closed_at = %(closed_at)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: list_expired
SELECT shard, job_id
  FROM job_postings
 WHERE state = 'LIVE'
   AND expires_at <= %(now)s
 ORDER BY expires_at, job_id
 LIMIT %(rows_max)s

-- name: next_expiry
SELECT min(expires_at)
  FROM job_postings
 WHERE state = 'LIVE'

-- name: insert_task
INSERT INTO job_tasks (
    shard, task_id, application_id, external_id, operation, job_id, location, status, created_at
)
VALUES (
    %(shard)s, %(task_id)s, %(application_id)s, %(external_id)s, %(operation)s, %(job_id)s, %(location)s,
    'IN_PROGRESS', %(created_at)s
)

-- name: claim_tasks
-- Oldest first, skipping what another process has in hand.
SELECT shard, task_id, application_id, external_id, operation, job_id, location, status, error_message, created_at
  FROM job_tasks
 WHERE status = 'IN_PROGRESS'
 ORDER BY created_at, task_id
 LIMIT %(rows_max)s
   FOR UPDATE SKIP LOCKED

-- name: finish_task
UPDATE job_tasks
   SET status = %(status)s,
       error_message = %(error_message)s,
       finished_at = %(finished_at)s
 WHERE shard = %(shard)s
   AND task_id = %(task_id)s

-- name: find_tasks
SELECT shard, task_id, application_id, external_id, operation, job_id, location, status, error_message, created_at
  FROM job_tasks
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND task_id = ANY(%(task_ids)s)
   AND created_at > %(not_before)s
