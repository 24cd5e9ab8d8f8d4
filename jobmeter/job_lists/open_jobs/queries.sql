-- columns: with_open_posting
CROSS JOIN LATERAL (
       SELECT title, company_name, coalesce(nullif(place, ''), location) AS place
         FROM job_postings
        WHERE shard = shard_of(listed_jobs.job_id)
          AND job_postings.job_id = listed_jobs.job_id
          AND job_postings.state = 'LIVE'
          AND expires_at > %(now)s
          AND coalesce(content ->> 'availability', 'PUBLIC') = 'PUBLIC'
       OFFSET 0) AS posting
 WHERE state IN ('PROMOTED', 'LISTED', 'RAN_OUT', 'DAY_BUDGET', 'CAMPAIGN_OFF')

-- name: list_open_jobs
-- Newest first: ids rise. Whether a job is live and for the public is read from the job itself, not from its
-- copy, which may be a second old.
SELECT job_id, title, company_name, place, posted_ms
  FROM listed_jobs
 {with_open_posting}
   AND (%(search)s::text IS NULL OR strpos(search_text, search_form(%(search)s)) > 0)
   AND job_id < %(before)s
 ORDER BY job_id DESC
 LIMIT %(rows_max)s

-- name: list_newer_jobs
SELECT job_id, title, company_name, place, posted_ms
  FROM listed_jobs
 {with_open_posting}
   AND (%(search)s::text IS NULL OR strpos(search_text, search_form(%(search)s)) > 0)
   AND job_id > %(after)s
 ORDER BY job_id
 LIMIT %(rows_max)s

-- name: list_sitemap_jobs
-- A part of a file, which is a range of ids. What a page shows changes with each version, and with each
-- change of an XML job.
SELECT job_id,
       least(%(now)s, greatest(to_timestamp(posted_ms / 1000.0), replaced_at, made_at)) AS changed_at
  FROM listed_jobs
 CROSS JOIN LATERAL (
       SELECT max(replaced_at) AS replaced_at
         FROM job_posting_versions AS versions
        WHERE versions.shard = shard_of(listed_jobs.job_id)
          AND versions.job_id = listed_jobs.job_id) AS versions
 CROSS JOIN LATERAL (
       SELECT max(made_at) AS made_at
         FROM job_changes AS changes
        WHERE changes.shard = shard_of(listed_jobs.job_id)
          AND changes.job_id = listed_jobs.job_id) AS changes
 {with_open_posting}
   AND listed_jobs.job_id > %(after)s
   AND listed_jobs.job_id < %(until)s
 ORDER BY job_id
 LIMIT %(rows_max)s

-- name: find_next_job
-- The first open job from an id on: with it the next file that has any is found.
SELECT job_id
  FROM listed_jobs
 {with_open_posting}
   AND job_id >= %(from_id)s
 ORDER BY job_id
 LIMIT 1
