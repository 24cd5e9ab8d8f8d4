-- columns: posting
shard, job_id, application_id, external_id, partner_contract_id, hiring_contract_id, run_number, title,
company_name, company_page, apply_url, location, place, state, listed_at, expires_at, closed_at, failure,
partner_job_campaign, campaign_id, company_job_code, content ->> 'availability' AS availability, poster_email

-- columns: task
shard, task_id, application_id, external_id, operation, job_id, location, status, error_message, created_at,
number, verdict AS failure_message

-- name: next_job_sequence
SELECT nextval('job_sequence')

-- name: insert_posting
INSERT INTO job_postings (
    shard, job_id, application_id, external_id, company_job_code, poster_email, partner_contract_id,
    hiring_contract_id, listing_type, title, company_name, company_page, apply_url, location, place, content,
    content_hash, partner_job_campaign, state, listed_at, expires_at, created_at
)
VALUES (
    %(shard)s, %(job_id)s, %(application_id)s, %(external_id)s, %(company_job_code)s, %(poster_email)s,
    %(partner_contract_id)s, %(hiring_contract_id)s, %(listing_type)s, %(title)s, %(company_name)s,
    %(company_page)s, %(apply_url)s, %(location)s, %(place)s, %(content)s, %(content_hash)s,
    %(partner_job_campaign)s, 'PENDING', %(listed_at)s, %(expires_at)s, %(created_at)s
)
    ON CONFLICT DO NOTHING
RETURNING job_id

-- name: update_posting
UPDATE job_postings
   SET company_job_code = %(company_job_code)s,
       poster_email = %(poster_email)s,
       title = %(title)s,
       company_name = %(company_name)s,
       company_page = %(company_page)s,
       apply_url = %(apply_url)s,
       location = %(location)s,
       place = %(place)s,
       content = %(content)s,
       content_hash = %(content_hash)s,
       expires_at = %(expires_at)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: find_by_external_id
SELECT {posting}
  FROM job_postings
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND external_id = %(external_id)s
   AND channel = 'P4P'
   AND state <> 'FAILED'

-- name: list_postings
-- Pages over the primary key: jobs of all partners in the order of shard and id, of any or one state.
SELECT {posting}
  FROM job_postings
 WHERE (shard, job_id) > (%(after_shard)s, %(after)s)
   AND (%(state)s::text IS NULL OR state = %(state)s)
 ORDER BY shard, job_id
 LIMIT %(rows_max)s

-- name: list_postings_by_external_id
-- Of all partners: an id is read over its own index.
SELECT {posting}
  FROM job_postings
 WHERE external_id = %(external_id)s
   AND (shard, job_id) > (%(after_shard)s, %(after)s)
   AND (%(state)s::text IS NULL OR state = %(state)s)
 ORDER BY shard, job_id
 LIMIT %(rows_max)s

-- name: list_owned_postings
-- Of an application, or of a partner's children: only their jobs are read, each application's over its index.
-- The condition of the owners is written as two alternatives, so that each has its index in a plan for all
-- values.
SELECT {posting}
  FROM (SELECT id AS owner_id, shard AS owner_shard
          FROM applications
         WHERE (id = %(application_id)s
                OR (parent_id = %(partner_id)s AND %(application_id)s::bigint IS NULL))
           AND (%(partner_id)s::bigint IS NULL OR parent_id = %(partner_id)s)
           AND shard >= %(after_shard)s) AS owners
  JOIN job_postings ON shard = owner_shard AND application_id = owner_id
 WHERE (shard, job_id) > (%(after_shard)s, %(after)s)
   AND (%(state)s::text IS NULL OR state = %(state)s)
   AND (%(external_id)s::text IS NULL OR external_id = %(external_id)s)
   AND (%(search)s::text IS NULL OR strpos(lower(title), lower(%(search)s)) > 0)
 ORDER BY shard, job_id
 LIMIT %(rows_max)s

-- name: list_contract_postings
-- A partner's jobs that run on a hiring contract, the newest first, over the contract's index.
SELECT {posting}
  FROM job_postings
 WHERE hiring_contract_id = %(contract_id)s
   AND application_id IN (SELECT id FROM applications WHERE %(partner_id)s IN (id, parent_id))
   AND job_id < %(before)s
   AND state IN ('PENDING', 'LIVE')
 ORDER BY job_id DESC
 LIMIT %(rows_max)s

-- name: list_by_external_ids
-- The newest job under each id: after a failed job the id may be used again. When several APIs use the same
-- id, the P4P job takes precedence.
SELECT DISTINCT ON (external_id) {posting}, content
  FROM job_postings
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND external_id = ANY(%(external_ids)s)
 ORDER BY external_id, channel = 'P4P' DESC, job_id DESC

-- name: list_by_job_ids
SELECT {posting}
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s)

-- name: list_statuses
SELECT {posting}, content
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = ANY(%(job_ids)s)
 ORDER BY job_id

-- name: resolve_external_ids
-- For events that name a job by child application and external id; the newest of several comes last.
SELECT application_id, external_id, job_id
  FROM job_postings
 WHERE shard = ANY(%(shards)s)
   AND (application_id, external_id) IN (
       SELECT asked.application_id, asked.external_id
         FROM unnest(%(application_ids)s::bigint[], %(external_ids)s::text[])
           AS asked (application_id, external_id))
   AND state <> 'FAILED'
 ORDER BY job_id

-- name: list_live_postings
SELECT {posting}
  FROM job_postings
 WHERE state = 'LIVE'
 ORDER BY job_id

-- name: lock_posting
SELECT {posting}
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   FOR UPDATE

-- name: lock_members
SELECT {posting}
  FROM job_postings
 WHERE shard = %(shard)s
   AND campaign_id = %(campaign_id)s
   AND state = 'LIVE'
 ORDER BY job_id
 LIMIT %(rows_max)s
   FOR UPDATE

-- name: lock_postings
-- Before any balance is changed, and in a fixed order, to prevent deadlocks.
SELECT shard, job_id
  FROM lock_named_postings(%(shards)s::smallint[], %(job_ids)s::bigint[])

-- name: save_version
-- The figures that reports have shown for the job so far.
INSERT INTO job_posting_versions (
    shard, job_id, replaced_at, company_job_code, title, company_name, company_page, apply_url,
    partner_job_campaign, limit_micros
)
SELECT shard, job_id, %(replaced_at)s, company_job_code, title, company_name, company_page, apply_url,
       partner_job_campaign, budget_micros - lowered_micros
  FROM job_postings
  JOIN job_budgets USING (shard, job_id)
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND job_postings.partner_contract_id IS NOT NULL

-- name: set_live
UPDATE job_postings
   SET state = 'LIVE',
       campaign_id = %(campaign_id)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: set_campaign
UPDATE job_postings
   SET partner_job_campaign = %(partner_job_campaign)s,
       campaign_id = %(campaign_id)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: set_expiry
UPDATE job_postings
   SET expires_at = %(expires_at)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: set_listing
UPDATE job_postings
   SET listing_type = %(listing_type)s,
       hiring_contract_id = %(hiring_contract_id)s,
       run_number = %(run_number)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: lock_expired
-- Locks all rows before the first balance changes; rows locked by another transaction wait for the next
-- round.
SELECT {posting}
  FROM lock_expired_postings(%(now)s, %(rows_max)s)

-- name: next_expiry
SELECT min(expires_at)
  FROM job_postings
 WHERE state = 'LIVE'

-- name: insert_task
-- An operation that names no place has that of its job.
INSERT INTO job_tasks (
    shard, task_id, application_id, external_id, operation, job_id, location, status, verdict, created_at
)
VALUES (
    %(shard)s, %(task_id)s, %(application_id)s, %(external_id)s, %(operation)s, %(job_id)s,
    coalesce(nullif(%(location)s, ''), place_of_job(%(shard)s, %(job_id)s), ''), 'IN_PROGRESS',
    %(failure_message)s, %(created_at)s
)

-- name: claim_tasks
-- In the order of acceptance, skipping tasks that another process is running.
SELECT {task}
  FROM lock_waiting_tasks(%(rows_max)s)
 ORDER BY number

-- name: finish_task
UPDATE job_tasks
   SET status = %(status)s,
       error_message = %(error_message)s,
       finished_at = %(finished_at)s
 WHERE shard = %(shard)s
   AND task_id = %(task_id)s

-- name: find_tasks
SELECT {task}
  FROM job_tasks
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND task_id = ANY(%(task_ids)s)
   AND created_at > %(not_before)s

-- name: insert_change
INSERT INTO job_changes (
    shard, job_id, application_id, revision, kind, actor, run_number, poster_email, changed_fields, made_at
)
VALUES (
    %(shard)s, %(job_id)s, %(application_id)s, %(revision)s, %(kind)s, %(actor)s, %(run_number)s,
    %(poster_email)s, %(changed_fields)s, %(made_at)s
)

-- name: is_poster
SELECT EXISTS (SELECT 1
                 FROM job_postings
                WHERE poster_email = %(email)s
                  AND poster_email <> '')
