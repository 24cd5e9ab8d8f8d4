-- name: read_page
SELECT title, company_name, company_page, location, apply_url, state, listed_at, expires_at, content
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: send_apply_targets_query
-- Where the apply links of these jobs lead, and whether they still do.
SELECT job_id, apply_url, state = 'LIVE'
  FROM job_postings
  JOIN unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (asked_shard, asked_job)
    ON shard = asked_shard
   AND job_id = asked_job
