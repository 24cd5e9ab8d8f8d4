-- columns: apply_url
CASE WHEN apply_url = '' AND poster_email <> '' THEN 'mailto:' || poster_email ELSE apply_url END AS apply_url

-- name: read_page
-- A job that is not for the public has no page.
SELECT job_id, title, company_name, company_page, location, {apply_url}, state = 'LIVE' AS is_live,
       listed_at, expires_at, content, poster_email
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND state NOT IN ('PENDING', 'FAILED')
   AND coalesce(content ->> 'availability', 'PUBLIC') = 'PUBLIC'

-- name: send_apply_targets_query
-- The targets of these jobs' apply links, and whether the links are still active. A job without an address to
-- apply at is applied for by e-mail to its poster.
SELECT job_id, {apply_url},
       state = 'LIVE' AND coalesce(content ->> 'availability', 'PUBLIC') = 'PUBLIC' AS is_live
  FROM job_postings
  JOIN unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (asked_shard, asked_job)
    ON shard = asked_shard
   AND job_id = asked_job
