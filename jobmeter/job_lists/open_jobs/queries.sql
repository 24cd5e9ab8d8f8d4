-- columns: with_open_posting
CROSS JOIN LATERAL open_posting(shard_of(listed_jobs.job_id), listed_jobs.job_id, %(now)s) AS posting
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
 CROSS JOIN LATERAL job_changed_at(shard_of(listed_jobs.job_id), listed_jobs.job_id) AS changed
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
