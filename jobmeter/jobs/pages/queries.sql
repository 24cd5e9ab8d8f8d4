-- name: read_page
-- A job that is not for the public has no page.
SELECT job_id, title, company_name, company_page, location,
       apply_address(apply_url, poster_email) AS apply_url, state = 'LIVE' AS is_live, listed_at, expires_at,
       content, poster_email
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND state NOT IN ('PENDING', 'FAILED')
   AND coalesce(content ->> 'availability', 'PUBLIC') = 'PUBLIC'

-- name: send_apply_targets_query
SELECT job_id, apply_url, is_live
  FROM apply_targets
  JOIN unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (asked_shard, asked_job)
    ON shard = {shard: asked_shard}
   AND job_id = asked_job
