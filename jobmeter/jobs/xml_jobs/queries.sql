-- columns: xml_job
shard, job_id, application_id, external_id AS partner_job_id, hiring_contract_id, poster_email, run_number,
revision, state, content, listed_at, expires_at, closed_at

-- name: insert_xml_posting
-- Live at once. The unique index decides which request posts a partner's id first; a closed job's id is free
-- again.
INSERT INTO job_postings (
    shard, job_id, application_id, external_id, company_job_code, hiring_contract_id, poster_email, channel,
    listing_type, title, company_name, apply_url, location, content, state, listed_at, expires_at, created_at
)
VALUES (
    %(shard)s, %(job_id)s, %(application_id)s, %(partner_job_id)s, %(company_job_code)s,
    %(hiring_contract_id)s, %(poster_email)s, 'XML', 'PREMIUM', %(title)s, %(company_name)s, %(apply_url)s,
    %(location)s, %(document)s, %(state)s, %(listed_at)s, %(expires_at)s, %(listed_at)s
)
    ON CONFLICT DO NOTHING
RETURNING job_id

-- name: is_partner_id_taken
SELECT EXISTS (SELECT
                 FROM job_postings
                WHERE shard = %(shard)s
                  AND application_id = %(application_id)s
                  AND external_id = %(external_id)s
                  AND channel = 'XML'
                  AND state <> 'CLOSED')

-- name: lock_xml_job
SELECT {xml_job}
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND channel = 'XML'
   FOR UPDATE

-- name: find_xml_job
SELECT {xml_job}
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND channel = 'XML'

-- name: newest_job_id
-- Of several jobs with one id all but the newest are closed.
SELECT job_id
  FROM job_postings
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND external_id = %(external_id)s
   AND channel = 'XML'
 ORDER BY job_id DESC
 LIMIT 1

-- name: update_xml_job
UPDATE job_postings
   SET company_job_code = %(company_job_code)s,
       poster_email = %(poster_email)s,
       title = %(title)s,
       company_name = %(company_name)s,
       apply_url = %(apply_url)s,
       location = %(location)s,
       content = %(document)s,
       run_number = %(run_number)s,
       revision = %(revision)s,
       state = %(state)s,
       expires_at = %(expires_at)s,
       closed_at = %(closed_at)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
